"""The body of the protocol `rest-xml`."""

from typing import Any
from xml.etree import ElementTree

from botocore.model import Shape

from aws_rules.values import UNKNOWN, scalar


def root(body: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(body)


def structure(shape: Shape, element: ElementTree.Element) -> dict[str, Any]:
    result: dict[str, Any] = {}
    names = {wire_name(name, member): name for name, member in shape.members.items()}
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and member.serialization["name"].split(":")[-1] in attributes(
            element
        ):
            result[name] = scalar(member, attributes(element)[member.serialization["name"].split(":")[-1]])
    for child in element:
        name = names.get(tag(child), tag(child))
        member = shape.members.get(name)
        if member is None:
            result[name] = UNKNOWN
        elif member.type_name == "list" and member.serialization.get("flattened"):
            result.setdefault(name, []).append(read(member.member, child))
        else:
            result[name] = read(member, child)
    return result


def wire_name(name: str, member: Shape) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        inner: str = member.serialization.get("name", member.member.serialization.get("name", name))
        return inner
    plain: str = member.serialization.get("name", name)
    return plain


def read(shape: Shape, element: ElementTree.Element) -> Any:
    if shape.type_name == "structure":
        return structure(shape, element)
    if shape.type_name == "list":
        return [read(shape.member, child) for child in element]
    return scalar(shape, element.text or "")


def tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def attributes(element: ElementTree.Element) -> dict[str, str]:
    return {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
