"""Holds rendered files to AWS' own rules, as far as they are published: `scripts/oracle` runs it."""

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from aws_rules.exceptions import excepted, exceptions, key, spare
from aws_rules.files import check_path
from aws_rules.report import Report, Violation


def main(names: list[str], are_all: bool) -> None:
    paths = [Path(name) for name in names]
    with ProcessPoolExecutor() as pool:
        reports = dict(zip(paths, pool.map(check_path, paths), strict=True))

    listed = exceptions()
    for entry in listed:
        print(f"accepted: {entry['rule']} of {', '.join(entry['places'])}: {entry['reason']}")
    accepted = excepted(listed, "places")
    faults = [f"{violation} (in {', '.join(names)})" for violation, names in faults_of(reports, accepted)]
    if are_all:
        faults += spare(accepted, (violation for report in reports.values() for violation in report.violations))
    checked = sum((report.checked for report in reports.values()), Counter[str]())
    for rule, count in sorted(checked.items()):
        print(f"{count:7} held against: {rule}")
    if faults:
        sys.exit("\n".join(faults))
    print(f"AWS' rules: {checked.total()} values in {len(paths)} files, nothing is broken but what is accepted")


def faults_of(reports: dict[Path, Report], accepted: set[tuple[str, str]]) -> list[tuple[Violation, list[str]]]:
    """What is broken and not accepted, once for all files where it is."""
    first: dict[tuple[str, str], Violation] = {}
    names: dict[tuple[str, str], list[str]] = {}
    for path, report in reports.items():
        for violation in sorted(set(report.violations)):
            if key(violation) not in accepted:
                first.setdefault(key(violation), violation)
                names.setdefault(key(violation), []).append(path.name.removesuffix(".main.tf.json"))
    return [(first[one], sorted(set(names[one]))) for one in sorted(first)]


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if name != "--all"], "--all" in sys.argv)
