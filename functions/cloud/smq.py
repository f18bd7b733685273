"""Simple Message Queue (formerly MNS): put messages into queues, receive and delete them.

Its data API is REST with XML (2015-06-06) on ``<account>.mns.<region>.aliyuncs.com``, signed with
HMAC-SHA1. Sources: "SendMessage", "BatchReceiveMessage", "BatchDeleteMessage",
"ChangeMessageVisibility" and "Request signatures" (Simple Message Queue); headers and signature as
in ``aliyun-mns-sdk`` 1.2.1.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from functions.cloud import runtime
from functions.cloud.context import Context
from functions.cloud.errors import UnreachableError
from functions.cloud.rpc import ApiTroubleError, Credentials, failure
from functions.cloud.web import Answer, Send, send

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_MESSAGES = 16
"""How many messages one call receives or deletes."""
LARGEST_BODY_BYTES = 48 * 1024
"""What 64 KB hold of a text in base64."""

_NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
_CONTENT_TYPE = "text/xml;charset=UTF-8"
_NOTHING_THERE = "MessageNotExist"
_RECEIPT_OVER = {_NOTHING_THERE, "ReceiptHandleError"}


class Received(NamedTuple):
    """A message that is invisible to others until its visibility timeout is over."""

    id: str
    body: str
    """The text that was sent, whether it lay in the queue as base64 or as it is."""
    receipt: str
    """What deletes the message, or changes its visibility, until it is visible again; empty for one
    that was only looked at."""
    dequeue_count: int
    """How often it was received, this time included; 0 if it was only looked at and never."""
    enqueued: float
    """When it was sent, in seconds since 1970."""
    is_base64: bool = False
    """Whether it lay in the queue as base64."""


class Queues:
    """The queues of one account and region."""

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        *,
        transport: Send = send,
        now: Callable[[], float],
        seconds: float = 10,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._credentials = credentials
        self._transport = transport
        self._now = now
        self._seconds = seconds

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue; return its id.

        Raises:
            ApiTroubleError: if it is worth another try.
            ApiRefusedError: if it is not: no such queue, no permission, a body of more than 48 KB.
        """
        raw = base64.b64encode(body.encode("utf-8", "replace")).decode()
        delay = f"<DelaySeconds>{delay_seconds}</DelaySeconds>" if delay_seconds else ""
        xml = _element("Message", f"<MessageBody>{raw}</MessageBody>{delay}")
        answer = self._call("SendMessage", "POST", queue, xml=xml)
        return _fields(_read("SendMessage", answer)).get("MessageId", "")

    def receive(
        self, queue: str, count: int = MOST_MESSAGES, wait_seconds: int = 0
    ) -> list[Received]:
        """Take up to 16 messages, waiting for the first one that long; empty if there is none.

        Each stays invisible for the queue's visibility timeout and comes again unless it is
        deleted by then. The order is roughly that of sending, not exactly.
        """
        query = f"waitseconds={wait_seconds}&numOfMessages={count}"
        seconds = self._seconds + wait_seconds
        answer = self._call("ReceiveMessage", "GET", queue, query, seconds=seconds)
        if answer.status == 404 and _code(answer) == _NOTHING_THERE:
            return []
        return [_received(_fields(found)) for found in _read("ReceiveMessage", answer)]

    def peek(self, queue: str, count: int = MOST_MESSAGES) -> list[Received]:
        """Look at up to 16 visible messages and leave them as they are; they have no receipt."""
        answer = self._call("PeekMessage", "GET", queue, f"peekonly=true&numOfMessages={count}")
        if answer.status == 404 and _code(answer) == _NOTHING_THERE:
            return []
        return [_received(_fields(found)) for found in _read("PeekMessage", answer)]

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete received messages; return the receipts that had become invalid before."""
        late: list[str] = []
        for start in range(0, len(receipts), MOST_MESSAGES):
            some = receipts[start : start + MOST_MESSAGES]
            handles = "".join(f"<ReceiptHandle>{_escaped(r)}</ReceiptHandle>" for r in some)
            xml = _element("ReceiptHandles", handles)
            answer = self._call("DeleteMessage", "DELETE", queue, xml=xml)
            errors = _errors(answer)
            if errors and all(e.get("ErrorCode") in _RECEIPT_OVER for e in errors):
                late += [e.get("ReceiptHandle", "") for e in errors]
            elif answer.status >= 300:
                raise _failure("DeleteMessage", answer)
        return late

    def again(self, queue: str, receipt: str, seconds: int) -> str:
        """Let a received message become visible that many seconds from now; return its new receipt.

        Raises:
            ApiRefusedError: also if the receipt is no longer valid; the message is then visible.
        """
        query = f"ReceiptHandle={receipt}&VisibilityTimeout={seconds}"
        answer = self._call("ChangeMessageVisibility", "PUT", queue, query)
        return _fields(_read("ChangeMessageVisibility", answer)).get("ReceiptHandle", "")

    def _call(
        self,
        action: str,
        method: str,
        queue: str,
        query: str = "",
        *,
        xml: str = "",
        seconds: float = 0,
    ) -> Answer:
        # Imported for the connection as well, so a function that never calls does not pay for it.
        from email.utils import formatdate  # noqa: PLC0415

        body = xml.encode()
        resource = f"/queues/{queue}/messages" + (f"?{query}" if query else "")
        headers = {
            "date": formatdate(self._now(), usegmt=True),
            # Without one the library would add its own, which the signature did not cover.
            "content-type": _CONTENT_TYPE,
            "x-mns-version": "2015-06-06",
        }
        if body:
            # Of the digest in hexadecimal, as the SDK has it.
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            headers["content-md5"] = base64.b64encode(digest.encode()).decode()
        signature = sign(string_to_sign(method, resource, headers), self._credentials)
        headers["authorization"] = f"MNS {self._credentials.access_key_id}:{signature}"
        if self._credentials.security_token:
            headers["security-token"] = self._credentials.security_token
        url, limit = self._endpoint + resource, seconds or self._seconds
        try:
            return self._transport(method, url, headers, body, limit)
        except UnreachableError as error:
            raise ApiTroubleError(action, error.code, str(error)) from None


def connect(context: Context, environ: Mapping[str, str]) -> Queues:
    """Return a client for the account's message queues in the function's own region."""
    host = f"{context.account_id}.mns.{context.region}.aliyuncs.com"
    endpoint = environ.get("ALIBABA_CLOUD_ENDPOINT_MNS") or f"https://{host}"
    return Queues(endpoint, runtime.credentials(context, environ), now=time.time)


def string_to_sign(method: str, resource: str, headers: Mapping[str, str]) -> str:
    """Return the text that the signature covers; header names are in lower case."""
    dated = [headers.get(name, "") for name in ("content-md5", "content-type", "date")]
    named = "".join(f"{n}:{headers[n]}\n" for n in sorted(headers) if n.startswith("x-mns-"))
    return "\n".join([method, *dated]) + "\n" + named + resource


def sign(text: str, credentials: Credentials) -> str:
    """Sign as the data API wants it."""
    # SHA-1 is the scheme's own; HMAC with it is not weakened by its collisions.
    mac = hmac.new(credentials.access_key_secret.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


def plain(body: str) -> str:
    """Return what a message says: senders and EventBridge's target may write it in base64."""
    try:
        return base64.b64decode(body, validate=True).decode("utf-8")
    except ValueError:
        return body


def _received(found: Mapping[str, str]) -> Received:
    body = found.get("MessageBody", "")
    text = plain(body)
    return Received(
        id=found.get("MessageId", ""),
        body=text,
        receipt=found.get("ReceiptHandle", ""),
        dequeue_count=int(found.get("DequeueCount") or 0),
        enqueued=int(found.get("EnqueueTime") or 0) / 1000,
        is_base64=text != body,
    )


def _read(action: str, answer: Answer) -> "Element":
    """Return the element of an answer, or raise what its status and code mean."""
    root = _parsed(answer) if answer.status < 300 else None
    if root is None:
        raise _failure(action, answer)
    return root


def _failure(action: str, answer: Answer) -> Exception:
    root = _parsed(answer)
    found = {} if root is None else _fields(root)
    code = found.get("Code") or f"Http{answer.status}"
    return failure(action, answer.status, code, found.get("Message", ""))


def _code(answer: Answer) -> str:
    root = _parsed(answer)
    return "" if root is None else _fields(root).get("Code", "")


def _errors(answer: Answer) -> list[dict[str, str]]:
    """Return what an answer says of the messages that could not be deleted."""
    root = _parsed(answer) if answer.status == 404 else None
    if root is None or root.tag.rpartition("}")[2] != "Errors":
        return []
    return [_fields(element) for element in root]


def _parsed(answer: Answer) -> "Element | None":
    from xml.etree import ElementTree  # noqa: PLC0415

    try:
        return ElementTree.fromstring(answer.body)  # noqa: S314 - from the cloud, over TLS
    except ElementTree.ParseError:
        return None


def _fields(element: "Element") -> dict[str, str]:
    return {child.tag.rpartition("}")[2]: child.text or "" for child in element}


def _element(name: str, children: str) -> str:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<{name} xmlns="{_NAMESPACE}">{children}</{name}>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
