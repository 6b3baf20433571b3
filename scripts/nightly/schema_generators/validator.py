"""Holds the schemas to the decoder: events at the edge of every rule, judged by both.

    validator.py CHECK      the built example program `check`, which says of each line what the decoder does
"""

import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from jsonschema import Draft202012Validator

FOLDER = Path("lambda/event")
NOW = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(kind="stock.counted", data='{"quantity":1}', **attributes):
    """An event's text. Values are JSON text, as how a number is written matters."""
    texts = {"specversion": '"1.0"', "id": '"1"', "source": '"/suppliers/acme"', "subject": '"A"', "time": f'"{NOW}"'}
    texts |= {"type": f'"com.retailtech.{kind}.v1"', "data": data} | attributes
    return "{" + ",".join(f'"{name}":{text}' for name, text in texts.items() if text is not None) + "}"


def number(kind, field, texts):
    return [event(kind, f'{{"{field}":{text}}}') for text in texts]


INTEGERS = "0 -0 1 -1 5.0 1E3 10e-1 1.5 1e9 1e10 -1e9 -1000000001 1000000001 null true {} []".split() + ['"5"', '"0"']
AMOUNTS = ["0", "2.5", "007", "12.340000", "0.00123", "2.00000", "1000000000", "1000000000.0000000", "1000000000.0001", "1000000001"]
AMOUNTS += ["", ".5", "5.", "-1", "+1", "1e3", "1,5", " 1", "1.2.3", "0" * 40 + "7.5", "9" * 30]
SKUS = ["A", "a b", " A", "A ", "A\t", "", "x" * 64, "x" * 65, "A\u200b", "\ufeffA", "A\u200bB", "\u00a0A", "\u3164", "\u0301A", "\u00ad"]
IDS = ["", "x", "é" * 128, "é" * 129, "a\u0000", "a\u007f", "a\u0085", " "]
SOURCES = ["/suppliers/a", "/suppliers/", "/suppliers/-a", "/suppliers/A", "/suppliers/" + "a" * 63, "/suppliers/" + "a" * 64, "acme"]
TEXTS = ['"x"', '""', "null", "7", '"a\\u0000b"', '"' + "é" * 200 + '"', '"' + "é" * 201 + '"']
PAIRS = ["{}", '{"a":"b"}', '{"a":1.5}', '{"a":null}', '{"' + "é" * 65 + '":"b"}', '{"a":"' + "x" * 501 + '"}', "[]", "null"]
PAIRS += ["{" + ",".join(f'"{n}":"v"' for n in range(count)) + "}" for count in (50, 51)]

EVENTS = [
    *number("stock.counted", "quantity", INTEGERS),
    *number("stock.adjusted", "delta", INTEGERS),
    *number("product.described", "title", TEXTS),
    *(event("price.changed", json.dumps({"amount": amount, "currency": "GBP"})) for amount in AMOUNTS),
    *(event("price.changed", f'{{"amount":"1","currency":{code}}}') for code in ('"XCG"', '"DEM"', '"gbp"', "null", "826")),
    event("price.changed", '{"amount":2.5,"currency":"GBP"}'),
    *(event("stock.adjusted", f'{{"delta":1,"reason":{text}}}') for text in TEXTS),
    *(event("product.described", f'{{"title":"T","category":{text}}}') for text in TEXTS),
    *(event("product.described", f'{{"title":"T","attributes":{pairs}}}') for pairs in PAIRS),
    *(event(subject=json.dumps(sku)) for sku in SKUS),
    *(event(id=json.dumps(identifier)) for identifier in IDS),
    *(event(source=json.dumps(source)) for source in SOURCES),
    *(event(**{name: text}) for name in ("specversion", "id", "source", "subject", "time", "type") for text in (None, "null", "1")),
    *(event(data=data) for data in (None, "null", "{}", "[]", '"{}"', '{"quantity":1,"unit":"m"}', '{"quantity":1,"delta":1}')),
    *(event(time=f'"{time}"') for time in (NOW.lower(), NOW[:-1], NOW[:-1] + ".1234567+00:00", NOW[:-3] + "60Z", NOW[:10])),
    event(traceparent='"00-0af7"', datacontenttype="null"),
    event("stock.guessed"),
]


def main():
    whole = Draft202012Validator(json.loads((FOLDER / "schema.json").read_text()))
    alone = {path.name.removesuffix(".json"): Draft202012Validator(json.loads(path.read_text())) for path in FOLDER.glob("schema/*.json")}
    said = subprocess.run([sys.argv[1]], input="\n".join(EVENTS), capture_output=True, text=True, check=False).stdout.splitlines()
    if len(said) != len(EVENTS):
        raise SystemExit(f"{len(said)} verdicts for {len(EVENTS)} events")
    differing = []
    for text, verdict in zip(EVENTS, said, strict=True):
        read = json.loads(text)
        accepted = ": accepted: " in verdict
        by_type = alone.get(str(read.get("type")).removeprefix("com.retailtech."))
        verdicts = {"decoder": accepted, "schema": whole.is_valid(read), "schema of the type": by_type is not None and by_type.is_valid(read)}
        if len(set(verdicts.values())) > 1:
            differing.append(f"{text[:200]}\n    {verdicts} {verdict}")
    if differing:
        raise SystemExit("\n".join(differing))
    print(f"schemas and decoder agree about {len(EVENTS)} events", file=sys.stderr)


main()
