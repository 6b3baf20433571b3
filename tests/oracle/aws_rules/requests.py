"""The API requests that the provider sends for the resources of a file, held against botocore's models."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aws_rules.documented import hold_documented
from aws_rules.mapping import Lines, leaves
from aws_rules.rendered import File, Resource, UnknownReference
from aws_rules.report import Report
from aws_rules.shapes import Walk, operation
from aws_rules.tables import table


@dataclass(frozen=True)
class Request:
    resource: Resource
    service: str
    operation: str
    parameters: dict[str, Any]

    @property
    def call(self) -> str:
        return f"{self.service} {self.operation}"


def check(file: File, report: Report) -> None:
    for request in requests(file, report):
        hold(request.service, request.operation, request.parameters, request.resource.address, report)


def hold(service: str, name: str, parameters: dict[str, Any], place: str, report: Report) -> None:
    """Holds a request against its model, and against what only the documentation says."""
    Walk(report, f"{service} {name}").shape(operation(service, name).input_shape, parameters, place)
    hold_documented(f"{service} {name}", parameters, place, report)


def requests(file: File, report: Report) -> Iterator[Request]:
    for resource in file.resources:
        entries = table("requests").get(resource.type)
        known = entries is not None
        report.hold("type", resource.address, known, f"tables/requests.toml has no [{resource.type}]")
        if entries is not None:
            yield from requests_for(file, resource, entries, report)


def requests_for(file: File, resource: Resource, entries: dict[str, Any], report: Report) -> Iterator[Request]:
    tables = {call: Lines(lines) for call, lines in entries.items() if isinstance(lines, dict)}
    attributes = set().union(*(lines.attributes for lines in tables.values()))
    ignored = set(entries.get("terraform", []))
    body = file.resolved(resource, report)
    for path, _, _ in leaves(body, attributes):
        known = path in attributes or path in ignored or path.split(".")[0] in ignored
        report.hold("attribute", f"{resource.address} {path}", known, f"[{resource.type}] has no line for {path}")
    if "tags" in attributes:
        body = {**body, "tags": {**file.default_tags, **body.get("tags", {})}}
    for call, lines in tables.items():
        try:
            parameters = lines.structure(body, lambda attribute: file.own(resource, attribute))
        except UnknownReference as error:
            report.hold("reference", resource.address, False, f"tables/references.toml does not know {error}")
            continue
        if parameters is not None:
            service, name = call.split()
            yield Request(resource, service, name, parameters)
