"""The tables say what their sources say."""

import json
import re
import unittest
from typing import Any
from unittest import mock

from aws_rules import __main__ as program
from aws_rules.documented import words_about
from aws_rules.exceptions import exceptions
from aws_rules.files import check
from aws_rules.rendered import File
from aws_rules.report import Report
from aws_rules.requests import hold, requests
from aws_rules.shapes import operation
from aws_rules.tables import table
from breakages.excerpts import GOLDEN, excerpt


class Packages(unittest.TestCase):
    def test_the_emulator_has_the_same_models(self) -> None:
        folder = GOLDEN.parent
        pins = [(folder / name / "requirements.txt").read_text(encoding="utf-8") for name in ("e2e", "oracle")]
        models = [re.findall(r"^botocore==.+$", text, re.MULTILINE) for text in pins]
        self.assertEqual(models[0], models[1])
        self.assertEqual(len(models[0]), 1)


class Documented(unittest.TestCase):
    def test_botocore_still_says_so(self) -> None:
        for rule in table("documented")["rule"]:
            for call in [] if "source" in rule else rule["calls"]:
                with self.subTest(call=call, member=rule["member"]):
                    self.assertIn(rule["says"], words_about(call, rule.get("said_of", rule["member"])))

    def test_each_rule_has_words_and_a_source(self) -> None:
        for rule in table("documented")["rule"]:
            self.assertTrue(rule["says"])
            self.assertTrue(
                rule.get("source", "https://docs.aws.amazon.com/").startswith("https://docs.aws.amazon.com/")
            )


class Requests(unittest.TestCase):
    def test_each_call_is_one_of_the_service(self) -> None:
        for entries in table("requests").values():
            for call in (key for key, value in entries.items() if isinstance(value, dict)):
                operation(*call.split())

    def test_a_member_that_the_request_has_not(self) -> None:
        report = Report()
        hold("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "Cidr": "10.0.0.0/16"}, "aws_vpc.main", report)
        self.assertEqual([violation.rule for violation in report.violations], ["model: member"])

    def test_a_request_is_sent_only_with_what_it_is_for(self) -> None:
        document = excerpt("aws_kinesis_stream.events")
        for sent in (True, False):
            made = {request.operation for request in requests(File(document), Report())}
            self.assertEqual("IncreaseStreamRetentionPeriod" in made, sent)
            document["resource"]["aws_kinesis_stream"]["events"].pop("retention_period", None)

    def test_no_line_is_for_a_type_that_cloudformation_lacks(self) -> None:
        self.assertEqual(table("requests").keys(), table("cloudformation").keys())


class NotYetSeen(unittest.TestCase):
    def test_each_type_has_a_row_with_a_page(self) -> None:
        text = (GOLDEN.parent.parent / "docs/NOT-YET-SEEN-ON-AWS.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `(aws_\w+)` \| (.+) \|$", text, re.MULTILINE))
        for row in rows.values():
            self.assertIn("](https://docs.aws.amazon.com/", row)
        types = {kind for path in GOLDEN.glob("*.main.tf.json") for kind in json.loads(path.read_text())["resource"]}
        self.assertEqual(rows.keys(), types)


class Exceptions(unittest.TestCase):
    def test_each_has_a_reason(self) -> None:
        for entry in exceptions():
            self.assertGreater(len(entry["reason"]), 40)

    def outcome(self, listed: list[dict[str, Any]], are_all: bool) -> str | int | None:
        """What the program ends with for one file."""
        path = GOLDEN / "throwaway.main.tf.json"
        reports = [check(File(excerpt("aws_kinesis_stream.events")))]
        pool = mock.MagicMock()
        pool.return_value.__enter__.return_value.map.return_value = reports
        with (
            mock.patch.object(program, "ProcessPoolExecutor", pool),
            mock.patch.object(program, "exceptions", return_value=listed),
            mock.patch("builtins.print"),
        ):
            try:
                program.main([str(path)], are_all)
            except SystemExit as end:
                return end.code
        return 0

    def test_a_spare_one_fails(self) -> None:
        spare = [{"rule": "documented", "places": ["aws_vpc.main.CidrBlock"], "reason": "none"}]
        self.assertIn("is broken nowhere", str(self.outcome(spare, are_all=True)))
        self.assertNotIn("is broken nowhere", str(self.outcome(spare, are_all=False)))
