"""The function that a rehearsal calls: it reports what it was given, then does what it was told.

Whatever way a call takes, the order lies somewhere in it, as it is, as JSON text, or in base64:
``{"rehearse": {"case": "sync", "do": "raise"}}``. This file is the whole function; it is packed
with the modules of :mod:`functions.cloud` that it imports.
"""

import base64
import importlib.util
import json
import os
import sys
import time
from typing import Any

from functions.cloud import smq

QUEUE = "REPORTS_QUEUE"
ORDER = "rehearse"
RETURN, RAISE, ANSWER = "return", "raise", "answer"
ANSWERED = {"statusCode": 202, "headers": {"content-type": "text/plain"}, "body": "rehearsed"}
"""What an HTTP trigger should make an answer of."""


class ToldToFail(Exception):
    """The order was to raise."""


def handler(event: bytes | str, context: Any) -> dict[str, Any]:
    """Put a report into the queue, then return it or raise."""
    given = _read(event)
    order = find(given) or {}
    report = {
        "case": order.get("case", ""),
        "shape": _shape(given),
        "request_id": getattr(context, "request_id", ""),
        "at": time.time(),
        "runtime": {
            "python": ".".join(map(str, sys.version_info[:2])),
            "key_in_environment": bool(os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID")),
            "region": getattr(context, "region", ""),
            "account_id": getattr(context, "account_id", ""),
            "cryptography": importlib.util.find_spec("cryptography") is not None,
        },
    }
    try:
        smq.connect(context, os.environ).send(os.environ[QUEUE], json.dumps(report))
        report["sent"] = ""
    except Exception as problem:
        report["sent"] = str(problem)[:200]
    if order.get("do") == RAISE:
        raise ToldToFail(order.get("case", ""))
    return dict(ANSWERED) if order.get("do") == ANSWER else report


def find(value: Any) -> dict[str, Any] | None:
    """Return the order that lies somewhere in what a call was given."""
    if isinstance(value, str):
        value = _read(value)
    if isinstance(value, dict):
        if isinstance(value.get(ORDER), dict):
            return dict(value[ORDER])
        value = list(value.values())
    if isinstance(value, list):
        return next((found for each in value if (found := find(each))), None)
    return None


def _read(event: bytes | str) -> Any:
    """Return the JSON of a text, also of one in base64; anything else as it is."""
    text = event.decode("utf-8", "replace") if isinstance(event, bytes) else event
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except ValueError:
        decoded = ""
    for form in (text, decoded):
        try:
            found = json.loads(form)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict | list):
            return found
    return text


def _shape(given: Any) -> str:
    """Say what a call was given, such as ``object`` or ``list of string``."""
    if isinstance(given, list):
        return f"list of {_shape(given[0])}" if given else "empty list"
    return "object" if isinstance(given, dict) else "string"
