"""Holds every call that was really made to the emulated account against the models of the services.

    python -m aws_rules.calls FILE

The file is the emulator's: a line of JSON for each signed call, with the parameters that `wire.py` read off it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError

from aws_rules.exceptions import excepted, exceptions, key, spare
from aws_rules.report import Report
from aws_rules.requests import hold
from aws_rules.shapes import operation
from aws_rules.wire import service_of


def check(calls: Iterable[dict[str, Any]], without: str) -> Report:
    """Holds all calls but those that were signed with this key."""
    report = Report()
    for call in calls:
        if call["key"] != without:
            check_call(call, report)
    return report


def check_call(call: dict[str, Any], report: Report) -> None:
    service, name = service_of(call["service"]), call["action"]
    place = f"{service} {name}"
    try:
        shape = operation(service, name).input_shape
    except (UnknownServiceError, OperationNotFoundError):
        report.hold("call", place, False, f"botocore knows no such operation: {call['resource']}")
        return
    parameters: Any = call.get("parameters")
    if (
        report.hold("call", place, parameters is not None, f"is not of the protocol's form: {call.get('fault')}")
        and shape
    ):
        hold(service, name, parameters, place, report)


def main(path: Path, without: str) -> None:
    with path.open(encoding="utf-8") as lines:
        calls = [json.loads(line) for line in lines]
    report = check(calls, without)
    for rule, count in sorted(report.checked.items()):
        print(f"{count:7} held against: {rule}")
    made = Counter(f"{call['service']} {call['action']}" for call in calls if call["key"] != without)
    if not made:
        sys.exit(f"{path} has no call")
    accepted = excepted(exceptions(), "calls")
    faults = [str(violation) for violation in sorted(set(report.violations)) if key(violation) not in accepted]
    faults += spare(accepted, report.violations)
    if faults:
        sys.exit("\n".join(faults))
    print(f"AWS' rules: {made.total()} calls of {len(made)} operations, nothing is broken but what is accepted")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
