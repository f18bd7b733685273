"""Decides what to send to a chat and what its answer means; pure.

Both platforms answer errors with HTTP 200 and a code in the body, so an answer that cannot be read
is a failure, too. Codes: "Custom robot: send group messages" (DingTalk), "Custom bot usage guide"
(Lark) and what their users report.
"""

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from functions.cloud.errors import PermanentError, SettingError, TemporaryError
from functions.cloud.web import Answer, header_value
from functions.cloud.wire import MOST_BYTES, encode
from functions.platforms.signatures import dingtalk_url, lark_body
from functions.request import environment
from functions.request.deployment import PLATFORMS
from functions.request.events import Event

SHORT_BYTES = 3000
_WEBHOOK = re.compile(r"https?://[^\s/]+/")


class ChatBusyError(TemporaryError):
    """The chat takes no message right now: too many, out of order, or out of reach."""


class ChatRefusedError(PermanentError):
    """The chat will not take this message: wrong webhook, secret, keyword or address."""


class Chat(NamedTuple):
    """Where a chat's messages go."""

    name: str
    platform: str
    webhook: str
    secret: str

    def __repr__(self) -> str:
        """Say which chat, never its webhook: who knows that can post."""
        return f"Chat({self.name})"


class Outgoing(NamedTuple):
    """A request that is ready to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Meaning(Enum):
    """What a chat's answer asks for."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    BAD_FORM = "bad form"
    TOO_LONG = "too long"


class Verdict(NamedTuple):
    """What an answer means, with the platform's code."""

    meaning: Meaning
    code: str


_DINGTALK = {
    **dict.fromkeys(("-1", "130101", "410100"), Meaning.LATER),
    **dict.fromkeys(("40035", "400105", "43004"), Meaning.BAD_FORM),
    **dict.fromkeys(("460101", "101002"), Meaning.TOO_LONG),
}
_LARK = {
    **dict.fromkeys(("11232", "11233", "99991400"), Meaning.LATER),
    **dict.fromkeys(("9499", "19002"), Meaning.BAD_FORM),
    **dict.fromkeys(("19036", "230025"), Meaning.TOO_LONG),
}


def chats(environ: Mapping[str, str]) -> dict[str, Chat | SettingError]:
    """Read the variable ``CHATS``; a chat whose setting is wrong is the error that says so.

    It is raised only when that chat is addressed, so that it silences no other.

    Raises:
        SettingError: if the variable as a whole is no JSON object.
    """
    found: dict[str, Chat | SettingError] = {}
    for name, given in environment.json_object(environ, "CHATS").items():
        entry = given if isinstance(given, dict) else {}
        values = [entry.get(key, "") for key in ("platform", "webhook", "secret")]
        platform, webhook, secret = (v if isinstance(v, str) else "" for v in values)
        if platform not in PLATFORMS:
            accepted = ", ".join(PLATFORMS)
            found[name] = SettingError("CHATS", f"$.{name}.platform must be one of: {accepted}")
        elif not _WEBHOOK.match(webhook):
            found[name] = SettingError("CHATS", f"$.{name}.webhook must be an http(s) URL")
        else:
            found[name] = Chat(name, platform, webhook, secret)
    return found


def addressed(
    event: Event, known: Mapping[str, Chat | SettingError]
) -> tuple[Chat, dict[str, Any]]:
    """Return the chat that a result event is for, and its finished message.

    Raises:
        PermanentError: if it names no chat that is known, or holds no message.
        SettingError: if that chat's own setting is wrong.
    """
    name = event.get("detail", "origin", "chat")
    chat = known.get(name) if isinstance(name, str) else None
    if chat is None:
        names = ", ".join(sorted(known))
        raise PermanentError(f"event {event.id} is for no known chat; known: {names}", "NoChat")
    if isinstance(chat, SettingError):
        raise chat
    message = event.get("message")
    if not isinstance(message, dict):
        raise PermanentError(f"event {event.id} holds no message", "NoMessage")
    return chat, message


def outgoing(chat: Chat, message: dict[str, Any], key: str, now: float) -> Outgoing:
    """Sign a message as the chat's platform wants it, at the moment of sending."""
    url, body = chat.webhook, message
    if chat.secret and chat.platform == "dingtalk":
        url = dingtalk_url(url, chat.secret, int(now * 1000))
    elif chat.secret:
        body = lark_body(message, chat.secret, int(now))
    headers = {
        "content-type": "application/json; charset=utf-8",
        # Neither platform knows it; the local cloud's chats do, and so may a relay in between.
        "idempotency-key": header_value(key),
    }
    return Outgoing(url, headers, encode(body))


def judge(platform: str, answer: Answer) -> Verdict:
    """Say what a chat's answer means."""
    try:
        given = json.loads(answer.body)
    except (ValueError, RecursionError):
        given = None
    fields = given if isinstance(given, dict) else {}
    code, text = _code_and_text(platform, fields)
    if answer.status == 200 and code == "0":
        return Verdict(Meaning.SENT, code)
    if answer.status == 413:
        return Verdict(Meaning.TOO_LONG, code or "Http413")
    if answer.status >= 500 or answer.status in {408, 425, 429}:
        return Verdict(Meaning.LATER, code or f"Http{answer.status}")
    if not code:
        # A proxy's or a firewall's page: nobody knows whether the message arrived.
        meaning = Meaning.LATER if answer.status == 200 else Meaning.REFUSED
        return Verdict(meaning, f"Http{answer.status}")
    return Verdict(_meaning(platform, code, text), code)


def fallback(message: dict[str, Any], chat: Chat, meaning: Meaning) -> dict[str, Any] | None:
    """Return the same facts as plain text, for a chat that refused the form or the length."""
    if meaning not in {Meaning.BAD_FORM, Meaning.TOO_LONG}:
        return None
    most = SHORT_BYTES if meaning is Meaning.TOO_LONG else MOST_BYTES - 1000
    text = _plain_text(message)
    raw = text.encode("utf-8", "replace")
    if len(raw) > most:
        text = raw[:most].decode("utf-8", "ignore") + "…"
    if chat.platform == "lark":
        return {"msg_type": "text", "content": {"text": text}}
    plain = {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}}
    return {**plain, "msgUuid": message["msgUuid"]} if "msgUuid" in message else plain


def failure(chat: Chat, verdict: Verdict) -> ChatBusyError | ChatRefusedError:
    """Return the error for an answer that is no success.

    Both are raised. EventBridge tries again after either; what a wrong webhook or secret refused
    then ends in the dead-letter queue, from where it can be sent once the setting is mended.
    """
    message = f"chat {chat.name} ({chat.platform}) answered {verdict.code}"
    if verdict.meaning is Meaning.LATER:
        return ChatBusyError(f"{message}: not now", verdict.code)
    return ChatRefusedError(f"{message}: {verdict.meaning.value}", verdict.code)


def _code_and_text(platform: str, fields: Mapping[str, Any]) -> tuple[str, str]:
    """Return an answer's code and words; Lark's older answers have other names for them."""
    lark = [("code", "msg"), ("StatusCode", "StatusMessage")]
    names = lark if platform == "lark" else [("errcode", "errmsg")]
    for code, text in names:
        if code in fields and fields[code] is not None:
            return str(fields[code]).removesuffix(".0"), str(fields.get(text, "")).lower()
    return "", ""


def _meaning(platform: str, code: str, text: str) -> Meaning:
    if platform == "dingtalk":
        return _DINGTALK.get(code, Meaning.REFUSED)
    # 9499 stands for a malformed body and, with other words, for too many messages.
    if "frequency" in text or "too many" in text:
        return Meaning.LATER
    if len(code) == 6 and code.startswith("200"):
        return Meaning.BAD_FORM
    return _LARK.get(code, Meaning.REFUSED)


def _plain_text(message: Mapping[str, Any]) -> str:
    """Collect what a message says, whichever of the two forms it has."""
    markdown = message.get("markdown")
    if isinstance(markdown, dict):
        return str(markdown.get("text", ""))
    lines: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("content"), str):
                lines.append(value["content"].replace("**", ""))
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect(message.get("card"))
    # In a text message, unlike in a card's plain parts, <at ...> is a mention.
    return "\n".join(lines).replace("<", "\uff1c")
