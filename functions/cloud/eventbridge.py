"""Puts events on a bus.

PutEvents belongs to EventBridge's data API, which the management SDK (2020-04-01, RPC) does not
have: ``POST /openapi/putEvents`` on ``<account>.eventbridge.<region>.aliyuncs.com`` with a batch of
CloudEvents, signed with HMAC-SHA1. Sources: "PutEvents" and "EventBridge SDK for Python"
(EventBridge, developer reference); headers and signature as in ``alibabacloud_eventbridge`` 1.3.8.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.cloud import runtime
from functions.cloud.context import Context
from functions.cloud.errors import UnreachableError
from functions.cloud.rpc import ApiTroubleError, Credentials, read_answer
from functions.cloud.web import Send, send

ACTION = "PutEvents"
PATH = "/openapi/putEvents"
MOST_EVENTS = 16
_CONTENT_TYPE = "application/cloudevents-batch+json; charset=utf-8"


class EventBus:
    """The data API of one account and region."""

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        *,
        transport: Send = send,
        now: Callable[[], float],
        nonce: Callable[[], str] = lambda: os.urandom(16).hex(),
        seconds: float = 10,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._credentials = credentials
        self._transport = transport
        self._now = now
        self._nonce = nonce
        self._seconds = seconds

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put CloudEvents on the bus that each names in ``aliyuneventbusname``.

        Their ids should follow from what they report: after a failure halfway all are put again.

        Raises:
            ApiTroubleError: if some were not accepted, which is worth a retry.
            ApiRefusedError: if the call was refused.
        """
        for start in range(0, len(events), MOST_EVENTS):
            self._put(events[start : start + MOST_EVENTS])

    def _put(self, events: Sequence[dict[str, Any]]) -> None:
        # Imported for the connection as well, so a function that never calls does not pay for it.
        from email.utils import formatdate  # noqa: PLC0415

        body = encode(events)
        headers = {
            "date": formatdate(self._now(), usegmt=True),
            "accept": "application/json",
            "content-type": _CONTENT_TYPE,
            "x-acs-signature-nonce": self._nonce(),
            "x-acs-signature-method": "HMAC-SHA1",
            "x-acs-signature-version": "1.0",
            "x-eventbridge-version": "2015-06-06",
        }
        if self._credentials.security_token:
            headers["x-acs-accesskey-id"] = self._credentials.access_key_id
            headers["x-acs-security-token"] = self._credentials.security_token
        signature = sign(string_to_sign("POST", PATH, headers), self._credentials)
        headers["authorization"] = f"acs:{self._credentials.access_key_id}:{signature}"
        try:
            answer = self._transport("POST", self._endpoint + PATH, headers, body, self._seconds)
        except UnreachableError as error:
            raise ApiTroubleError(ACTION, error.code, str(error)) from None
        check(read_answer(ACTION, answer))


def connect(context: Context, environ: Mapping[str, str], seconds: float = 10) -> EventBus:
    """Return a client for the account's event buses in the function's own region.

    A call of it may take so many seconds.
    """
    host = f"{context.account_id}.eventbridge.{context.region}.aliyuncs.com"
    endpoint = environ.get("ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE") or f"https://{host}"
    return EventBus(endpoint, runtime.credentials(context, environ), now=time.time, seconds=seconds)


def encode(events: Sequence[dict[str, Any]]) -> bytes:
    """Write events as the API takes them; a lone surrogate becomes a question mark."""
    text = json.dumps(list(events), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def check(answer: dict[str, Any]) -> None:
    """Raise if some events were not accepted: the API reports that with status 200."""
    # guess: an entry that failed may succeed later; which codes it carries is not documented.
    if answer.get("FailedEntryCount") or answer.get("failedEntryCount"):
        entries = answer.get("EntryList") or answer.get("entryList") or []
        codes = {
            str(entry.get("ErrorCode") or entry.get("errorCode"))
            for entry in entries
            if isinstance(entry, dict) and (entry.get("ErrorCode") or entry.get("errorCode"))
        }
        raise ApiTroubleError(ACTION, ",".join(sorted(codes))[:200] or "FailedEntry")


def string_to_sign(method: str, path: str, headers: dict[str, str]) -> str:
    """Return the text that the signature covers."""
    first = [method, headers.get("content-md5", ""), headers.get("content-type", "")]
    named = "".join(f"{n}:{headers[n]}\n" for n in sorted(headers) if n.startswith("x-acs"))
    return "\n".join([*first, headers.get("date", "")]) + "\n" + named + path


def sign(text: str, credentials: Credentials) -> str:
    """Sign as the data API wants it."""
    # SHA-1 is the scheme's own; HMAC with it is not weakened by its collisions.
    mac = hmac.new(credentials.access_key_secret.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()
