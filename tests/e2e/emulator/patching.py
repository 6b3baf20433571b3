"""Patches of moto: a function replaces a method of one of its classes."""

from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])
Wrap = Callable[[Callable[..., Any]], Any]


def plain(method: Callable[..., Any]) -> Any:
    return method


def adds(owner: type, name: str | None = None) -> Callable[[Method], Method]:
    """Adds a method that a class of moto lacks."""

    def put(method: Method) -> Method:
        method_name = name or method.__name__
        assert not hasattr(owner, method_name), f"{owner.__name__}.{method_name} is there: drop the patch"
        setattr(owner, method_name, method)
        return method

    return put


def replaces(owner: type, name: str | None = None, wrap: Wrap = plain) -> Callable[[Method], Method]:
    """Replaces a method, a property or a static method (`wrap`) of a class of moto."""

    def put(method: Method) -> Method:
        method_name = name or method.__name__
        assert hasattr(owner, method_name), f"{owner.__name__}.{method_name} is gone: look at moto again"
        setattr(owner, method_name, wrap(method))
        return method

    return put
