"""All rules for one file."""

from pathlib import Path

from aws_rules import cloudformation, policies, provider, requests
from aws_rules.rendered import File
from aws_rules.report import Report


def check(file: File) -> Report:
    report = Report()
    for rules in (requests, cloudformation, policies, provider):
        rules.check(file, report)
    return report


def check_path(path: Path) -> Report:
    return check(File.read(path))
