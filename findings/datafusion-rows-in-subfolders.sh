#!/usr/bin/env bash
# datafusion 55.0.0 (PyPI), with pyarrow 26.0.1 and Python 3.11.
#
# A table over a folder has the rows of the files that lie right in it; what lies deeper, as in YYYY/MM/DD, is left out, and nothing warns:
# of six rows, `count(*)` finds three. Only if no file at all lies at the top does it stop ("No files found"), even where a pattern
# names the files in the subfolders. `datafusion.execution.listing_table_ignore_subdirectory` is on by default; with `false` all six rows
# are there. Folders of the form `name=value` are descended either way.
#
# One would guess that a table over a folder has all of it, as DuckDB, Polars and PyArrow read it, or that what is left out is said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datafusion==55.0.0 pyarrow==26.0.1
cat >seen.py <<'END'
import json
from pathlib import Path

import datafusion


def write(name, rows):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"id": row}) + "\n" for row in range(rows)))


def count(folder, **settings):
    config = datafusion.SessionConfig()
    for name, value in settings.items():
        config = config.set(f"datafusion.execution.{name}", value)
    context = datafusion.SessionContext(config)
    try:
        context.register_json("lines", folder, file_extension=".jsonl")
        return context.sql("select count(*) as rows from lines").to_pydict()["rows"][0]
    except Exception as error:
        return "No files found" if "No files found" in str(error) else error


write("mixed/today.jsonl", 3)
write("mixed/2026/11/26.jsonl", 3)
write("deep/2026/11/26.jsonl", 3)
write("named/year=2026/month=11/26.jsonl", 3)
print("mixed:", count("mixed/"))
print("mixed, told to descend:", count("mixed/", listing_table_ignore_subdirectory="false"))
print("deep:", count("deep/"))
print("deep, as a pattern:", count("deep/*/*/*.jsonl"))
print("named:", count("named/"))
END
venv/bin/python seen.py >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
mixed: 3
mixed, told to descend: 6
deep: No files found
deep, as a pattern: No files found
named: 3
END
echo "as it was: datafusion 55.0.0 leaves out what lies in subfolders"
