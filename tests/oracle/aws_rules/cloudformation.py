"""The file's resources as a CloudFormation template, which cfn-lint holds against the schemas of the resource types."""

import json
from functools import cache
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner

from aws_rules.mapping import Lines, leaves, merge
from aws_rules.rendered import File, Resource
from aws_rules.report import Report
from aws_rules.tables import table

REGION = "us-east-1"


def check(file: File, report: Report) -> None:
    resources, addresses = template(file, report)
    for kind, place, message in lint(resources):
        address = addresses.get(str(place[1]), str(place[1])) if len(place) > 1 else "template"
        path = ".".join(str(step) for step in place[3:])
        report.hold(f"CloudFormation {kind}", f"{address} {path}", False, message)


def template(file: File, report: Report) -> tuple[dict[str, Any], dict[str, str]]:
    """The template's resources, and from a name in the template to the address."""
    resources: dict[str, Any] = {}
    addresses: dict[str, str] = {}
    # What is put into another resource comes after it.
    for resource in sorted(file.resources, key=lambda one: "into" in table("cloudformation").get(one.type, {})):
        entries = table("cloudformation").get(resource.type)
        detail = f"tables/cloudformation.toml has no [{resource.type}]"
        if not report.hold("type", resource.address, entries is not None, detail) or not entries or "none" in entries:
            continue
        properties = properties_of(file, resource, entries, report)
        owner = file.referenced(resource.body[entries["into"]]) if "into" in entries else resource
        if not report.hold("reference", resource.address, owner is not None, "what it is a part of is not in the file"):
            continue
        assert owner is not None
        name = logical_name(owner)
        addresses[name] = owner.address
        if owner is resource:
            resources[name] = {"Type": entries["type"], "Properties": properties}
        else:
            merge(resources[name]["Properties"], properties)
    return resources, addresses


def properties_of(file: File, resource: Resource, entries: dict[str, Any], report: Report) -> dict[str, Any]:
    lines = Lines(entries)
    ignored = {*table("requests").get(resource.type, {}).get("terraform", []), *entries.get("without", [])}
    ignored -= lines.attributes
    body = file.resolved(resource, Report())
    for path, _, _ in leaves(body, lines.attributes):
        known = path in lines.attributes or path.split(".")[0] in ignored or path == entries.get("into")
        detail = f"tables/cloudformation.toml, [{resource.type}], has no line for it"
        report.hold("CloudFormation attribute", f"{resource.address} {path}", known, detail)
    if "tags" in lines.attributes:
        body = {**body, "tags": {**file.default_tags, **body.get("tags", {})}}
    properties = lines.structure(body, lambda attribute: file.own(resource, attribute)) or {}
    report.checked["CloudFormation"] += sum(1 for _ in leaves(properties, set()))
    return properties


def logical_name(resource: Resource) -> str:
    """Names have letters and digits only; other characters become their number."""
    return "".join(c if c.isascii() and c.isalnum() else f"x{ord(c):x}" for c in resource.address)


@cache
def runner() -> Runner:
    """With all of cfn-lint's rules, which take longer to load than a template takes."""
    return Runner(ConfigMixIn(regions=[REGION]))


def lint(resources: dict[str, Any]) -> list[tuple[str, list[str | int], str]]:
    """The errors that cfn-lint finds: rule, place and message. Its warnings and hints are about style."""
    text = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    template, faults = decode_str(text)
    assert template is not None and not faults, faults
    found = runner().validate_template(template)
    return [(match.rule.id, list(match.path), match.message) for match in found if match.rule.id.startswith("E")]
