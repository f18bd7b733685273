"""Answers and errors in the form of each product's clients."""

from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from localcloud import strict_json
from localcloud.api import Answer
from localcloud.errors import ApiError
from localcloud.gateway.refusals import in_words_of
from localcloud.http import HttpResponse

JSON = {"content-type": "application/json; charset=utf-8"}
RPC_PRODUCTS = {"eventbridge", "ecs", "ram", "sts", "mns", "resourcemanager", "location"}


def answer(product: str, value: Answer, request_id: str) -> HttpResponse:
    """Render what an action gave."""
    if isinstance(value, HttpResponse):
        return replace(value, headers={**_ids(product, request_id), **value.headers})
    if isinstance(value, bytes):
        content = {"content-type": "text/xml" if value.startswith(b"<") else "application/json"}
        return HttpResponse(200, value, {**content, **_ids(product, request_id)})
    if value is None:
        return HttpResponse(204 if product == "fc" else 200, b"", _ids(product, request_id))
    if product in RPC_PRODUCTS and isinstance(value, dict):
        value = {"RequestId": request_id, **value}
    return HttpResponse(200, dumps(value), {**JSON, **_ids(product, request_id)})


def error(product: str, failure: ApiError, request_id: str) -> HttpResponse:
    """Render an error as the product's clients expect it."""
    failure = in_words_of(product, failure)
    headers = {**JSON, **_ids(product, request_id)}
    body: dict[str, Any]
    match product:
        case "sls":
            body = {"errorCode": failure.code, "errorMessage": failure.message}
        case "mns-data":
            return HttpResponse(
                failure.status, _mns_xml(failure, request_id), {"content-type": "text/xml"}
            )
        case "eventbridge-data":
            body = {"code": failure.code, "message": failure.message, "requestId": request_id}
        case "eventbridge":
            body = {**_rpc_body(failure, request_id), "Success": False}
        case _:
            body = _rpc_body(failure, request_id)
    return HttpResponse(failure.status, dumps(body), headers)


def dumps(value: Any) -> bytes:
    """Write JSON as compact UTF-8."""
    return strict_json.write(value).encode("utf-8", "replace")


def _rpc_body(failure: ApiError, request_id: str) -> dict[str, Any]:
    return {
        "RequestId": request_id,
        "Code": failure.code,
        "Message": failure.message,
        **failure.data,
    }


def _mns_xml(failure: ApiError, request_id: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<Error xmlns="http://mns.aliyuncs.com/doc/v1">'
        f"<Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message>"
        f"<RequestId>{request_id}</RequestId><HostId>localcloud</HostId></Error>"
    ).encode()


def _ids(product: str, request_id: str) -> dict[str, str]:
    name = {"fc": "x-fc-request-id", "sls": "x-log-requestid", "mns-data": "x-mns-request-id"}
    return {name.get(product, "x-acs-request-id"): request_id}
