"""Lambda: moto forgets some of a function's attributes, and runs functions in containers or not at all."""

import json
import urllib.request
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.ec2.models import ec2_backends

from emulator.patching import replaces
from emulator.settings import SETTINGS

init_function = LambdaFunction.__init__
update_configuration = LambdaFunction.update_configuration
get_configuration = LambdaFunction.get_configuration


@replaces(LambdaFunction, "__init__")
def init(self: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
    init_function(self, account_id, spec, region, version)
    self.logging_config = spec.get("LoggingConfig")


@replaces(LambdaFunction, "update_configuration")
def update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
    self.logging_config = config_updates.get("LoggingConfig", self.logging_config)
    self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
    self.kms_key_arn = config_updates.get("KMSKeyArn", self.kms_key_arn)
    if network := config_updates.get("VpcConfig"):
        # Fields that are not named keep their values.
        config_updates = {**config_updates, "VpcConfig": {**(self._vpc_config or {}), **network}}
    return update_configuration(self, config_updates)


@replaces(LambdaFunction, "get_configuration")
def get(self: Any, on_create: bool = False) -> dict[str, Any]:
    return {**get_configuration(self, on_create), "LoggingConfig": self.logging_config}


@replaces(LambdaFunction, wrap=property)
def vpc_config(self: Any) -> dict[str, Any] | None:
    # moto invents the VPC's id; Terraform looks for its default security group when the function is removed.
    if not self._vpc_config or not self._vpc_config["SubnetIds"]:
        return None
    subnets = ec2_backends[self.account_id][self.region].describe_subnets(self._vpc_config["SubnetIds"])
    return {**self._vpc_config, "VpcId": subnets[0].vpc_id}


@replaces(LambdaSimpleBackend)
def invoke(
    self: Any, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: dict[str, str]
) -> bytes:
    """Runs the function by the server at `invoke_url`."""
    call = {
        "configuration": self.get_function(function_name, qualifier).get_configuration(),
        "payload": json.loads(body or "{}"),
    }
    request = urllib.request.Request(SETTINGS.invoke_url, data=json.dumps(call).encode())
    with urllib.request.urlopen(request) as response:
        if error := response.headers.get("x-amz-function-error"):
            response_headers["x-amz-function-error"] = error
        payload: bytes = response.read()
    return payload


@replaces(LambdaBackend)
def send_kinesis_message(self: Any, **_: Any) -> None:
    """Does nothing: moto would run a container for each record. `pipegen local --applied` reads the stream instead."""
