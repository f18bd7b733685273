"""The messages of a queue (Simple Message Queue, formerly MNS, API 2015-06-06).

Sources: "Request protocol" and "Sign requests"; the requests are those of ``aliyun-mns-sdk`` 1.3.
"""

import base64
import hashlib
import hmac
from email.utils import formatdate
from typing import NamedTuple
from xml.etree import ElementTree

import httpx

from functions.cloud.rpc import Credentials
from localcloud.commandline.errors import UserError

BATCH = 16
"""As many messages as one request may take."""
_NONE_LEFT = "MessageNotExist"


class Refused(UserError):
    """The queue did not do what it was asked for."""


class Message(NamedTuple):
    """A message of the queue; without a receipt if it was only looked at."""

    id: str
    body: str
    receipt: str


class Queue:
    """One queue."""

    def __init__(self, http: httpx.Client, endpoint: str, name: str, key: Credentials) -> None:
        self._http = http
        self._endpoint = endpoint.rstrip("/")
        self._path = f"/queues/{name}"
        self._key = key

    def count(self) -> int:
        """Return how many messages wait."""
        return int(_values(self._call("GET", self._path))["ActiveMessages"])

    def look(self) -> list[Message]:
        """Return the first messages and leave them as they are."""
        return self._messages(f"peekonly=true&numOfMessages={BATCH}")

    def take(self) -> list[Message]:
        """Return messages that nobody else gets until the queue's visibility timeout has passed."""
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
        headers["authorization"] = f"MNS {self._key.access_key_id}:{_sign(text, self._key)}"
        answer = self._http.request(method, self._endpoint + resource, headers=headers)
        try:
            # From the queue's own service, over TLS; Expat resolves no external entity.
            root = ElementTree.fromstring(answer.text or "<Empty/>")  # noqa: S314
        except ElementTree.ParseError:
            raise Refused(f"{method} {self._path}: HTTP {answer.status_code}, no XML") from None
        if answer.status_code >= 300:
            values = _values(root)
            refusal = f"{values.get('Code', '?')} ({values.get('Message', '')[:200]})"
            raise Refused(f"{method} {self._path}: HTTP {answer.status_code}, {refusal}")
        return root


def _values(element: ElementTree.Element) -> dict[str, str]:
    return {child.tag.rpartition("}")[2]: child.text or "" for child in element}


def _sign(text: str, key: Credentials) -> str:
    mac = hmac.new(key.access_key_secret.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()
