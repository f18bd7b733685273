"""A DingTalk custom robot's webhook, ``POST /robot/send?access_token=...``.

Errors are HTTP 200 with an ``errcode`` in the body. Sources: "Custom robot: send group messages",
"Security settings of a custom bot" (DingTalk), and what its users report of codes and sentences.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from localcloud import strict_json
from localcloud.chats.limits import MINUTE, RateLimit, Usage, Window
from localcloud.chats.platform import Message, RefusedError
from localcloud.chats.shown import Shown, member, members, plain, text_in
from localcloud.http import HttpRequest, HttpResponse
from localcloud.json_body import parse_object, texts
from localcloud.settings import ChatSettings

_MOST_IN_A_MINUTE = 20
BODY_LIMIT = 20_000
"""Bytes of a message."""
_HOUR_MS = 3_600_000
_JSON = {"content-type": "application/json"}
_TOO_FAST = 130101
_FIELDS = {
    "text": ("content",),
    "link": ("title", "text", "messageUrl"),
    "markdown": ("title", "text"),
    "actionCard": ("title", "text"),
    "feedCard": (),
}
"""The message types and the texts that each must have."""
_SENTENCES = {
    0: "ok",
    -1: "system busy",
    300005: "token is not exist",
    _TOO_FAST: "send too fast, exceed 20 times per minute",
    410100: "send too fast, exceed 20 times per minute",
}


class DingTalk:
    """The robots of DingTalk's groups."""

    name = "dingtalk"
    host = "oapi.dingtalk"
    path = "/robot/send"
    unknown_chat = 300005
    too_many = _TOO_FAST

    def address(self, path: str, query: Mapping[str, str]) -> str:  # noqa: ARG002
        """Return the token."""
        return query.get("access_token", "")

    def check_call(self, request: HttpRequest) -> None:
        """Raise :class:`RefusedError` unless JSON is posted with a token."""
        if request.method != "POST":
            raise RefusedError(43002, "require POST method")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RefusedError(43004, "require content-type: application/json")
        if not request.query.get("access_token"):
            raise RefusedError(40035, "missing parameter access_token")

    def read(self, chat: ChatSettings, request: HttpRequest, now: float) -> Message:
        """Return the message in a request, or raise :class:`RefusedError`."""
        body = _parse(request)
        _check_security(chat, request, body, now)
        _check_message(body)
        # guess: the API's field list names msgUuid and does not explain it.
        key = body.get("msgUuid") or request.headers.get("idempotency-key", "")
        return Message(body, str(key))

    def answer(self, code: int, message: str = "") -> HttpResponse:
        """Return the answer with a code; 0 is success."""
        # Seen by users with these extra keys in the same object.
        slow_down = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}
        body = {
            **(slow_down if code == _TOO_FAST else {}),
            "errcode": code,
            "errmsg": message or _SENTENCES.get(code, "failed on demand"),
        }
        return HttpResponse(200, strict_json.write(body).encode(), _JSON)

    def limit(self) -> RateLimit:
        """Return a new chat's limit of messages."""
        return _Limit()

    def render(self, body: Mapping[str, Any]) -> Shown:
        """Return a message as text; what is not understood is left out, never an error."""
        kind = str(body.get("msgtype", ""))
        part = member(body.get(kind))
        title = text_in(part.get("title"))
        match kind:
            case "text":
                content = text_in(part.get("content"))
                return Shown(content.split("\n")[0], content)
            case "link":
                lines = [title, text_in(part.get("text")), text_in(part.get("messageUrl"))]
            case "markdown":
                return Shown(title, plain(text_in(part.get("text"))))
            case "actionCard":
                buttons = [(text_in(part.get("singleTitle")), text_in(part.get("singleURL")))] + [
                    (text_in(b.get("title")), text_in(b.get("actionURL")))
                    for b in members(part.get("btns"))
                ]
                lines = [plain(text_in(part.get("text")))]
                lines += [f"[{name}] {url}" for name, url in buttons if name]
            case "feedCard":
                links = members(part.get("links"))
                lines = [f"{text_in(x.get('title'))} {text_in(x.get('messageURL'))}" for x in links]
                title = text_in(links[0].get("title")) if links else ""
            case _:
                lines = []
        return Shown(title, "\n".join(line for line in lines if line))


def signature(secret: str, timestamp: str) -> str:
    """Return the signature for a time in milliseconds: the secret is the key and in the text."""
    text = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


class _Limit:
    """20 messages a minute; one more, and nothing is taken for 10 minutes.

    "Custom robot: send group messages" (DingTalk).
    """

    def __init__(self) -> None:
        self._minute = Window(MINUTE)
        self._closed_until = 0.0

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""
        if now < self._closed_until:
            return False
        if self._minute.count(now) >= _MOST_IN_A_MINUTE:
            # guess: tries during the ten minutes do not make them longer.
            self._closed_until = now + 10 * MINUTE
            return False
        self._minute.add(now)
        return True

    def usage(self, now: float) -> Usage:
        """Return how much of it is used up, and how long nothing is taken."""
        closed = max(0.0, self._closed_until - now)
        return Usage(self._minute.count(now), _MOST_IN_A_MINUTE, closed)


def _parse(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > BODY_LIMIT:
        raise RefusedError(460101, f"message too long, exceed {BODY_LIMIT} bytes")
    body = parse_object(request.body)
    if body is None:
        # guess: the sentence.
        raise RefusedError(40035, "missing parameter json")
    return body


def _check_security(
    chat: ChatSettings, request: HttpRequest, body: dict[str, Any], now: float
) -> None:
    if chat.secret:
        timestamp = request.query.get("timestamp", "")
        sign = request.query.get("sign", "")
        if not timestamp.isascii() or not timestamp.isdigit():
            raise RefusedError(310000, "sign not match" if not timestamp else "invalid timestamp")
        if abs(now * 1000 - int(timestamp)) > _HOUR_MS:
            raise RefusedError(310000, "invalid timestamp")
        if not hmac.compare_digest(signature(chat.secret, timestamp).encode(), sign.encode()):
            raise RefusedError(310000, "sign not match")
    if chat.keyword and not any(chat.keyword in text for text in texts(body)):
        raise RefusedError(310000, "keywords not in content")


def _check_message(body: dict[str, Any]) -> None:
    kind = body.get("msgtype")
    if not isinstance(kind, str) or not kind:
        raise RefusedError(40035, "missing parameter msgtype")
    if kind not in _FIELDS:
        raise RefusedError(400105, f"unsupported msgtype {kind[:50]}")
    part = body.get(kind)
    if not isinstance(part, dict):
        raise RefusedError(40035, f"missing parameter {kind}")
    for field in _FIELDS[kind]:
        # guess: the sentence; that the field is needed is documented.
        if not isinstance(part.get(field), str) or not part[field]:
            raise RefusedError(40035, f"missing parameter {kind}.{field}")
    if kind == "actionCard" and not part.get("singleTitle") and not part.get("btns"):
        raise RefusedError(40035, "missing parameter actionCard.singleTitle or actionCard.btns")
    if kind == "feedCard" and not part.get("links"):
        raise RefusedError(40035, "missing parameter feedCard.links")
    at = body.get("at")
    if isinstance(at, dict):
        mentioned = [*(at.get("atMobiles") or []), *(at.get("atUserIds") or [])]
        if len(mentioned) > 50:
            # guess: the code; the number is documented.
            raise RefusedError(40035, "at most 50 users can be mentioned")
