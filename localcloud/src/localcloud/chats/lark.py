"""A Lark custom bot's webhook, ``POST /open-apis/bot/v2/hook/<id>``.

Errors are HTTP 200 with a ``code`` in the body. Sources: "Custom bot usage guide" (Lark), and what
its users report of codes and sentences.
"""

import base64
import hashlib
import hmac
from typing import Any

from localcloud import strict_json
from localcloud.chats import lark_card
from localcloud.chats.state import Chat, Chats
from localcloud.faults import Fault
from localcloud.http import HttpRequest, HttpResponse
from localcloud.json_body import parse_object, texts

PATH = "/open-apis/bot/v2/hook/"
BODY_LIMIT = 20 * 1024
"""Bytes of a message."""
_HOUR = 3600
_JSON = {"content-type": "application/json; charset=utf-8"}
_TOO_MANY = 11232
_FIELDS = {"text": "text", "post": "post", "image": "image_key", "share_chat": "share_chat_id"}
"""The message types with a content, and what it must have."""
_SENTENCES = {
    _TOO_MANY: "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]",
    9499: "Bad Request",
    19001: "param invalid: incoming webhook access token invalid",
    19002: "params error, msg_type need",
    19021: "sign match fail or timestamp is not within one hour from current time",
    19022: "Ip Not Allowed",
    19024: "Key Words Not Found",
    19036: "message content is too large",
}


class Refusal(Exception):
    """The bot does not take a message."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(str(code))
        self.code = code
        self.message = message


async def receive(chats: Chats, request: HttpRequest) -> HttpResponse:
    """Take a message, or answer as the bot does when it does not."""
    try:
        chat = _chat(chats, request)
        fault = await chats.fault(chat)
        if fault is not None:
            return _failed_on_demand(fault)
        body = _parse(request)
        _check_security(chat, body, chats.now())
        body = {name: value for name, value in body.items() if name not in {"timestamp", "sign"}}
        _check_message(body)
        # guess: Lark documents no key for repeats; this one is the local cloud's own.
        key = request.headers.get("idempotency-key", "")
        if not await chats.accept(chat, key, body):
            return _refuse(_TOO_MANY)
    except lark_card.InvalidCard as invalid:
        return _refuse(invalid.code, invalid.message)
    except Refusal as refusal:
        return _refuse(refusal.code, refusal.message)
    # The first three are today's, the others are from before and still sent.
    return _answer(
        {
            "code": 0,
            "msg": "success",
            "data": {},
            "Extra": None,
            "StatusCode": 0,
            "StatusMessage": "success",
        }
    )


def signature(secret: str, timestamp: str) -> str:
    """Return the signature for a time in seconds: the key is time and secret, the text is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def _chat(chats: Chats, request: HttpRequest) -> Chat:
    if request.method != "POST":
        raise Refusal(9499)
    chat = chats.find("lark", request.path.removeprefix(PATH))
    if chat is None:
        raise Refusal(19001)
    return chat


def _parse(request: HttpRequest) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(9499)
    if len(request.body) > BODY_LIMIT:
        raise Refusal(19036)
    body = parse_object(request.body)
    if body is None:
        raise Refusal(9499)
    return body


def _check_security(chat: Chat, body: dict[str, Any], now: float) -> None:
    secret, keyword = chat.settings.secret, chat.settings.keyword
    if secret:
        timestamp, sign = str(body.get("timestamp", "")), str(body.get("sign", ""))
        if not timestamp.isascii() or not timestamp.isdigit():
            raise Refusal(19021)
        if abs(now - int(timestamp)) > _HOUR:
            raise Refusal(19021)
        if not hmac.compare_digest(signature(secret, timestamp).encode(), sign.encode()):
            raise Refusal(19021)
    if keyword and not any(keyword in text for text in texts(body)):
        raise Refusal(19024)


def _check_message(body: dict[str, Any]) -> None:
    kind = body.get("msg_type")
    if kind == "interactive":
        _check_card(body)
        return
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Refusal(19002)
    content = body.get("content")
    if not isinstance(content, dict) or not content.get(_FIELDS[kind]):
        raise Refusal(9499)
    expected: type = dict if kind == "post" else str
    if not isinstance(content[_FIELDS[kind]], expected):
        raise Refusal(9499)


def _check_card(body: dict[str, Any]) -> None:
    card = body.get("card")
    if isinstance(card, str):
        # Seen to work, although the documentation shows an object.
        card = body["card"] = parse_object(card.encode())
    if not isinstance(card, dict):
        raise Refusal(9499)
    lark_card.check(card)


def _failed_on_demand(fault: Fault) -> HttpResponse:
    if len(fault.error) == 3 and fault.error.isdigit():
        return HttpResponse(int(fault.error), b"failed on demand", {"content-type": "text/plain"})
    return _refuse(int(fault.error) if fault.error.isdigit() else _TOO_MANY)


def _refuse(code: int, message: str = "") -> HttpResponse:
    return _answer(
        {"code": code, "msg": message or _SENTENCES.get(code, "failed on demand"), "data": {}}
    )


def _answer(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(200, strict_json.write(body).encode(), _JSON)
