"""Decides what to send to a chat and what its answer means; pure."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from functions.cloud.errors import PermanentError, SettingError, TemporaryError
from functions.cloud.web import Answer, header_value
from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Meaning, Message, Verdict, encode
from functions.request import environment
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
    platform: ChatPlatform
    webhook: str
    secret: str

    def __repr__(self) -> str:
        """Return the name alone: whoever has the webhook can post."""
        return f"Chat({self.name})"


class Outgoing(NamedTuple):
    """A request that is ready to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def chats(environ: Mapping[str, str]) -> dict[str, Chat | SettingError]:
    """Read the variable ``CHATS``; a chat with a wrong setting is the error about it.

    The error is raised only when that chat is addressed, so that the others keep working.

    Raises:
        SettingError: if the variable is not a JSON object.
    """
    found: dict[str, Chat | SettingError] = {}
    for name, given in environment.json_object(environ, "CHATS").items():
        entry = given if isinstance(given, dict) else {}
        values = [entry.get(key, "") for key in ("platform", "webhook", "secret")]
        kind, webhook, secret = (v if isinstance(v, str) else "" for v in values)
        if kind not in list(ChatPlatform):
            accepted = ", ".join(ChatPlatform)
            found[name] = SettingError("CHATS", f"$.{name}.platform must be one of: {accepted}")
        elif not _WEBHOOK.match(webhook):
            found[name] = SettingError("CHATS", f"$.{name}.webhook must be an http(s) URL")
        else:
            found[name] = Chat(name, ChatPlatform(kind), webhook, secret)
    return found


def addressed(event: Event, known: Mapping[str, Chat | SettingError]) -> tuple[Chat, Message]:
    """Return the chat that a result event is for, and its finished message.

    Raises:
        PermanentError: if it names no chat that is known, or holds no message.
        SettingError: if that chat's own setting is wrong.
    """
    name = event.get("detail", "origin", "chat")
    chat = known.get(name) if isinstance(name, str) else None
    if chat is None:
        names = ", ".join(sorted(known))
        raise PermanentError(f"event {event.id} names no known chat; known: {names}", "NoChat")
    if isinstance(chat, SettingError):
        raise chat
    message = event.get("message")
    if not isinstance(message, dict):
        raise PermanentError(f"event {event.id} holds no message", "NoMessage")
    return chat, message


def outgoing(chat: Chat, message: Message, key: str, now: float) -> Outgoing:
    """Sign a message as the chat's platform wants it, at the moment of sending."""
    url, body = chat.webhook, message
    if chat.secret:
        url, body = platform(chat.platform).signed(url, message, chat.secret, now)
    headers = {
        "content-type": "application/json; charset=utf-8",
        # No platform knows it; the local cloud's chats do, and so may a relay in between.
        "idempotency-key": header_value(key),
    }
    return Outgoing(url, headers, encode(body))


def judge(chat: Chat, answer: Answer) -> Verdict:
    """Return what a chat's answer means.

    Platforms answer errors with HTTP 200 and a code in the body, so an answer that cannot be read
    is a failure, too.
    """
    try:
        given = json.loads(answer.body)
    except (ValueError, RecursionError):
        given = None
    verdict = platform(chat.platform).verdict(given) if isinstance(given, dict) else None
    code = verdict.code if verdict else f"Http{answer.status}"
    if answer.status == 413:
        return Verdict(Meaning.TOO_LONG, code)
    if answer.status >= 500 or answer.status in {408, 425, 429}:
        return Verdict(Meaning.LATER, code)
    if verdict is None:
        # A proxy's or a firewall's page: nobody knows whether the message arrived.
        return Verdict(Meaning.LATER if answer.status == 200 else Meaning.REFUSED, code)
    if verdict.meaning is Meaning.SENT and answer.status != 200:
        return Verdict(Meaning.REFUSED, code)
    return verdict


def fallback(message: Message, chat: Chat, meaning: Meaning) -> Message | None:
    """Return the same facts as plain text, for a chat that refused the form or the length."""
    if meaning not in {Meaning.BAD_FORM, Meaning.TOO_LONG}:
        return None
    form = platform(chat.platform)
    most = SHORT_BYTES if meaning is Meaning.TOO_LONG else form.most_bytes - 1000
    # A message that waited may have the form of the platform that the chat had before.
    readers = [form, *map(platform, ChatPlatform)]
    text = next(filter(None, (reader.text_of(message) for reader in readers)), "")
    raw = text.encode("utf-8", "replace")
    if len(raw) > most:
        text = raw[:most].decode("utf-8", "ignore") + "…"
    return form.text_message(text, message)


def failure(chat: Chat, verdict: Verdict) -> ChatBusyError | ChatRefusedError:
    """Return the error for an answer that is not a success.

    Both are raised. EventBridge tries again after either; what a wrong webhook or secret refused
    then ends in the dead-letter queue, from which it can be sent once the setting is fixed.
    """
    message = f"chat {chat.name} ({chat.platform}) answered {verdict.code}"
    if verdict.meaning is Meaning.LATER:
        return ChatBusyError(f"{message}: not now", verdict.code)
    return ChatRefusedError(f"{message}: {verdict.meaning.value}", verdict.code)
