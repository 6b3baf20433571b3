"""Each kind of rule fails where a value breaks it, and no other does."""

import json
import re
import unittest

from aws_rules.files import check
from aws_rules.rendered import File
from breakages.excerpts import broken_by, excerpt, golden
from breakages.values import BREAKAGES


def kind(rule: str) -> str:
    """A rule without cfn-lint's number."""
    return re.sub(r" E\d{4}$", "", rule)


class Values(unittest.TestCase):
    def test_each_broken_value_is_seen_by_its_rules_alone(self) -> None:
        for breakage in BREAKAGES:
            address, path, value, rules = breakage
            with self.subTest(address=address, path=path, value=str(value)[:40]):
                found = broken_by(address, path, value)
                self.assertEqual({kind(violation.rule) for violation in found}, rules, [str(one) for one in found])
                # A size counts for the role or the function that has the policies.
                for violation in (one for one in found if one.rule != "policy size"):
                    self.assertIn(address, violation.place)

    def test_a_type_that_no_table_knows(self) -> None:
        document = excerpt("aws_vpc.main")
        document["resource"]["aws_made_up"] = {"main": {"name": "x"}}
        found = check(File(document)).violations
        self.assertEqual({violation.rule for violation in found}, {"type", "provider 6: type"})
        self.assertEqual({violation.place for violation in found}, {"aws_made_up.main"})

    def test_an_attribute_that_the_provider_itself_has_not(self) -> None:
        document = excerpt("aws_vpc.main")
        document["provider"]["aws"]["made_up"] = True
        found = check(File(document)).violations
        self.assertEqual([(one.rule, one.place) for one in found], [("provider 6: attribute", "provider.aws made_up")])

    def test_a_part_of_nothing(self) -> None:
        document = excerpt("aws_s3_bucket_versioning.archive")
        document["resource"]["aws_s3_bucket_versioning"]["archive"]["bucket"] = "somebody-elses"
        found = check(File(document)).violations
        self.assertEqual({violation.rule for violation in found}, {"reference"})

    def test_a_policy_where_no_table_expects_one(self) -> None:
        document = excerpt("aws_kinesis_stream.events")
        policy = document["resource"]["aws_kms_key"]["main"]["policy"]
        document["resource"]["aws_kinesis_stream"]["events"]["policy"] = policy
        rules = {violation.rule for violation in check(File(document)).violations}
        self.assertIn("policy", rules)

    def test_policies_of_a_role_count_together(self) -> None:
        document = excerpt("aws_iam_role_policy.archiver_work")
        policies = document["resource"]["aws_iam_role_policy"]
        padded = policies["archiver_work"]["policy"].replace("Archive", "x" * 6000)
        policies["archiver_work"]["policy"] = padded
        self.assertNotIn("policy size", {violation.rule for violation in check(File(document)).violations})
        policies["other"] = {**policies["archiver_work"], "name": "other"}
        self.assertIn("policy size", {violation.rule for violation in check(File(document)).violations})

    def test_no_kind_of_rule_is_left_unbroken(self) -> None:
        checked = check(File(json.loads(golden("large")))).checked
        broken = {rule for breakage in BREAKAGES for rule in breakage.rules}
        # A type is missing in a test of its own; a wrong member is a mistake of the table itself.
        elsewhere = {"type", "provider 6: type", "model: member"}
        self.assertEqual({kind(rule) for rule in checked} - broken - elsewhere, set())
