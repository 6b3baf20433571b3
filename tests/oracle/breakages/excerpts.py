"""A golden file's resource with one value broken, and only what it refers to beside it."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from aws_rules.files import check
from aws_rules.rendered import REFERENCE, File, strings
from aws_rules.report import Violation

GOLDEN = Path(__file__).parent.parent.parent / "golden"
REMOVED = object()
"""In the place of a value: the attribute is not there."""

Change = Callable[[Any], Any]


@cache
def golden(name: str) -> str:
    return (GOLDEN / f"{name}.main.tf.json").read_text(encoding="utf-8")


def excerpt(address: str, name: str = "large") -> dict[str, Any]:
    """A golden file of which only this resource is left, what refers to the same bucket, and what these refer to."""
    document: dict[str, Any] = json.loads(golden(name))
    wanted, found = [address], {}
    while wanted:
        kind, label = wanted.pop().split(".", 1)
        if (kind, label) in found:
            continue
        found[kind, label] = document["resource"][kind][label]
        for text in strings(found[kind, label]):
            for reference in REFERENCE.findall(text):
                if reference.startswith("aws_"):
                    wanted.append(".".join(reference.split(".")[:2]))
    document["resource"] = {}
    for (kind, label), body in sorted(found.items()):
        document["resource"].setdefault(kind, {})[label] = body
    return document


def change(document: dict[str, Any], address: str, path: str, value: Any) -> None:
    """Gives an attribute another value: this one, what a function makes of the old one, or none."""
    kind, label = address.split(".", 1)
    place: Any = document["resource"][kind][label]
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        place = place[step]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value(place[last]) if callable(value) else value


def replaced(old: str, new: str) -> Change:
    """Replaces a text that has to be there."""

    def replace(text: str) -> str:
        assert old in text, f"{old} is not in {text}"
        return text.replace(old, new)

    return replace


@cache
def violations(address: str) -> frozenset[Violation]:
    """What the excerpt breaks as it is."""
    return frozenset(check(File(excerpt(address))).violations)


def broken_by(address: str, path: str, value: Any) -> list[Violation]:
    """What one other value breaks that was not broken before."""
    broken = excerpt(address)
    change(broken, address, path, value)
    return sorted(set(check(File(broken)).violations) - violations(address))
