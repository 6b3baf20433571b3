"""Every policy of a file: its actions, resources and condition keys, and its size."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aws_rules import actions
from aws_rules.patterns import overlap
from aws_rules.rendered import File
from aws_rules.report import Report
from aws_rules.tables import table


@dataclass(frozen=True)
class Policy:
    place: str
    kind: str
    text: str
    owner: str
    """What its size is counted for."""
    implied_resource: str | None


def check(file: File, report: Report) -> None:
    sizes: Counter[tuple[str, str]] = Counter()
    for policy in policies(file, report):
        sizes[policy.kind, policy.owner] += (
            len(policy.text) if policy.kind == "endpoint" else len("".join(policy.text.split()))
        )
        for number, statement in enumerate(statements(policy, report)):
            hold_statement(policy, statement, f"{policy.place}[{statement.get('Sid', number)}]", report)
    for owner, length in functions(file, report).items():
        sizes["function", owner] += length
    for (kind, owner), length in sizes.items():
        limit = table("policies")["sizes"][kind]
        detail = f"{length} characters of {kind} policy are more than {limit['most']} ({limit['source']})"
        report.hold("policy size", owner, length <= limit["most"], detail)


def policies(file: File, report: Report) -> Iterator[Policy]:
    attributes = table("policies")["attributes"]
    for resource in file.resources:
        body = file.resolved(resource, Report())
        for name, value in body.items():
            entry = attributes.get(f"{resource.type}.{name}")
            is_policy = isinstance(value, str) and value.startswith("{") and '"Statement"' in value
            if is_policy:
                detail = f"tables/policies.toml does not know what {resource.type}.{name} is"
                report.hold("policy", f"{resource.address} {name}", entry is not None, detail)
            if entry is not None and is_policy:
                together = table("policies")["sizes"][entry["kind"]].get("all")
                owner = f"{body[together]}" if together else resource.address
                yield Policy(f"{resource.address} {name}", entry["kind"], value, owner, entry.get("resource"))


def statements(policy: Policy, report: Report) -> list[dict[str, Any]]:
    document = json.loads(policy.text)
    right = document.get("Version") == "2012-10-17" and isinstance(document.get("Statement"), list)
    report.hold("policy", policy.place, right, "a policy has the version 2012-10-17 and a list of statements")
    names = [statement["Sid"] for statement in document["Statement"] if "Sid" in statement]
    report.hold("policy", policy.place, len(names) == len(set(names)), "two statements have the same Sid")
    found: list[dict[str, Any]] = document["Statement"]
    return found


MEMBERS = {"Action", "Condition", "Effect", "Principal", "Resource", "Sid"}


def hold_statement(policy: Policy, statement: dict[str, Any], place: str, report: Report) -> None:
    unknown = statement.keys() - MEMBERS
    report.hold("policy", place, not unknown, f"no statement has {', '.join(sorted(unknown))}")
    right = statement.get("Effect") in ("Allow", "Deny")
    report.hold("policy", place, right, f"the effect {statement.get('Effect')!r} is neither Allow nor Deny")
    named = [(name, actions.named(name)) for name in as_list(statement.get("Action"))]
    report.hold("policy", place, bool(named), "a statement without an action")
    for name, found in named:
        report.hold("IAM action", f"{place} {name}", bool(found), f"there is no action {name}")
    called = [action for _, group in named for action in group]
    resources = as_list(statement.get("Resource", policy.implied_resource))
    report.hold("policy", place, bool(resources), "a statement without a resource")
    hold_resources(named, resources, place, report)
    for key in (key for keys in statement.get("Condition", {}).values() for key in keys):
        hold_key(key, called, place, report)
    hold_service(policy, statement, place, report)


def hold_resources(
    named: list[tuple[str, tuple[actions.Action, ...]]], texts: list[str], place: str, report: Report
) -> None:
    """Each action takes one of the resources, and each resource is taken by an action."""
    for name, found in named:
        taken = any(takes(action, resource) for action in found for resource in texts)
        detail = f"{name} takes none of {', '.join(texts)}; its resources are {forms(found) or '*'}"
        report.hold("IAM resource", f"{place} {name}", taken or not found, detail)
    for resource in texts:
        taken = any(takes(action, resource) for _, found in named for action in found)
        report.hold("IAM resource", f"{place} {resource}", taken, f"no action of the statement takes {resource}")


def takes(action: actions.Action, resource: str) -> bool:
    return resource == "*" or any(overlap(resource, form) for form in action.resources)


def forms(found: tuple[actions.Action, ...]) -> str:
    return ", ".join(sorted({form for action in found for form in action.resources}))


def hold_key(key: str, found: list[actions.Action], place: str, report: Report) -> None:
    if key in table("policies")["any_action"]:
        report.hold("IAM condition", place, True, "")
        return
    for action in found:
        report.hold("IAM condition", f"{place} {key}", action.has_key(key), f"{action.name} has no condition key {key}")


def hold_service(policy: Policy, statement: dict[str, Any], place: str, report: Report) -> None:
    """A service is let in under such conditions only as its calls are documented to have."""
    principal = statement.get("Principal")
    for service in as_list(principal.get("Service")) if isinstance(principal, dict) else []:
        entry = table("policies")["services"].get(f"{service} {policy.kind}")
        detail = f'tables/policies.toml has no line "{service} {policy.kind}"'
        if report.hold("IAM service", place, entry is not None, detail) and entry is not None:
            for key in (key for keys in statement.get("Condition", {}).values() for key in keys):
                detail = f"nothing says that calls of {service} have {key} ({entry['source']})"
                report.hold("IAM service", f"{place} {key}", key in entry["keys"], detail)


def functions(file: File, report: Report) -> Counter[str]:
    """How long each function's own policy becomes, in which Lambda writes a statement for each permission."""
    lengths: Counter[str] = Counter()
    for resource in file.resources:
        if resource.type == "aws_lambda_permission":
            body = file.resolved(resource, Report())
            statement = {
                "Sid": body["statement_id"],
                "Effect": "Allow",
                "Principal": {"AWS": body["principal"]},
                "Action": body["action"],
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:" + body["function_name"],
                "Condition": {"ArnLike": {"AWS:SourceArn": body.get("source_arn", "")}},
            }
            lengths[body["function_name"]] += len(json.dumps(statement))
            detail = f"there is no action {body['action']}"
            report.hold("IAM action", resource.address, bool(actions.named(body["action"])), detail)
    return lengths


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
