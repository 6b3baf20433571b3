"""Records every signed call: access key, action, resource and parameters.

Only the length of secret or large parameters is kept.
"""

import io
import json
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import botocore.session
import moto.server
from aws_rules.wire import NotUnderstood, Received, parameters, service_of
from botocore.exceptions import BotoCoreError
from botocore.model import OperationNotFoundError
from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router

CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/[^/]+/(?P<service>[^/]+)/aws4_request")
"""Matches the `Authorization` header of a signed request."""


def record(path: Path) -> None:
    """Makes the server write a line of JSON for each signed call, after its response."""
    file = path.open("a", encoding="utf-8", buffering=1)
    lock = threading.Lock()
    answer = moto.server.DomainDispatcherApplication.__call__

    def answer_and_record(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        call = describe(environ)

        def start(status: str, headers: Any, *exception: Any) -> Any:
            if call:
                with lock:
                    file.write(json.dumps({**call, "status": int(status.partition(" ")[0])}) + "\n")
            return start_response(status, headers, *exception)

        return answer(self, environ, start)

    moto.server.DomainDispatcherApplication.__call__ = answer_and_record  # type: ignore[method-assign]


def describe(environ: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the call of a request, or nothing if it is not signed."""
    credential = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if credential is None:
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    action, resource = action_of(credential["service"], environ, body)
    call = {"key": credential["key"], "service": credential["service"], "action": action, "resource": resource}
    return {**call, **asked(credential["service"], action, environ, body)}


SESSION = botocore.session.get_session()


def asked(service: str, action: str, environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Returns a call's parameters, or the reason why they cannot be read."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    # As it was sent: in PATH_INFO a slash within a name cannot be told from one between names.
    path = environ["RAW_URI"].partition("?")[0]
    request = Received(path, environ.get("QUERY_STRING", ""), headers, body)
    try:
        operation = SESSION.get_service_model(service_of(service)).operation_model(action)
        return {"parameters": parameters(operation, request)}
    except (BotoCoreError, KeyError, NotUnderstood, OperationNotFoundError, ValueError) as fault:
        return {"fault": repr(fault)}


def action_of(service: str, environ: dict[str, Any], body: bytes) -> tuple[str, str]:
    """Returns the action's name in the API, and the best description of its resource."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        names = ("SecretId", "StreamARN", "StreamName", "KeyId")
        parameters = json.loads(body or b"{}")
        return target.split(".")[-1], next((parameters[name] for name in names if name in parameters), "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode())["Action"][0], ""
    try:
        operation, _ = get_service_router(service).match(Request(environ.copy()))
    except NotFound:
        return "", environ["PATH_INFO"]
    return operation.name, environ["PATH_INFO"]
