"""An AWS account on loopback: moto's server with patches. Each module patches one service."""

import os

from emulator.settings import SETTINGS

# moto reads this when it is imported.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import moto.server
from moto.core.config import default_user_config

from emulator import calls, ec2, elasticache, glue, kinesis, kms, lambda_, rds, s3, secretsmanager  # noqa: F401

default_user_config["lambda"] = {"use_docker": False}
calls.record(SETTINGS.calls)
# On a free port; the line that says that the server is running names it.
moto.server.main(["--host", "127.0.0.1", "--port", "0"])
