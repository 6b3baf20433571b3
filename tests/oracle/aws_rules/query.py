"""The protocols `query` and `ec2`: a structure as flat pairs, `Filter.1.Name=vpc-id`."""

from typing import Any

from botocore.model import Shape

from aws_rules.values import UNKNOWN, scalar

Tree = dict[str, Any]


def structure(shape: Shape, pairs: dict[str, str], is_ec2: bool) -> dict[str, Any]:
    tree: Tree = {}
    for key, value in pairs.items():
        place = tree
        *way, last = key.split(".")
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    return members(shape, tree, is_ec2)


def members(shape: Shape, tree: Tree, is_ec2: bool) -> dict[str, Any]:
    names = {wire_name(name, member, is_ec2): name for name, member in shape.members.items()}
    result = {}
    for key, value in tree.items():
        name = names.get(key, key)
        result[name] = read(shape.members[name], value, is_ec2) if name in shape.members else UNKNOWN
    return result


def wire_name(name: str, member: Shape, is_ec2: bool) -> str:
    if is_ec2:
        own: str | None = member.serialization.get("queryName")
        given: str = member.serialization.get("name", name)
        return own or given[0].upper() + given[1:]
    if member.type_name == "list" and member.serialization.get("flattened"):
        inner: str = member.member.serialization.get("name", member.serialization.get("name", name))
        return inner
    plain: str = member.serialization.get("name", name)
    return plain


def read(shape: Shape, value: Any, is_ec2: bool) -> Any:
    if isinstance(value, str) and shape.type_name in ("list", "map", "structure"):
        # An empty list is an empty text.
        return {} if shape.type_name != "list" else []
    if shape.type_name == "structure":
        return members(shape, value, is_ec2)
    if shape.type_name == "list":
        entries = value if is_ec2 or shape.serialization.get("flattened") else only(value)
        return [read(shape.member, entries[number], is_ec2) for number in sorted(entries, key=int)]
    if shape.type_name == "map":
        entries = value if shape.serialization.get("flattened") else only(value)
        key, content = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        return {entry[key]: read(shape.value, entry.get(content, ""), is_ec2) for entry in entries.values()}
    return scalar(shape, value) if isinstance(value, str) else value


def only(tree: Tree) -> Tree:
    """What is below `member` or `entry`, or another name of the list's own."""
    (inner,) = tree.values()
    found: Tree = inner
    return found
