"""KMS: moto forgets a key's rotation period."""

import json
from typing import Any

from moto.kms.responses import KmsResponse

from emulator.patching import replaces

enable_rotation = KmsResponse.enable_key_rotation
get_status = KmsResponse.get_key_rotation_status

DEFAULT_DAYS = 365


def key_of(response: Any) -> Any:
    return response.kms_backend.keys[response.kms_backend.get_key_id(response._get_param("KeyId"))]


@replaces(KmsResponse)
def enable_key_rotation(self: Any) -> str:
    key_of(self).rotation_period = self._get_param("RotationPeriodInDays", DEFAULT_DAYS)
    return enable_rotation(self)


@replaces(KmsResponse)
def get_key_rotation_status(self: Any) -> str:
    status = json.loads(get_status(self))
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = key_of(self).rotation_period
    return json.dumps(status)
