"""Sends a request to a function's URL.

Standard input is `{"url", "method", "headers", "body", "signer"}`, standard output `{"status", "headers", "body"}`.
The signer is `{"key", "secret"}`, "environment" for the credentials of the environment, or null for no signature.
"""

import json
import sys
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

TIMEOUT = 30
"""Seconds. The function's own timeout is shorter."""


def credentials(session: boto3.Session, signer: Any) -> Any:
    if signer == "environment":
        return session.get_credentials()
    return Credentials(signer["key"], signer["secret"])


def main() -> None:
    asked = json.load(sys.stdin)
    session = boto3.Session()
    body = asked["body"].encode() if asked["body"] is not None else None
    request = AWSRequest(method=asked["method"], url=asked["url"], headers=asked["headers"], data=body)
    if asked["signer"] is not None:
        SigV4Auth(credentials(session, asked["signer"]), "lambda", session.region_name).add_auth(request)
    answer = URLLib3Session(timeout=TIMEOUT).send(request.prepare())
    headers = {name.lower(): value for name, value in answer.headers.items()}
    json.dump({"status": answer.status_code, "headers": headers, "body": answer.content.decode()}, sys.stdout)


if __name__ == "__main__":
    main()
