"""How moto is patched: a function takes a method's place in one of its classes."""

from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])
Wrap = Callable[[Callable[..., Any]], Any]


def plain(method: Callable[..., Any]) -> Any:
    return method


def adds(owner: type, name: str | None = None) -> Callable[[Method], Method]:
    """Gives a class of moto's a method that it lacks."""

    def put(method: Method) -> Method:
        method_name = name or method.__name__
        assert not hasattr(owner, method_name), f"{owner.__name__}.{method_name} is there: drop the patch"
        setattr(owner, method_name, method)
        return method

    return put


def replaces(owner: type, name: str | None = None, wrap: Wrap = plain) -> Callable[[Method], Method]:
    """Puts a method, a property or a static method (`wrap`) in the place of one that a class of moto's has."""

    def put(method: Method) -> Method:
        method_name = name or method.__name__
        assert hasattr(owner, method_name), f"{owner.__name__}.{method_name} is gone: look at moto again"
        setattr(owner, method_name, wrap(method))
        return method

    return put
