"""What the provider makes of an attribute's value before it sends it."""

import json
from collections.abc import Callable
from typing import Any

NOTHING = object()
"""No value is sent."""


def plain(value: Any) -> Any:
    return value


def pairs(value: dict[str, Any], key: str, content: str) -> list[dict[str, Any]]:
    """A map as a list of structures."""
    return [{key: name, content: inner} for name, inner in value.items()]


def specification(value: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    """Tags as EC2 takes them at a resource's creation."""
    return [{"ResourceType": resource_type, "Tags": pairs(value, "Key", "Value")}]


def one(value: Any) -> list[Any]:
    """A list of this one."""
    return [value]


def nothing(_: Any) -> dict[str, Any]:
    """A structure whose being there is all that it says."""
    return {}


def unless_zero(value: int) -> Any:
    return value or NOTHING


def text(value: Any) -> str:
    """A number or a truth value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def document(value: str) -> Any:
    """A policy, which CloudFormation takes as a structure."""
    return json.loads(value)


def by_name(value: list[dict[str, str]]) -> dict[str, str]:
    """Parameters as a map."""
    return {parameter["name"]: parameter["value"] for parameter in value}


def texts(value: dict[str, Any]) -> dict[str, str]:
    """A map of texts, as Terraform makes one of numbers."""
    return {name: text(inner) for name, inner in value.items()}


BY_NAME: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (by_name, document, nothing, one, pairs, plain, specification, text, texts, unless_zero)
}
