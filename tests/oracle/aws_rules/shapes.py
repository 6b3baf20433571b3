"""Holds a request's parameters against the shape that botocore's model of the service gives them."""

from functools import cache
from typing import Any

import botocore.session
import regex
from botocore.model import OperationModel, Shape

from aws_rules.report import Report

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (str, int, float),
    "blob": (str, bytes),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}


@cache
def session() -> Any:
    return botocore.session.get_session()


@cache
def operation(service: str, name: str) -> OperationModel:
    return session().get_service_model(service).operation_model(name)


class Walk:
    """Of one request's parameters."""

    def __init__(self, report: Report, call: str) -> None:
        self.report = report
        self.call = call

    def shape(self, shape: Shape, value: Any, place: str) -> None:
        """Goes through a value and all that it holds."""
        kind = shape.type_name
        if isinstance(value, dict) and value.keys() in ({"bytes"}, {"characters"}) and kind in ("string", "blob"):
            # Of a secret, or of what is large, only the length is known.
            (length,) = value.values()
            self.length(shape, range(length), place)
            return
        right = isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
        if not self.hold("type", place, right, f"{value!r} is no {kind}"):
            return
        if kind == "structure":
            self.structure(shape, value, place)
        elif kind == "list":
            self.length(shape, value, place)
            for number, inner in enumerate(value):
                self.shape(shape.member, inner, f"{place}[{number}]")
        elif kind == "map":
            self.length(shape, value, place)
            for key, inner in value.items():
                self.shape(shape.key, key, f"{place} key")
                self.shape(shape.value, inner, f"{place}.{key}")
        elif kind in ("string", "blob"):
            self.text(shape, value, place)
        elif kind in ("integer", "long", "float", "double"):
            self.number(shape, value, place)

    def structure(self, shape: Shape, value: dict[str, Any], place: str) -> None:
        for member in shape.required_members:
            self.hold("required", f"{place}.{member}", member in value, f"{shape.name} needs {member}")
        if getattr(shape, "is_tagged_union", False):
            self.hold("required", place, len(value) == 1, f"{shape.name} has exactly one member")
        for member, inner in value.items():
            known = self.hold("member", f"{place}.{member}", member in shape.members, f"{shape.name} has no {member}")
            if known:
                self.shape(shape.members[member], inner, f"{place}.{member}")

    def text(self, shape: Shape, value: str | bytes, place: str) -> None:
        if enum := shape.metadata.get("enum"):
            self.hold("enum", place, value in enum, f"{value!r} is none of {', '.join(enum)}")
        self.length(shape, value, place)
        if pattern := shape.metadata.get("pattern"):
            kept = isinstance(value, str) and matches(pattern, value)
            self.hold("pattern", place, kept, f"{value!r} does not match {pattern}")

    def length(self, shape: Shape, value: Any, place: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is None and high is None:
            return
        kept = (low or 0) <= len(value) and (high is None or len(value) <= high)
        self.hold("length", place, kept, f"a length of {len(value)} is not within {low} and {high}")

    def number(self, shape: Shape, value: float, place: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is None and high is None:
            return
        kept = (low is None or low <= value) and (high is None or value <= high)
        self.hold("range", place, kept, f"{value} is not within {low} and {high}")

    def hold(self, rule: str, place: str, is_kept: bool, detail: str) -> bool:
        return self.report.hold(f"model: {rule}", place, is_kept, f"{self.call}: {detail}")


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    # `\uD7FF` and the like are Java's way of writing; a lone surrogate cannot be in UTF-8 at all.
    return regex.compile(pattern.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF"), regex.VERSION0)


def matches(pattern: str, value: str) -> bool:
    return compiled(pattern).fullmatch(value) is not None
