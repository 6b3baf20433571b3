"""S3: moto evaluates bucket policies without their conditions, and does not return everything that was set."""

import copy
import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote

import xmltodict
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import NoSuchLifecycleConfiguration
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from emulator.patching import replaces

set_lifecycle = FakeBucket.set_lifecycle
get_notification = S3Response.get_bucket_notification
list_versions = S3Response.list_object_versions

KEY = re.compile("<Key>(.*?)</Key>")


@replaces(FakeBucket)
def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
    # Statements with a condition deny requests that no test makes: plain HTTP (which moto always uses), overwriting.
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    policy["Statement"] = [statement for statement in policy["Statement"] if "Condition" not in statement]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


@replaces(FakeBucket, wrap=property)
def is_versioned(self: Any) -> bool:
    # moto treats suspended versioning as none, loses versions and fails on delete markers. Terraform suspends it before
    # it empties a bucket.
    return self.versioning_status in ("Enabled", "Suspended")


@replaces(FakeBucket, "set_lifecycle")
def keep_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
    # moto drops filters by size.
    self.given_rules = copy.deepcopy(rules)
    set_lifecycle(self, rules)


@replaces(S3Response)
def get_bucket_lifecycle(self: Any) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    if not bucket.rules:
        raise NoSuchLifecycleConfiguration(bucket_name=self.bucket_name)
    headers = {"x-amz-transition-default-minimum-object-size": "all_storage_classes_128K"}
    return 200, headers, xmltodict.unparse({"LifecycleConfiguration": {"Rule": bucket.given_rules}})


@replaces(S3Response)
def get_bucket_notification(self: Any) -> Any:
    # moto returns every destination except this one.
    configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if configuration is None or configuration.event_bridge is None:
        return get_notification(self)
    return 200, {}, xmltodict.unparse({"NotificationConfiguration": {"EventBridgeConfiguration": None}})


@replaces(FakeBucket, wrap=staticmethod)
def _log_permissions_enabled_policy(target_bucket: Any, target_prefix: str | None) -> bool:
    # moto accepts one form of a policy that allows log delivery; only AWS can decide whether ours does.
    return target_bucket.policy is not None and b"logging.s3.amazonaws.com" in target_bucket.policy


@replaces(S3Response, "list_object_versions")
def list_encoded_versions(self: Any) -> Any:
    # moto does not encode keys in this list, as Terraform asks it to before it empties a bucket: it would delete
    # `a b` for `a%20b`, and list it again.
    status, headers, body = list_versions(self)
    if self.querystring.get("encoding-type") == ["url"]:
        text = body.decode() if isinstance(body, bytes) else body
        text = KEY.sub(lambda key: f"<Key>{quote(unescape(key[1]))}</Key>", text)
        body = text.replace("</ListVersionsResult>", "<EncodingType>url</EncodingType></ListVersionsResult>")
    return status, headers, body
