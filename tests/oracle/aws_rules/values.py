"""Single values as the wire has them."""

from typing import Any

from botocore.model import Shape

UNKNOWN = "not in the model"
"""The value of a member that the model lacks."""


def scalar(shape: Shape, text: str) -> Any:
    """A text as the type that the model gives it; as it is, if it is no such text. Nothing secret is left of it."""
    kind = shape.type_name
    if shape.metadata.get("sensitive"):
        return {"characters": len(text)}
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    return {"bytes": len(text)} if kind == "blob" else text
