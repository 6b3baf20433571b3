"""Secrets Manager: moto continues a rotation after a failed step, and takes the last version for the current one."""

import json
import uuid
from typing import Any

from moto.awslambda.utils import get_backend
from moto.secretsmanager.models import SecretsManagerBackend

from emulator.patching import replaces

get_value = SecretsManagerBackend.get_secret_value

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@replaces(SecretsManagerBackend)
def get_secret_value(self: Any, secret_id: str, version_id: str, version_stage: str) -> Any:
    # moto returns the version that was put last, which is not the current one during a rotation.
    stage = version_stage if version_id or version_stage else "AWSCURRENT"
    return get_value(self, secret_id, version_id, stage)


@replaces(SecretsManagerBackend)
def rotate_secret(
    self: Any,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """Runs the steps before it responds; AWS does so afterwards. The last step makes the new version current."""
    secret = self.secrets[secret_id]
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = rotation_lambda_arn or secret.rotation_lambda_arn
    secret.auto_rotate_after_days = (rotation_rules or {}).get("AutomaticallyAfterDays", secret.auto_rotate_after_days)
    token = client_request_token or str(uuid.uuid4())
    version = {"createdate": secret.created_date, "version_id": token, "version_stages": ["AWSPENDING"]}
    if not rotate_immediately:
        # Only tests the rotation, with the current version as a pending one that is removed again.
        version["secret_string"] = secret.secret_string
    secret.versions[token] = version
    for step in STEPS if rotate_immediately else ["testSecret"]:
        event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token}
        headers: dict[str, str] = {}
        get_backend(self.account_id, self.region_name).invoke(
            secret.rotation_lambda_arn, None, json.dumps(event), {}, headers
        )
        if headers:
            break
    if not rotate_immediately:
        del secret.versions[token]
    answer: str = secret.to_short_dict()
    return answer
