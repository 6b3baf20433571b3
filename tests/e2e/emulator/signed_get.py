"""Sends a signed request to a function's URL.

Standard input is `{"url"}`, standard output `{"status", "headers", "body"}`.
"""

import json
import sys

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

TIMEOUT = 30
"""Seconds. The function's own timeout is shorter."""


def main() -> None:
    url = json.load(sys.stdin)["url"]
    session = boto3.Session()
    request = AWSRequest(method="GET", url=url)
    SigV4Auth(session.get_credentials(), "lambda", session.region_name).add_auth(request)
    answer = URLLib3Session(timeout=TIMEOUT).send(request.prepare())
    headers = {name.lower(): value for name, value in answer.headers.items()}
    json.dump({"status": answer.status_code, "headers": headers, "body": answer.content.decode()}, sys.stdout)


if __name__ == "__main__":
    main()
