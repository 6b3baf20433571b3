#!/usr/bin/env bash
# pyarrow 26.0.1 and, beside it, polars 2.1.0 (PyPI), with Python 3.11.
#
# A dataset of JSON files has the fields of its *first* file: a field that the first lacks is not there, though every other file has it,
# and nothing warns. The order is the path's, so a file that is added in front changes what the others seem to hold. If the first file
# has the field but only nulls in it, reading stops at the second with "changed from null to string". Polars does the same within a file
# as well: what first appears behind line 100 is dropped, and where there were only nulls before, it stops. Both are right as soon as
# a schema is given.
#
# One would guess that a field which only some files have is null in the others, as DuckDB and DataFusion have it, or an error.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0
cat >seen.py <<'END'
import json
from pathlib import Path

import polars
import pyarrow
import pyarrow.dataset

SCHEMA = {"id": pyarrow.string(), "text": pyarrow.string(), "bytes": pyarrow.string()}


def write(name, lines):
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def seen(name, read):
    try:
        rows = read()
        print(f"{name}: {len(rows)} rows, {sum(row.get('bytes') is not None for row in rows)} with bytes")
    except Exception as error:
        print(f"{name}: {str(error).splitlines()[0].split(': ')[-1]}")


def arrow(folder, **arguments):
    return lambda: pyarrow.dataset.dataset(folder, format="json", **arguments).to_table().to_pylist()


write("absent/1.jsonl", [{"id": "1", "text": "a"}])
write("absent/2.jsonl", [{"id": "2", "bytes": "AAEC"}])
write("null/1.jsonl", [{"id": "1", "text": "a", "bytes": None}])
write("null/2.jsonl", [{"id": "2", "text": None, "bytes": "AAEC"}])
write("late/1.jsonl", [{"id": "1", "text": "a"}] * 100 + [{"id": "2", "bytes": "AAEC"}])
write("soon/1.jsonl", [{"id": "1", "text": "a"}] * 99 + [{"id": "2", "bytes": "AAEC"}])

for folder in "absent", "null":
    seen(f"pyarrow, {folder} in the first file", arrow(folder))
    seen(f"pyarrow, {folder}, with a schema", arrow(folder, schema=pyarrow.schema(SCHEMA)))
for folder in "late", "soon":
    seen(f"polars, {folder}", lambda: polars.read_ndjson(f"{folder}/1.jsonl").to_dicts())
    text = dict.fromkeys(SCHEMA, polars.String)
    seen(f"polars, {folder}, with a schema", lambda: polars.read_ndjson(f"{folder}/1.jsonl", schema=text).to_dicts())
END
venv/bin/python seen.py >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
pyarrow, absent in the first file: 2 rows, 0 with bytes
pyarrow, absent, with a schema: 2 rows, 1 with bytes
pyarrow, null in the first file: Column(/bytes) changed from null to string in row 0
pyarrow, null, with a schema: 2 rows, 1 with bytes
polars, late: 101 rows, 0 with bytes
polars, late, with a schema: 101 rows, 1 with bytes
polars, soon: 100 rows, 1 with bytes
polars, soon, with a schema: 100 rows, 1 with bytes
END
echo "as it was: pyarrow 26.0.1 takes a dataset's fields from its first file, polars 2.1.0 from 100 lines"
