#!/usr/bin/env bash
# xrcg 0.11.0 (PyPI) with Python 3.11.
#
# The tool makes producers and consumers from xRegistry documents. JSON Schema lets `type` be a list ("string or null"); the tool finds
# such a document valid, and then ends with a TypeError of its own instead of any code, for Python as for TypeScript: it looks the
# list up in a table of names. A schema that says the same with one type for each property gives code.
#
# One would guess that what `xrcg validate` finds valid, `xrcg generate` can use.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check xrcg==0.11.0

document() { # the type of the property
    cat <<END
{"messagegroups": {"shop": {"messagegroupid": "shop", "messages": {"sold": {"messageid": "sold", "envelope": "CloudEvents/1.0",
   "envelopemetadata": {"type": {"value": "shop.sold"}, "source": {"value": "/shop"}},
   "dataschemaformat": "JsonSchema/draft-07", "dataschemauri": "#/schemagroups/shop/schemas/sold/versions/1"}}}},
 "schemagroups": {"shop": {"schemagroupid": "shop", "schemas": {"sold": {"schemaid": "sold", "format": "JsonSchema/draft-07",
   "defaultversionid": "1", "versions": {"1": {"versionid": "1", "schemaid": "sold", "format": "JsonSchema/draft-07",
   "schema": {"type": "object", "properties": {"note": {"type": $1}}}}}}}}}}
END
}

for type in '"string"' '["string", "null"]'; do
    document "$type" >document.json
    venv/bin/xrcg validate --definitions document.json >said.txt
    grep -q "is valid" said.txt
    echo "$type is valid"
    for language in py ts; do
        rm -rf code
        status=0
        venv/bin/xrcg generate --projectname shop --language $language --style kafkaproducer --definitions document.json \
            --output code >said.txt 2>&1 || status=$?
        echo "$language: exit code $status $(grep -o "^TypeError: .*" said.txt || true)"
    done
done >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
"string" is valid
py: exit code 0 
ts: exit code 0 
["string", "null"] is valid
py: exit code 1 TypeError: unhashable type: 'list'
ts: exit code 1 TypeError: unhashable type: 'list'
END
echo "as it was: xrcg 0.11.0 makes no code from a valid schema with a list of types"
