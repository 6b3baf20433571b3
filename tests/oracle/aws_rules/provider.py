"""Every attribute of every resource against the schema of the provider's version 6."""

from typing import Any

from aws_rules.provider_schema import schema
from aws_rules.rendered import META_ARGUMENTS, File
from aws_rules.report import Report
from aws_rules.tables import table


def check(file: File, report: Report) -> None:
    for resource in file.resources:
        hold_type("resources", resource.type, resource.address, resource.body, report)
    for kind, body in file.document["provider"].items():
        hold_type("provider", kind, f"provider.{kind}", body, report)
    for kind, labels in file.document.get("data", {}).items():
        for label, body in labels.items():
            body = {name: value for name, value in body.items() if name not in META_ARGUMENTS}
            hold_type("data", kind, f"data.{kind}.{label}", body, report)


def hold_type(group: str, kind: str, place: str, body: dict[str, Any], report: Report) -> None:
    structure = schema()[group].get(kind)
    # A data source that takes nothing has no structure of its own.
    known = structure is not None or (group == "data" and not body)
    if report.hold("provider 6: type", place, known, f"provider {schema()['version']} has no {kind}") and structure:
        hold_block(structure, body, place, "", table("deprecated").get(kind, {}), report)


def hold_block(
    structure: str, body: dict[str, Any], place: str, begin: str, deprecated: dict[str, str], report: Report
) -> None:
    attributes = schema()["structures"][structure]
    for name, (is_required, _) in attributes.items():
        if is_required:
            report.hold("provider 6: required", f"{place} {begin}{name}", name in body, "is required")
    for name, value in body.items():
        path = f"{begin}{name}"
        detail = f"provider {schema()['version']} has no such attribute"
        if not report.hold("provider 6: attribute", f"{place} {path}", name in attributes, detail):
            continue
        detail = f"is deprecated: {deprecated.get(path)}"
        report.hold("provider 6: deprecated", f"{place} {path}", path not in deprecated, detail)
        inner = attributes[name][1]
        if inner is not None:
            for block in value if isinstance(value, list) else [value]:
                hold_block(inner, block, place, f"{path}.", deprecated, report)
