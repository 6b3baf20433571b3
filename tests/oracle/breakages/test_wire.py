"""Requests as botocore writes them are read off the wire as they were meant, in every protocol."""

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer

from aws_rules import calls
from aws_rules.rendered import File
from aws_rules.report import Report
from aws_rules.requests import requests
from aws_rules.shapes import operation
from aws_rules.wire import NotUnderstood, Received, parameters
from breakages.excerpts import golden

KEY, TESTS_KEY = "AKIAPIPEGEN", "AKIATESTS"


def written(model: OperationModel, asked: dict[str, Any]) -> Received:
    """A request as botocore sends it."""
    # CloudWatch's callers may speak several protocols; Terraform's speaks this one.
    protocol = "query" if model.service_model.service_name == "cloudwatch" else model.service_model.metadata["protocol"]
    request = create_serializer(protocol, include_validation=False).serialize_to_request(asked, model)
    headers = {name.lower(): str(value) for name, value in request["headers"].items()}
    path, _, inline = request["url_path"].partition("?")
    query = "&".join(filter(None, [inline, urlencode(request["query_string"] or {})]))
    body = request["body"]
    if isinstance(body, dict):
        headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        body = urlencode(body)
    return Received(path, query, headers, body.encode() if isinstance(body, str) else bytes(body or b""))


def expected(shape: Shape, value: Any) -> Any:
    """A value without what is secret or large."""
    if shape.type_name == "structure":
        return {name: expected(shape.members[name], inner) for name, inner in value.items()}
    if shape.type_name == "list":
        return [expected(shape.member, inner) for inner in value]
    if shape.type_name == "map":
        return {key: expected(shape.value, inner) for key, inner in value.items()}
    if shape.type_name == "blob":
        return {"bytes": len(value)}
    return {"characters": len(value)} if shape.metadata.get("sensitive") and isinstance(value, str) else value


def call(service: str, action: str, asked: Any, key: str = KEY) -> dict[str, Any]:
    return {"key": key, "service": service, "action": action, "resource": "", "parameters": asked}


class Wire(unittest.TestCase):
    def test_every_request_of_a_file_is_read_as_it_was_meant(self) -> None:
        seen = set()
        for request in requests(File(json.loads(golden("large"))), Report()):
            model = operation(request.service, request.operation)
            with self.subTest(call=request.call, resource=request.resource.address):
                read = parameters(model, written(model, request.parameters))
                self.assertEqual(without_checksums(read), expected(model.input_shape, request.parameters))
            seen.add(model.service_model.metadata["protocol"])
        self.assertLessEqual({"ec2", "json", "query", "rest-json", "rest-xml"}, seen)

    def test_nothing_secret_is_left(self) -> None:
        secrets: list[tuple[str, str, dict[str, Any]]] = [
            ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretString": "hunter2"}),
            ("kinesis", "PutRecord", {"StreamName": "s", "PartitionKey": "k", "Data": b"hunter2"}),
            ("lambda", "Invoke", {"FunctionName": "f", "Payload": b"hunter2"}),
            ("s3", "PutObject", {"Bucket": "b", "Key": "a/b", "Body": b"hunter2"}),
            ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "MasterUserPassword": "hunter2"}),
            (
                "lambda",
                "UpdateFunctionConfiguration",
                {"FunctionName": "f", "Environment": {"Variables": {"A": "hunter2"}}},
            ),
        ]
        for service, name, asked in secrets:
            with self.subTest(call=name):
                model = operation(service, name)
                read = json.dumps(parameters(model, written(model, asked)))
                self.assertNotIn("hunter2", read)
                self.assertIn("7", read)

    def test_a_member_that_the_model_lacks_is_kept_by_name(self) -> None:
        models = {
            "json": (
                operation("kms", "CreateKey"),
                Received("/", "", {"x-amz-target": "T.CreateKey"}, b'{"Made": "up"}'),
            ),
            "query": (
                operation("rds", "CreateDBInstance"),
                Received("/", "", {"content-type": "application/x-www-form-urlencoded"}, b"Action=x&Version=y&Made=up"),
            ),
            "rest-xml": (
                operation("s3", "PutBucketVersioning"),
                Received(
                    "/bucket", "versioning", {}, b"<VersioningConfiguration><Made>up</Made></VersioningConfiguration>"
                ),
            ),
        }
        for protocol, (model, request) in models.items():
            with self.subTest(protocol=protocol):
                self.assertIn("Made", json.dumps(parameters(model, request)))

    def test_a_slash_within_a_name(self) -> None:
        model = operation("scheduler", "ListTagsForResource")
        asked = {"ResourceArn": "arn:aws:scheduler:us-east-1:123456789012:schedule-group/inventory"}
        self.assertEqual(parameters(model, written(model, asked)), asked)

    def test_a_path_of_another_form(self) -> None:
        with self.assertRaises(NotUnderstood):
            parameters(operation("lambda", "GetFunction"), Received("/2015-03-31/functions", "", {}, b""))


class Calls(unittest.TestCase):
    def rules(self, *made: dict[str, Any]) -> list[str]:
        return [violation.rule for violation in calls.check(made, TESTS_KEY).violations]

    def test_a_call_is_held_against_its_model(self) -> None:
        self.assertEqual(self.rules(call("kms", "CreateAlias", {"AliasName": "alias/x", "TargetKeyId": "k"})), [])
        self.assertEqual(self.rules(call("kms", "CreateAlias", {"AliasName": "alias/x"})), ["model: required"])
        self.assertEqual(self.rules(call("kinesis", "CreateStream", {"StreamName": "a b"})), ["model: pattern"])
        self.assertEqual(
            self.rules(call("kinesis", "CreateStream", {"StreamName": "a", "Made": "up"})), ["model: member"]
        )
        group = {"GroupName": "x", "Description": "A function's network interfaces"}
        self.assertEqual(self.rules(call("ec2", "CreateSecurityGroup", group)), ["documented"])

    def test_the_length_of_what_is_not_kept_is_held(self) -> None:
        secret = {"SecretId": "s", "SecretString": {"characters": 65537}}
        self.assertEqual(self.rules(call("secretsmanager", "PutSecretValue", secret)), ["model: length"])

    def test_a_call_that_nobody_knows_or_understands(self) -> None:
        self.assertEqual(self.rules(call("kms", "MakeUp", {})), ["call"])
        self.assertEqual(self.rules(call("made-up", "CreateKey", {})), ["call"])
        self.assertEqual(self.rules(call("kms", "CreateKey", None)), ["call"])

    def outcome(self, *made: dict[str, Any]) -> str | int | None:
        """What the program ends with for these calls."""
        accepted = [{"rule": "documented", "calls": ["ec2 CreateSecurityGroup.Description"]}]
        with (
            tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file,
            mock.patch("builtins.print"),
            mock.patch.object(calls, "exceptions", return_value=accepted),
        ):
            file.writelines(json.dumps(one) + "\n" for one in made)
            file.flush()
            try:
                calls.main(Path(file.name), TESTS_KEY)
            except SystemExit as end:
                return end.code
        return 0

    def test_the_program_fails_at_a_broken_rule_and_without_calls(self) -> None:
        group = {"GroupName": "x", "Description": "A function's network interfaces"}
        right, wrong = call("ec2", "CreateSecurityGroup", group), call("kms", "CreateKey", {"Made": "up"})
        self.assertEqual(self.outcome(right), 0)
        self.assertIn("has no Made", str(self.outcome(right, wrong)))
        self.assertIn("is broken nowhere", str(self.outcome(call("kms", "CreateKey", {}))))
        self.assertIn("has no call", str(self.outcome()))

    def test_the_tests_own_calls_do_not_count(self) -> None:
        self.assertEqual(self.rules(call("kms", "MakeUp", {}, TESTS_KEY)), [])


def without_checksums(read: dict[str, Any]) -> dict[str, Any]:
    """botocore adds them by itself."""
    return {name: value for name, value in read.items() if name not in ("ChecksumAlgorithm", "ContentMD5")}
