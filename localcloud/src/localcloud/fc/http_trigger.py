"""HTTP triggers: a function behind a URL ("HTTP trigger overview", Function Compute 3.0).

The real URL is ``https://<id>.<region>.fcapp.run``; here the id is the first part of the path.
"""

import base64
from typing import Any
from urllib.parse import quote, urlencode

from localcloud import strict_json
from localcloud.environment import iso_utc, uuid_form
from localcloud.errors import ApiError
from localcloud.fc.service import FunctionCompute
from localcloud.fc.triggers import HTTP, Trigger
from localcloud.http import HttpRequest, HttpResponse
from localcloud.json_body import parse_object

PATH = "/fcapp/"
_HEADER_BYTES = 8 * 1024
_PATH_BYTES = 4 * 1024
_TEXTS = ("text/", "application/json", "application/xml", "application/x-www-form-urlencoded")
_RESERVED = ("x-fc-", "connection", "keep-alive", "content-length", "transfer-encoding")
_JSON = {"content-type": "application/json"}


def urls(fc: FunctionCompute, trigger: Trigger) -> dict[str, str]:
    """Return where a trigger is reached."""
    url = f"{fc.settings.endpoint}{PATH}{trigger.id}"
    return {"urlInternet": url, "urlIntranet": url}


async def handle(fc: FunctionCompute, request: HttpRequest) -> HttpResponse:
    """Call the function of a trigger and answer with what it returns."""
    request_id = uuid_form(fc.ids()).lower()
    trigger_id, _, rest = request.path.removeprefix(PATH).partition("/")
    try:
        trigger = _admit(fc.triggers.with_id(trigger_id), request, rest)
        payload = strict_json.write(event(fc, request, f"/{rest}", request_id)).encode()
        called = {"request_id": request_id, "qualifier": trigger.qualifier}
        # Any caller may ask for it; then the answer is not the function's.
        if request.headers.get("x-fc-invocation-type") == "Async":
            await fc.invoke_later(trigger.function, payload, **called)
            return HttpResponse(202)
    except ApiError as error:
        return _refused(error.code, error.message, error.status)
    invocation = await fc.invoke(trigger.function, payload, **called)
    if invocation.status != 200:
        return HttpResponse(invocation.status, invocation.body, _JSON)
    # guess: the status of an exception, and of an answer without a status.
    failed = _refused("FunctionFailed", "the function gave no answer", 502)
    return failed if invocation.error_type else _answer(invocation.body) or failed


def _admit(trigger: Trigger | None, request: HttpRequest, rest: str) -> Trigger:
    """Return the trigger of a request that it takes; guess: the codes of refusals."""
    if trigger is None or trigger.kind != HTTP:
        raise ApiError("NotFound", "no function has this URL", 404)
    config = strict_json.read(trigger.config)
    if config.get("disableURLInternet"):
        raise ApiError("AccessDenied", "the URL is disabled on the internet", 403)
    if request.method not in config["methods"]:
        raise ApiError("MethodNotAllowed", f"{request.method} is not accepted", 405)
    if sum(len(k) + len(v) for k, v in request.headers.items()) > _HEADER_BYTES:
        raise ApiError("HeaderTooLarge", f"headers have more than {_HEADER_BYTES} bytes", 400)
    if len(rest) + len(urlencode(dict(request.query))) > _PATH_BYTES:
        raise ApiError("URITooLong", f"path and query have more than {_PATH_BYTES} bytes", 400)
    return trigger


def event(fc: FunctionCompute, request: HttpRequest, path: str, request_id: str) -> dict[str, Any]:
    """Return the event with which a function is called: header names have capitals."""
    kind = request.headers.get("content-type", "application/json")
    is_text = kind.startswith(_TEXTS)
    body = (
        request.body.decode("utf-8", "replace")
        if is_text
        else base64.b64encode(request.body).decode()
    )
    now = fc.now()
    return {
        "version": "v1",
        "rawPath": quote(path),
        "body": body,
        "isBase64Encoded": not is_text,
        "headers": {_capitalized(name): value for name, value in request.headers.items()},
        "queryParameters": dict(request.query),
        "requestContext": {
            "accountId": fc.settings.account_id,
            "domainName": request.host,
            "domainPrefix": request.path.removeprefix(PATH).partition("/")[0],
            "requestId": request_id,
            "time": iso_utc(now),
            "timeEpoch": str(int(now * 1000)),
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": request.headers.get("user-agent", ""),
            },
        },
    }


def _answer(body: bytes) -> HttpResponse | None:
    given = parse_object(body)
    if given is None or not isinstance(given.get("statusCode"), int):
        return None
    content, headers = given.get("body", ""), given.get("headers") or {}
    if not isinstance(content, str) or not isinstance(headers, dict):
        return None
    if given.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(content, validate=True)
        except ValueError:
            return None
    else:
        raw = content.encode("utf-8", "replace")
    kept = {k.lower(): v for k, v in headers.items() if isinstance(v, str)}
    kept = {k: v for k, v in kept.items() if not k.startswith(_RESERVED)}
    return HttpResponse(given["statusCode"], raw, kept)


def _capitalized(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _refused(code: str, message: str, status: int) -> HttpResponse:
    body = strict_json.write({"Code": code, "Message": message}).encode()
    return HttpResponse(status, body, _JSON)
