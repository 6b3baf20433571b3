"""Reads a request off the wire: the parameters that a caller gave, by the service's protocol.

A member that the model lacks keeps its name in the parameters, so that it is seen. What is secret or large goes: of a
blob only the number of its bytes is left, of a sensitive text only its length.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel, Shape

from aws_rules import query, xml
from aws_rules.values import UNKNOWN, scalar

SIGNED_AS = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
"""Services that botocore calls otherwise than their callers sign."""


@dataclass(frozen=True)
class Received:
    """An HTTP request."""

    path: str
    """As it is sent, with escaped characters."""
    query: str
    headers: Mapping[str, str]
    """By names in small letters."""
    body: bytes


class NotUnderstood(Exception):
    """A request that is not of the operation's form."""


def service_of(signed_as: str) -> str:
    return SIGNED_AS.get(signed_as, signed_as)


def parameters(operation: OperationModel, request: Received) -> dict[str, Any]:
    """What the caller asked for."""
    shape = operation.input_shape
    if shape is None:
        return {}
    if "x-amz-target" in request.headers:
        return typed_structure(shape, json.loads(request.body or b"{}"))
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        is_ec2 = operation.service_model.metadata["protocol"] == "ec2"
        return query.structure(shape, {k: v for k, v in pairs.items() if k not in ("Action", "Version")}, is_ec2)
    return rest(operation, shape, request)


def rest(operation: OperationModel, shape: Shape, request: Received) -> dict[str, Any]:
    template, _, _ = operation.http["requestUri"].partition("?")
    found = path_pattern(template).fullmatch(request.path.rstrip("/") or "/")
    if found is None:
        raise NotUnderstood(f"{request.path} is not of the form {template}")
    result: dict[str, Any] = {}
    given = dict(parse_qsl(request.query, keep_blank_values=True))
    for name, member in shape.members.items():
        location, wire_name = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri":
            result[name] = scalar(member, unquote(found[group(wire_name)]))
        elif location == "querystring" and wire_name in given:
            result[name] = scalar(member, given[wire_name])
        elif location == "header" and wire_name.lower() in request.headers:
            result[name] = scalar(member, request.headers[wire_name.lower()])
        elif location == "headers":
            begin = wire_name.lower()
            inner = {k.removeprefix(begin): v for k, v in request.headers.items() if k.startswith(begin)}
            result.update({name: inner} if inner else {})
    result.update(body(operation, shape, request))
    return result


def body(operation: OperationModel, shape: Shape, request: Received) -> dict[str, Any]:
    """The members that are in the body."""
    payload = shape.serialization.get("payload")
    if not request.body:
        return {}
    if payload and shape.members[payload].type_name == "blob":
        return {payload: {"bytes": len(request.body)}}
    if payload and shape.members[payload].type_name == "string":
        return {payload: scalar(shape.members[payload], request.body.decode())}
    whole = shape.members[payload] if payload else shape
    if operation.service_model.metadata["protocol"] == "rest-xml":
        read = xml.structure(whole, xml.root(request.body))
    else:
        read = typed_structure(whole, json.loads(request.body))
    return {payload: read} if payload else read


def path_pattern(template: str) -> re.Pattern[str]:
    """`{Name}` is one part of a path, `{Name+}` all that is left."""

    def part(found: re.Match[str]) -> str:
        return f"(?P<{group(found[1])}>.+)" if found[2] else f"(?P<{group(found[1])}>[^/]+)"

    pieces = re.split(r"(\{[^}]+\})", template.rstrip("/") or "/")
    return re.compile(
        "".join(re.sub(r"\{([^}+]+)(\+?)\}", part, p) if p.startswith("{") else re.escape(p) for p in pieces)
    )


def group(name: str) -> str:
    return re.sub(r"\W", "_", name)


def typed_structure(shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    """A structure in JSON, by the names of the model."""
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    result = {}
    for wire_name, inner in value.items():
        name = names.get(wire_name, wire_name)
        if inner is not None:
            result[name] = typed(shape.members[name], inner) if name in shape.members else UNKNOWN
    return result


def typed(shape: Shape, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, dict):
        return typed_structure(shape, value)
    if shape.type_name == "list" and isinstance(value, list):
        return [typed(shape.member, inner) for inner in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: typed(shape.value, inner) for key, inner in value.items()}
    if shape.type_name == "blob":
        return {"bytes": len(base64.b64decode(value))}
    return scalar(shape, value) if isinstance(value, str) else value
