"""A rendered file: its resources, and references replaced by examples of what AWS would put there."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_rules.report import Report
from aws_rules.tables import table

REFERENCE = re.compile(r"(?<!\$)\$\{([^{}]+)\}")
ATTRIBUTE = re.compile(r"\{(\w+)\}")
DIGITS = re.compile(r"\{(\d+) digits\}")
META_ARGUMENTS = {"depends_on", "lifecycle", "count", "for_each", "provider"}
"""They are Terraform's own, in every resource."""


@dataclass(frozen=True)
class Resource:
    type: str
    label: str
    body: dict[str, Any]
    """As rendered, without Terraform's own arguments."""

    @property
    def address(self) -> str:
        return f"{self.type}.{self.label}"


class UnknownReference(Exception):
    """A reference to what no table knows."""


class File:
    """One `main.tf.json`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.resources = [
            Resource(kind, label, {name: value for name, value in body.items() if name not in META_ARGUMENTS})
            for kind, labels in document["resource"].items()
            for label, body in labels.items()
        ]
        self.by_address = {resource.address: resource for resource in self.resources}

    @staticmethod
    def read(path: Path) -> "File":
        return File(json.loads(path.read_text(encoding="utf-8")))

    @property
    def default_tags(self) -> dict[str, str]:
        provider = self.document.get("provider", {}).get("aws", {})
        tags: dict[str, str] = provider.get("default_tags", {}).get("tags", {})
        return tags

    def resolved(self, resource: Resource, report: Report) -> dict[str, Any]:
        """A resource's body with examples in the place of references."""
        body = {name: self._value(value, f"{resource.address} {name}", report) for name, value in resource.body.items()}
        return body

    def own(self, resource: Resource, attribute: str) -> Any:
        """What AWS calls the resource itself."""
        return self._attribute(resource, attribute)

    def referenced(self, value: Any) -> Resource | None:
        """The resource that a value refers to."""
        reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self.by_address.get(".".join(reference[1].split(".")[:2])) if reference else None

    def _value(self, value: Any, place: str, report: Report) -> Any:
        if isinstance(value, dict):
            return {name: self._value(inner, f"{place}.{name}", report) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, place, report) for inner in value]
        if isinstance(value, str):
            return self._text(value, place, report)
        return value

    def _text(self, text: str, place: str, report: Report) -> Any:
        whole = REFERENCE.fullmatch(text)
        if whole:
            return self._reference(whole[1], place, report)
        replaced = REFERENCE.sub(lambda found: str(self._reference(found[1], place, report)), text)
        return replaced.replace("$${", "${")

    def _reference(self, reference: str, place: str, report: Report) -> Any:
        try:
            value = self._example(reference)
        except UnknownReference as error:
            report.hold("reference", place, False, f"tables/references.toml does not know {error}")
            return reference
        report.hold("reference", place, True, "")
        return value

    def _example(self, reference: str) -> Any:
        first, _, rest = reference.partition(".")
        if first == "path":
            return table("references")["path"][rest]
        if first == "data":
            kind, _, attribute = rest.split(".", 2)
            try:
                return table("references")["data"][f"{kind}.{attribute}"]
            except KeyError:
                raise UnknownReference(reference) from None
        label, _, attribute = rest.partition(".")
        resource = self.by_address.get(f"{first}.{label}")
        if resource is None:
            raise UnknownReference(reference)
        return self._attribute(resource, attribute)

    def _attribute(self, resource: Resource, attribute: str) -> Any:
        if attribute in resource.body:
            own = resource.body[attribute]
            return REFERENCE.sub(lambda found: str(self._example(found[1])), own) if isinstance(own, str) else own
        example = table("references").get(resource.type, {}).get(attribute)
        if example is None:
            raise UnknownReference(f"{resource.type}.{attribute}")
        digits = hashlib.sha256(resource.address.encode()).hexdigest()
        example = DIGITS.sub(lambda found: digits[: int(found[1])], example)
        return ATTRIBUTE.sub(lambda found: str(self._attribute(resource, found[1])), example)


def strings(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
