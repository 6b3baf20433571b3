"""Rules that only the documentation has: `tables/documented.toml`, and `tables/dashboard.schema.json`."""

import html
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import regex

from aws_rules.report import Report
from aws_rules.shapes import operation
from aws_rules.tables import FOLDER, table

MARKUP = re.compile(r"<[^>]+>")


def hold_documented(call: str, parameters: dict[str, Any], place: str, report: Report) -> None:
    for rule in table("documented")["rule"]:
        if call in rule["calls"] and applies(rule, parameters):
            for value in members(parameters, rule["member"].split(".")):
                kept = keeps(rule, call, value, parameters)
                report.hold("documented", f"{place}.{rule['member']}", kept, f"{call}: {value!r}: {rule['says']}")
    if call == "cloudwatch PutDashboard":
        hold_dashboard(parameters["DashboardBody"], place, report)


def applies(rule: dict[str, Any], parameters: dict[str, Any]) -> bool:
    """Whether the other members are so that the rule counts."""
    return all(parameters.get(member) in values for member, values in rule.get("only_if", {}).items())


def keeps(rule: dict[str, Any], call: str, value: Any, parameters: dict[str, Any]) -> bool:
    if "pattern" in rule:
        return regex.fullmatch(rule["pattern"], value) is not None
    if "values" in rule:
        return any(value == known for known in rule["values"])
    if "range" in rule:
        low, high = rule["range"]
        return isinstance(value, int) and int(low) <= value <= int(high)
    if "bytes" in rule:
        length = sum(len(name.encode()) + len(str(inner).encode()) for name, inner in value.items())
        return length <= int(rule["bytes"])
    if "entries" in rule:
        return len(value) <= int(rule["entries"])
    if "is_listed" in rule:
        return value in words_about(call, rule["member"]).split()
    needed = parameters.get(rule["needs"])
    is_concerned = value > rule.get("only_if_above", value - 1) if isinstance(value, int) else True
    return not is_concerned or (needed is not None and needed > rule.get("needs_above", needed - 1))


@cache
def words_about(call: str, member: str) -> str:
    """What botocore's documentation says of a member, without its markup."""
    shape = operation(*call.split()).input_shape
    documentation = ""
    for step in member.split("."):
        shape = shape.members[step.removesuffix("[]")]
        documentation = shape.documentation
        shape = shape.member if step.endswith("[]") else shape
    return " ".join(html.unescape(MARKUP.sub(" ", documentation)).split())


def members(value: Any, path: list[str]) -> Iterator[Any]:
    """Every value at a path."""
    if not path:
        yield value
        return
    name = path[0].removesuffix("[]")
    if not isinstance(value, dict) or name not in value:
        return
    for inner in value[name] if path[0].endswith("[]") else [value[name]]:
        yield from members(inner, path[1:])


@cache
def dashboard_schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((FOLDER / "dashboard.schema.json").read_text(encoding="utf-8")))


def hold_dashboard(body: str, place: str, report: Report) -> None:
    """Holds a dashboard's body against its documented structure."""
    dashboard = json.loads(body)
    report.checked["documented"] += len(dashboard.get("widgets", []))
    for error in dashboard_schema().iter_errors(dashboard):
        deepest = jsonschema.exceptions.best_match([error])
        report.hold("documented", f"{place}.DashboardBody{deepest.json_path[1:]}", False, deepest.message)
