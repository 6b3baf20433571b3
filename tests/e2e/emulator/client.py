"""Calls AWS for the tests. Standard input is a JSON list of calls, standard output the list of their responses.

A call is `{"service", "operation", "parameters", "query"}`: a client and a method of boto3, and the part of the
response to return (JMESPath). Pages are joined. Bytes are `{"base64": …}` in both directions.
"""

import base64
import json
import sys
from typing import Any

import boto3
import jmespath


def main() -> None:
    calls = json.load(sys.stdin, object_hook=bytes_of)
    json.dump([answer(**call) for call in calls], sys.stdout, default=text_of)


def answer(service: str, operation: str, parameters: dict[str, Any], query: str) -> Any:
    client = boto3.client(service)
    if client.can_paginate(operation):
        result = client.get_paginator(operation).paginate(**parameters).build_full_result()
    else:
        result = getattr(client, operation)(**parameters)
    return jmespath.search(query, result)


def bytes_of(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def text_of(value: Any) -> Any:
    if hasattr(value, "read"):
        value = value.read()
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
