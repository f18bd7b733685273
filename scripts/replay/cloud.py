"""The two APIs that a replay needs: SMQ's messages, and EventBridge's PutEvents.

Sources: "Request protocol" and "Sign requests" (Simple Message Queue, formerly MNS, 2015-06-06);
"PutEvents" (EventBridge), with headers and signature as in ``alibabacloud_eventbridge`` 1.3.8.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, NamedTuple
from xml.etree import ElementTree

import httpx

BATCH = 16
"""As many messages as one request may take."""
_NONE_LEFT = "MessageNotExist"


class Refused(Exception):
    """An API did not do what it was asked for."""


class Key(NamedTuple):
    """The access key that signs."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __repr__(self) -> str:
        """Say whose it is, never what it is."""
        return f"Key({self.access_key_id[:8]}...)"

    def sign(self, text: str) -> str:
        """Sign as both APIs want it."""
        mac = hmac.new(self.access_key_secret.encode(), text.encode(), hashlib.sha1)
        return base64.b64encode(mac.digest()).decode()


class Message(NamedTuple):
    """A message of the queue; without a receipt if it was only looked at."""

    id: str
    body: str
    receipt: str


class Queue:
    """One queue."""

    def __init__(self, http: httpx.Client, endpoint: str, name: str, key: Key) -> None:
        self._http = http
        self._endpoint = endpoint.rstrip("/")
        self._path = f"/queues/{name}"
        self._key = key

    def count(self) -> int:
        """Give how many messages wait."""
        return int(_values(self._call("GET", self._path))["ActiveMessages"])

    def look(self) -> list[Message]:
        """Give the first messages and leave them as they are."""
        return self._messages(f"peekonly=true&numOfMessages={BATCH}")

    def take(self) -> list[Message]:
        """Give messages that nobody else gets until the queue's visibility timeout has passed."""
        return self._messages(f"numOfMessages={BATCH}")

    def delete(self, message: Message) -> None:
        """Delete a message that was taken."""
        self._call("DELETE", f"{self._path}/messages?ReceiptHandle={message.receipt}")

    def _messages(self, query: str) -> list[Message]:
        try:
            answer = self._call("GET", f"{self._path}/messages?{query}")
        except Refused as problem:
            if _NONE_LEFT in str(problem):
                return []
            raise
        return [
            Message(v["MessageId"], v["MessageBody"], v.get("ReceiptHandle", ""))
            for v in map(_values, answer)
        ]

    def _call(self, method: str, resource: str) -> ElementTree.Element:
        named = {"x-mns-version": "2015-06-06"}
        headers = {"date": formatdate(usegmt=True), "content-type": "text/xml", **named}
        if self._key.security_token:
            headers["security-token"] = self._key.security_token
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(named.items()))
        text = f"{method}\n\n{headers['content-type']}\n{headers['date']}\n{lines}{resource}"
        headers["authorization"] = f"MNS {self._key.access_key_id}:{self._key.sign(text)}"
        answer = self._http.request(method, self._endpoint + resource, headers=headers)
        try:
            # From the queue's own service, over TLS; Expat resolves no external entity.
            root = ElementTree.fromstring(answer.text or "<Empty/>")  # noqa: S314
        except ElementTree.ParseError:
            raise Refused(f"{method} {self._path}: HTTP {answer.status_code}, no XML") from None
        if answer.status_code >= 300:
            values = _values(root)
            said = f"{values.get('Code', '?')} ({values.get('Message', '')[:200]})"
            raise Refused(f"{method} {self._path}: HTTP {answer.status_code}, {said}")
        return root


class Bus:
    """EventBridge's data API of one account and region."""

    def __init__(
        self,
        http: httpx.Client,
        endpoint: str,
        key: Key,
        nonce: Callable[[], str] = lambda: os.urandom(16).hex(),
    ) -> None:
        self._http = http
        self._endpoint = endpoint.rstrip("/")
        self._key = key
        self._nonce = nonce

    def put(self, event: dict[str, Any]) -> None:
        """Publish an event on the bus that it names.

        Raises:
            Refused: if the bus did not take it.
        """
        path = "/openapi/putEvents"
        named = {
            "x-acs-signature-method": "HMAC-SHA1",
            "x-acs-signature-nonce": self._nonce(),
            "x-acs-signature-version": "1.0",
        }
        if self._key.security_token:
            named["x-acs-accesskey-id"] = self._key.access_key_id
            named["x-acs-security-token"] = self._key.security_token
        headers = {
            "date": formatdate(usegmt=True),
            "accept": "application/json",
            "content-type": "application/cloudevents-batch+json; charset=utf-8",
            "x-eventbridge-version": "2015-06-06",
            **named,
        }
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(named.items()))
        text = f"POST\n\n{headers['content-type']}\n{headers['date']}\n{lines}{path}"
        headers["authorization"] = f"acs:{self._key.access_key_id}:{self._key.sign(text)}"
        body = json.dumps([event], ensure_ascii=False).encode()
        answer = self._http.post(self._endpoint + path, content=body, headers=headers)
        try:
            said = answer.json()
        except ValueError:
            said = {}
        lower = {k.lower(): v for k, v in said.items()} if isinstance(said, dict) else {}
        if answer.status_code >= 300 or lower.get("failedentrycount", 0):
            problem = lower.get("entrylist") or lower.get("code") or "no reason given"
            raise Refused(f"PutEvents: HTTP {answer.status_code}, {str(problem)[:300]}")


def _values(element: ElementTree.Element) -> dict[str, str]:
    return {child.tag.rpartition("}")[2]: child.text or "" for child in element}
