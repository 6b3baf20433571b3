"""Asks a function's URL with a signed request.

Standard input holds `{"url"}`, standard output gets `{"status", "headers", "body"}`.
"""

import json
import sys

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

TIMEOUT = 30
"""Seconds; the function itself answers or gives up sooner."""


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
