"""Turns a resource's attributes into a structure that has other names, line by line of a table.

`tables/requests.toml` says what a line looks like.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_rules.conversions import BY_NAME, NOTHING


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    attribute: str
    beside: str | None
    """The attribute that has to be set as well."""
    target: list[str]
    convert: Callable[[Any], Any]


class Lines:
    """All lines for one request, or for one type of CloudFormation."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self.only_with: str | None = entries.get("only with")
        self.constants = {key.split(" ", 1)[1]: value for key, value in entries.items() if key.startswith("constant ")}
        self.own = {key.split(" ", 1)[1]: value for key, value in entries.items() if key.startswith("own ")}
        self.lines = [
            line(key, value)
            for key, value in entries.items()
            if key.split(" ")[0] not in ("only", "constant", "own") and key not in ("type", "into", "without")
        ]
        self.attributes = {line.attribute for line in self.lines}

    def takes(self, path: str) -> bool:
        """Whether an attribute, or something in this block, has a line."""
        return any(path == attribute or attribute.startswith(f"{path}.") for attribute in self.attributes)

    def structure(self, body: dict[str, Any], own: Callable[[str], str]) -> dict[str, Any] | None:
        """The structure; nothing, if the attribute is not set without which there is none."""
        if self.only_with is not None and not body.get(self.only_with):
            return None
        result: dict[str, Any] = {}
        for member, value in self.constants.items():
            put(result, member.split("."), [], value)
        for attribute, member in self.own.items():
            put(result, member.split("."), [], own(attribute))
        for path, value, numbers in leaves(body, self.attributes):
            for found in self.lines:
                if found.attribute == path and (found.beside is None or found.beside in body):
                    converted = found.convert(value)
                    if converted is not NOTHING:
                        put(result, found.target, numbers, converted)
        return result


def line(key: str, value: str) -> Line:
    attribute, _, beside = key.partition(" with ")
    target, _, conversion = value.partition(" | ")
    name, *arguments = conversion.split() or ["plain"]
    function = BY_NAME[name]
    if not arguments:
        return Line(attribute, beside or None, target.split("."), function)
    names = [name for name in function.__annotations__ if name not in ("value", "return")]
    return Line(
        attribute, beside or None, target.split("."), partial(function, **dict(zip(names, arguments, strict=True)))
    )


def leaves(
    body: dict[str, Any], attributes: set[str], begin: str = "", numbers: tuple[int, ...] = ()
) -> Iterator[tuple[str, Any, list[int]]]:
    """Every value with its path, and with its place in each list of blocks on the way. A value that has a line is one,
    map or list though it may be; a block that has a line and others below it is one and is entered."""
    for name, value in body.items():
        path = f"{begin}{name}"
        is_entered = isinstance(value, dict) or is_blocks(value)
        if not is_entered or (path in attributes and not below(path, attributes)):
            yield path, value, list(numbers)
            continue
        for number, block in enumerate(value if isinstance(value, list) else [value]):
            places = (*numbers, number) if isinstance(value, list) else numbers
            if path in attributes:
                yield path, block, list(places)
            yield from leaves(block, attributes, f"{path}.", places)


def is_blocks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(inner, dict) for inner in value)


def below(path: str, attributes: set[str]) -> bool:
    return any(attribute.startswith(f"{path}.") for attribute in attributes)


def put(result: dict[str, Any], target: list[str], numbers: list[int], value: Any) -> None:
    """Sets a member, and makes the structures and lists on the way to it."""
    left = iter(numbers)
    place: Any = result
    for position, step in enumerate(target):
        name = step.removesuffix("[]")
        is_last = position == len(target) - 1
        if step.endswith("[]"):
            entries = place.setdefault(name, [])
            number = next(left, 0)
            while len(entries) <= number:
                entries.append({})
            if is_last:
                entries[number] = value
            place = entries[number]
        elif not is_last:
            place = place.setdefault(name, {})
        elif isinstance(value, dict) and isinstance(place.get(name), dict):
            place[name].update(value)
        else:
            place[name] = value


def merge(result: dict[str, Any], other: dict[str, Any]) -> None:
    """Adds the members of another structure."""
    for name, value in other.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            merge(result[name], value)
        else:
            result[name] = value
