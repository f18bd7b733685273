"""A call of the function through its HTTP trigger, and the answer ("HTTP trigger overview")."""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

LONGEST_BYTES = 64 * 1024
"""A push names an instance; whatever is longer than this is none."""


class Call(NamedTuple):
    """What somebody on the internet sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes

    def first(self, *names: str) -> str:
        """Return the first of these query parameters that is given; empty if none is."""
        return next((self.query[name] for name in names if self.query.get(name)), "")


def read(event: object) -> Call | None:
    """Return the HTTP call that an event describes, or None if it is no such event.

    Function Compute wraps whatever is posted, so no caller can make up an event of another kind.
    """
    if not isinstance(event, dict) or "rawPath" not in event or "requestContext" not in event:
        return None
    context = _mapping(_mapping(event["requestContext"]).get("http"))
    return Call(
        method=str(context.get("method") or ""),
        path=str(event["rawPath"] or ""),
        query=_texts(event.get("queryParameters")),
        headers={k.lower(): v for k, v in _texts(event.get("headers")).items()},
        body=_body(event.get("body"), encoded=event.get("isBase64Encoded") is True),
    )


def answer(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer in JSON, with everything that Function Compute expects of one."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "isBase64Encoded": False,
        "body": json.dumps(body, separators=(",", ":")),
    }


def _body(body: object, *, encoded: bool) -> bytes:
    if not isinstance(body, str):
        return b""
    if not encoded:
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return b""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    return {k: v for k, v in _mapping(value).items() if isinstance(v, str)}
