"""What breaks a rule's words and is accepted, each with its reason: `exceptions.json`.

`places` are those in rendered files, `calls` those in calls that were made.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aws_rules.report import Violation

FILE = Path(__file__).parent.parent / "exceptions.json"


def exceptions() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return listed


def excepted(listed: list[dict[str, Any]], where: str) -> set[tuple[str, str]]:
    return {(entry["rule"], place) for entry in listed for place in entry.get(where, [])}


def spare(accepted: set[tuple[str, str]], violations: Iterable[Violation]) -> list[str]:
    """What is said of exceptions that nothing needs."""
    needed = {key(violation) for violation in violations}
    return [f"exceptions.json: {rule} of {place} is broken nowhere" for rule, place in sorted(accepted - needed)]


def key(violation: Violation) -> tuple[str, str]:
    return violation.rule, violation.place
