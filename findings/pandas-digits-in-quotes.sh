#!/usr/bin/env bash
# pandas 3.1.1 (PyPI), with numpy 2.4.6 and Python 3.11.
#
# `read_json` turns a column of JSON *strings* into floats where all of them are digits. Kinesis' sequence numbers are such strings, 56
# digits each, and a float keeps 16: three different numbers become one, 4.96e+55, and nothing warns. Leading zeros are lost the same way
# ("007" is 7). It looks at all values of the column: one letter among them, and all stay what they are. `dtype=False` turns it off,
# and with it that columns are taken for dates because of their names (those that end in `_at`, and others).
#
# One would guess that a JSON string stays a string: JSON has numbers for what is a number.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
cat >seen.py <<'END'
import json

import pandas

start = 49600000000000000000000000000000000000000000000000000000
with open("lines.jsonl", "w") as lines:
    for number in range(1, 4):
        line = {"sequence_number": str(start + number), "code": f"00{number}", "seen_at": "2026-11-23"}
        line["mixed"] = "x" if number == 3 else f"00{number}"
        print(json.dumps(line), file=lines)

for arguments in {}, {"dtype": False}:
    table = pandas.read_json("lines.jsonl", lines=True, **arguments)
    print(arguments, *(f"{name}: {table[name].nunique()} of {table[name].dtype}" for name in table), sep="\n  ")
END
venv/bin/python seen.py >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
{}
  sequence_number: 1 of float64
  code: 3 of int64
  seen_at: 1 of datetime64[us]
  mixed: 3 of str
{'dtype': False}
  sequence_number: 3 of str
  code: 3 of str
  seen_at: 1 of str
  mixed: 3 of str
END
echo "as it was: pandas 3.1.1 reads digits in quotes as numbers, and loses what a float cannot hold"
