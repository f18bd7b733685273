"""A DingTalk custom robot's webhook, ``POST /robot/send?access_token=...``.

Errors are HTTP 200 with an ``errcode`` in the body. Sources: "Custom robot: send group messages",
"Security settings of a custom bot" (DingTalk), and what its users report of codes and sentences.
"""

import base64
import hashlib
import hmac
from typing import Any

from localcloud import strict_json
from localcloud.chats.state import Chat, Chats
from localcloud.faults import Fault
from localcloud.http import HttpRequest, HttpResponse
from localcloud.json_body import parse_object, texts

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
    -1: "system busy",
    _TOO_FAST: "send too fast, exceed 20 times per minute",
    410100: "send too fast, exceed 20 times per minute",
}


class Refusal(Exception):
    """The robot does not take a message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


async def receive(chats: Chats, request: HttpRequest) -> HttpResponse:
    """Take a message, or answer as the robot does when it does not."""
    try:
        chat = _chat(chats, request)
        fault = await chats.fault(chat)
        if fault is not None:
            return _failed_on_demand(fault)
        body = _parse(request)
        _check_security(chat, request, body, chats.now())
        _check_message(body)
        # guess: the API's field list names msgUuid and does not explain it.
        key = body.get("msgUuid") or request.headers.get("idempotency-key", "")
        if not await chats.accept(chat, str(key), body):
            return _too_fast()
    except Refusal as refusal:
        return _answer(refusal.code, refusal.message)
    return _answer(0, "ok")


def signature(secret: str, timestamp: str) -> str:
    """Return the signature for a time in milliseconds: the secret is the key and in the text."""
    text = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def _chat(chats: Chats, request: HttpRequest) -> Chat:
    if request.method != "POST":
        raise Refusal(43002, "require POST method")
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(43004, "require content-type: application/json")
    token = request.query.get("access_token", "")
    if not token:
        raise Refusal(40035, "missing parameter access_token")
    chat = chats.find("dingtalk", token)
    if chat is None:
        raise Refusal(300005, "token is not exist")
    return chat


def _parse(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > BODY_LIMIT:
        raise Refusal(460101, f"message too long, exceed {BODY_LIMIT} bytes")
    body = parse_object(request.body)
    if body is None:
        # guess: the sentence.
        raise Refusal(40035, "missing parameter json")
    return body


def _check_security(chat: Chat, request: HttpRequest, body: dict[str, Any], now: float) -> None:
    secret, keyword = chat.settings.secret, chat.settings.keyword
    if secret:
        timestamp = request.query.get("timestamp", "")
        sign = request.query.get("sign", "")
        if not timestamp.isascii() or not timestamp.isdigit():
            raise Refusal(310000, "sign not match" if not timestamp else "invalid timestamp")
        if abs(now * 1000 - int(timestamp)) > _HOUR_MS:
            raise Refusal(310000, "invalid timestamp")
        if not hmac.compare_digest(signature(secret, timestamp).encode(), sign.encode()):
            raise Refusal(310000, "sign not match")
    if keyword and not any(keyword in text for text in texts(body)):
        raise Refusal(310000, "keywords not in content")


def _check_message(body: dict[str, Any]) -> None:
    kind = body.get("msgtype")
    if not isinstance(kind, str) or not kind:
        raise Refusal(40035, "missing parameter msgtype")
    if kind not in _FIELDS:
        raise Refusal(400105, f"unsupported msgtype {kind[:50]}")
    part = body.get(kind)
    if not isinstance(part, dict):
        raise Refusal(40035, f"missing parameter {kind}")
    for field in _FIELDS[kind]:
        # guess: the sentence; that the field is needed is documented.
        if not isinstance(part.get(field), str) or not part[field]:
            raise Refusal(40035, f"missing parameter {kind}.{field}")
    if kind == "actionCard" and not part.get("singleTitle") and not part.get("btns"):
        raise Refusal(40035, "missing parameter actionCard.singleTitle or actionCard.btns")
    if kind == "feedCard" and not part.get("links"):
        raise Refusal(40035, "missing parameter feedCard.links")
    at = body.get("at")
    if isinstance(at, dict):
        mentioned = [*(at.get("atMobiles") or []), *(at.get("atUserIds") or [])]
        if len(mentioned) > 50:
            # guess: the code; the number is documented.
            raise Refusal(40035, "at most 50 users can be mentioned")


def _failed_on_demand(fault: Fault) -> HttpResponse:
    if len(fault.error) == 3 and fault.error.isdigit():
        return HttpResponse(int(fault.error), b"failed on demand", {"content-type": "text/plain"})
    code = int(fault.error) if fault.error.lstrip("-").isdigit() else _TOO_FAST
    if code == _TOO_FAST:
        return _too_fast()
    return _answer(code, _SENTENCES.get(code, "failed on demand"))


def _too_fast() -> HttpResponse:
    # Seen by users with these extra keys in the same object.
    extra = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}
    return _answer(_TOO_FAST, _SENTENCES[_TOO_FAST], extra)


def _answer(code: int, message: str, extra: dict[str, Any] | None = None) -> HttpResponse:
    body = {**(extra or {}), "errcode": code, "errmsg": message}
    return HttpResponse(200, strict_json.write(body).encode(), _JSON)
