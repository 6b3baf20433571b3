#!/usr/bin/env bash
# datamodel-code-generator 0.89.0 with pydantic 2.14.4 (PyPI), and quicktype 26.0.0 (npm); Python 3.11, Node.js 20.20.
#
# Both make types from a JSON Schema, and both make wider ones without a word. datamodel-code-generator drops `not`: where
# `{"not": {"const": 0}}` keeps 0 out, the pydantic model takes it. quicktype turns a `oneOf` of two objects into one class with the fields
# of both, each optional: its Python takes an object with none of the required fields, and one with both kinds' fields, which each branch
# forbids. What the generated code takes and sends on is refused by the schema it was made from.
#
# One would guess that a generator refuses a rule that it cannot express, or at least warns of it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datamodel-code-generator==0.89.0 pydantic==2.14.4 jsonschema==4.26.0
npm install --silent --no-fund --no-audit quicktype@26.0.0 >/dev/null

cat >adjusted.json <<'END'
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Adjusted",
  "type": "object",
  "required": ["delta"],
  "properties": { "delta": { "type": "integer", "not": { "const": 0 } } }
}
END
cat >event.json <<'END'
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Event",
  "oneOf": [
    {
      "type": "object",
      "required": ["kind", "quantity"],
      "properties": { "kind": { "const": "counted" }, "quantity": { "type": "integer" } },
      "additionalProperties": false
    },
    {
      "type": "object",
      "required": ["kind", "amount"],
      "properties": { "kind": { "const": "priced" }, "amount": { "type": "string" } },
      "additionalProperties": false
    }
  ]
}
END
venv/bin/datamodel-codegen --input adjusted.json --input-file-type jsonschema --output adjusted.py \
    --output-model-type pydantic_v2.BaseModel --formatters builtin 2>warnings.txt
node_modules/.bin/quicktype --src-lang schema --lang python --python-version 3.7 --out event.py event.json 2>>warnings.txt

cat >seen.py <<'END'
import json
from pathlib import Path

import adjusted
import event
import jsonschema


def schema(name, value):
    is_valid = jsonschema.Draft202012Validator(json.loads(Path(f"{name}.json").read_text())).is_valid(value)
    return "valid" if is_valid else "not valid"


def generated(make, value):
    try:
        make(value)
        return "taken"
    except Exception:
        return "refused"


for value in {"delta": 5}, {"delta": "x"}, {"delta": 0}:
    print(f"{value}: {schema('adjusted', value)}, {generated(adjusted.Adjusted.model_validate, value)}")
for value in (
    {"kind": "counted", "quantity": 1},
    {"kind": "counted", "quantity": "x"},
    {"kind": "counted"},
    {"kind": "priced", "quantity": 1, "amount": "2.50"},
):
    print(f"{value}: {schema('event', value)}, {generated(event.Event.from_dict, value)}")
print("warnings:", Path("warnings.txt").read_text() or "none")
END
venv/bin/python seen.py >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
{'delta': 5}: valid, taken
{'delta': 'x'}: not valid, refused
{'delta': 0}: not valid, taken
{'kind': 'counted', 'quantity': 1}: valid, taken
{'kind': 'counted', 'quantity': 'x'}: not valid, refused
{'kind': 'counted'}: not valid, taken
{'kind': 'priced', 'quantity': 1, 'amount': '2.50'}: not valid, taken
warnings: none
END
echo "as it was: datamodel-code-generator 0.89.0 drops not, quicktype 26.0.0 merges oneOf"
