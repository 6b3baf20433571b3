#!/usr/bin/env bash
# pyarrow 26.0.1 (PyPI), with Python 3.11.
#
# Where the first line of a JSON file is longer than a block (1 MiB, if nothing is said), a dataset gives back *all* rows of that file
# with null in every field, also those of the short lines behind it. Their number is right, there is no error and no warning, and a schema
# makes no difference. The same line in second place is read well, and so is the file by `pyarrow.json.read_json`. A `block_size` larger
# than the line mends it.
#
# One would guess that the rows are there, or that it stops, as it does elsewhere for a line that does not fit ("straddling object").
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
cat >seen.py <<'END'
import json
from pathlib import Path

import pyarrow
import pyarrow.dataset
import pyarrow.json

LONG = 1024 * 1024
SCHEMA = pyarrow.schema({"id": pyarrow.string(), "text": pyarrow.string()})


def write(lengths):
    lines = [json.dumps({"id": str(number), "text": "x" * length}) for number, length in enumerate(lengths)]
    Path("lines.jsonl").write_text("\n".join(lines) + "\n")


def ids(**options):
    json_files = pyarrow.dataset.JsonFileFormat(read_options=pyarrow.json.ReadOptions(**options))
    return pyarrow.dataset.dataset("lines.jsonl", schema=SCHEMA, format=json_files).to_table()["id"].to_pylist()


write([3, LONG, 3])
print("long line second:", ids())
write([LONG, 3, 3])
print("long line first:", ids())
print("long line first, larger blocks:", ids(block_size=4 * LONG))
print("long line first, read_json:", pyarrow.json.read_json("lines.jsonl")["id"].to_pylist())
END
venv/bin/python seen.py >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
long line second: ['0', '1', '2']
long line first: [None, None, None]
long line first, larger blocks: ['0', '1', '2']
long line first, read_json: ['0', '1', '2']
END
echo "as it was: pyarrow 26.0.1 makes every row null behind a first line that is longer than a block"
