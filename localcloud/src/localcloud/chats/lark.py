"""A Lark custom bot's webhook, ``POST /open-apis/bot/v2/hook/<id>``.

Errors are HTTP 200 with a ``code`` in the body. Sources: "Custom bot usage guide" (Lark), and what
its users report of codes and sentences.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from localcloud import strict_json
from localcloud.chats import lark_card
from localcloud.chats.limits import MINUTE, RateLimit, Usage, Window
from localcloud.chats.platform import Message, RefusedError
from localcloud.chats.shown import Shown, items, member, members, text_in
from localcloud.http import HttpRequest, HttpResponse
from localcloud.json_body import parse_object, texts
from localcloud.settings import ChatSettings

_MOST_IN_A_MINUTE = 100
BODY_LIMIT = 20 * 1024
"""Bytes of a message."""
_HOUR = 3600
_JSON = {"content-type": "application/json; charset=utf-8"}
_TOO_MANY = 11232
_FIELDS = {"text": "text", "post": "post", "image": "image_key", "share_chat": "share_chat_id"}
"""The message types with a content, and what it must have."""
_SENTENCES = {
    0: "success",
    _TOO_MANY: "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]",
    9499: "Bad Request",
    19001: "param invalid: incoming webhook access token invalid",
    19002: "params error, msg_type need",
    19021: "sign match fail or timestamp is not within one hour from current time",
    19022: "Ip Not Allowed",
    19024: "Key Words Not Found",
    19036: "message content is too large",
}


class Lark:
    """The bots of Lark's groups."""

    name = "lark"
    host = "open.lark"
    path = "/open-apis/bot/v2/hook/"
    unknown_chat = 19001
    too_many = _TOO_MANY

    def address(self, path: str, query: Mapping[str, str]) -> str:  # noqa: ARG002
        """Return the id, which is the path's last part."""
        return path.rpartition("/")[2]

    def check_call(self, request: HttpRequest) -> None:
        """Raise :class:`RefusedError` unless it is a POST."""
        if request.method != "POST":
            raise RefusedError(9499)

    def read(self, chat: ChatSettings, request: HttpRequest, now: float) -> Message:
        """Return the message in a request, or raise :class:`RefusedError`."""
        body = _parse(request)
        _check_security(chat, body, now)
        body = {name: value for name, value in body.items() if name not in {"timestamp", "sign"}}
        _check_message(body)
        # guess: Lark documents no key for repeats; this one is the local cloud's own.
        return Message(body, request.headers.get("idempotency-key", ""))

    def answer(self, code: int, message: str = "") -> HttpResponse:
        """Return the answer with a code; 0 is success."""
        message = message or _SENTENCES.get(code, "failed on demand")
        body = {"code": code, "msg": message, "data": {}}
        if code == 0:
            # From before, and still sent.
            body |= {"Extra": None, "StatusCode": 0, "StatusMessage": message}
        return HttpResponse(200, strict_json.write(body).encode(), _JSON)

    def limit(self) -> RateLimit:
        """Return a new chat's limit of messages."""
        return _Limit()

    def render(self, body: Mapping[str, Any]) -> Shown:
        """Return a message as text; what is not understood is left out, never an error."""
        content = member(body.get("content"))
        match body.get("msg_type"):
            case "text":
                text = text_in(content.get("text"))
                return Shown(text.split("\n")[0], text)
            case "post":
                post: object = next(iter(member(content.get("post")).values()), {})
                lines = [
                    "".join(_span(x) for x in members(row))
                    for row in items(member(post).get("content"))
                ]
                title = text_in(member(post).get("title"))
                return Shown(title, "\n".join([title, *lines] if title else lines))
            case "interactive":
                return lark_card.render(member(body.get("card")))
            case kind:
                return Shown(f"[{kind}]", f"[{kind}]")


def signature(secret: str, timestamp: str) -> str:
    """Return the signature for a time in seconds: the key is time and secret, the text is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


class _Limit:
    """100 messages a minute and 5 a second ("Custom bot usage guide", Lark)."""

    def __init__(self) -> None:
        self._minute, self._second = Window(MINUTE), Window(1)

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""
        if self._minute.count(now) >= _MOST_IN_A_MINUTE or self._second.count(now) >= 5:
            return False
        self._minute.add(now)
        self._second.add(now)
        return True

    def usage(self, now: float) -> Usage:
        """Return how much of a minute's is used up."""
        return Usage(self._minute.count(now), _MOST_IN_A_MINUTE)


def _parse(request: HttpRequest) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise RefusedError(9499)
    if len(request.body) > BODY_LIMIT:
        raise RefusedError(19036)
    body = parse_object(request.body)
    if body is None:
        raise RefusedError(9499)
    return body


def _check_security(chat: ChatSettings, body: dict[str, Any], now: float) -> None:
    if chat.secret:
        timestamp, sign = str(body.get("timestamp", "")), str(body.get("sign", ""))
        if not timestamp.isascii() or not timestamp.isdigit():
            raise RefusedError(19021)
        if abs(now - int(timestamp)) > _HOUR:
            raise RefusedError(19021)
        if not hmac.compare_digest(signature(chat.secret, timestamp).encode(), sign.encode()):
            raise RefusedError(19021)
    if chat.keyword and not any(chat.keyword in text for text in texts(body)):
        raise RefusedError(19024)


def _check_message(body: dict[str, Any]) -> None:
    kind = body.get("msg_type")
    if kind == "interactive":
        _check_card(body)
        return
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise RefusedError(19002)
    content = body.get("content")
    if not isinstance(content, dict) or not content.get(_FIELDS[kind]):
        raise RefusedError(9499)
    expected: type = dict if kind == "post" else str
    if not isinstance(content[_FIELDS[kind]], expected):
        raise RefusedError(9499)


def _check_card(body: dict[str, Any]) -> None:
    card = body.get("card")
    if isinstance(card, str):
        # Seen to work, although the documentation shows an object.
        card = body["card"] = parse_object(card.encode())
    if not isinstance(card, dict):
        raise RefusedError(9499)
    lark_card.check(card)


def _span(part: Mapping[str, Any]) -> str:
    text = text_in(part.get("text"))
    match part.get("tag"):
        case "a":
            return f"{text} ({text_in(part.get('href'))})"
        case "at":
            return f"@{text_in(part.get('user_name')) or text_in(part.get('user_id'))}"
        case _:
            return text
