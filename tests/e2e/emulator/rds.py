"""RDS: moto forgets some of an instance's attributes, and has no server behind it."""

import json
import uuid
from typing import Any

from moto.rds.models import DBInstance, DBParameterGroup, MasterUserSecret

from emulator.patching import replaces
from emulator.settings import SETTINGS

init_instance = DBInstance.__init__


@replaces(DBInstance, "__init__")
def init(self: Any, backend: Any, **attributes: Any) -> None:
    # AWS' default; Terraform would wait for it to appear.
    attributes.setdefault("ca_certificate_identifier", "rds-ca-rsa2048-g1")
    init_instance(self, backend, **attributes)
    # moto gives every instance the same id; AWS never reuses one.
    self.dbi_resource_id = f"db-{uuid.uuid4().hex.upper()[:26]}"
    self.database_insights_mode = attributes.get("database_insights_mode")
    self.engine_lifecycle_support = attributes.get("engine_lifecycle_support")
    self.performance_insights_enabled = attributes.get("enable_performance_insights", False)
    self.performance_insights_kms_key_id = attributes.get("performance_insights_kms_key_id")
    self.performance_insights_retention_period = attributes.get("performance_insights_retention_period")


@replaces(DBInstance, wrap=property)
def address(self: Any) -> str:
    return SETTINGS.database_host


@replaces(MasterUserSecret)
def _generate_secret_string(self: Any) -> str:
    return json.dumps({"username": self.resource.master_username, "password": SETTINGS.master_password})


update_parameters = DBParameterGroup.update_parameters


@replaces(DBParameterGroup, "update_parameters")
def update(self: Any, new_parameters: Any) -> None:
    # Without the source, the provider takes each parameter for a default.
    update_parameters(self, [{**parameter, "Source": "user"} for parameter in new_parameters])
