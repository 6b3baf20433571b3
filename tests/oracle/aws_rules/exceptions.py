"""What breaks a rule's words and is accepted, each with its reason: `exceptions.json`."""

import json
from pathlib import Path
from typing import Any

from aws_rules.report import Violation

FILE = Path(__file__).parent.parent / "exceptions.json"


def exceptions() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return listed


def excepted(listed: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(entry["rule"], place) for entry in listed for place in entry["places"]}


def key(violation: Violation) -> tuple[str, str]:
    return violation.rule, violation.place
