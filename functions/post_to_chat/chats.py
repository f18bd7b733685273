"""The chats that this function posts to, and one request to a chat: what is sent and answered."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from functions.cloud.errors import SettingError
from functions.cloud.web import Answer, header_value
from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Meaning, Message, Verdict, encode
from functions.request import environment

_WEBHOOK = re.compile(r"https?://[^\s/]+/")


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


def read(environ: Mapping[str, str]) -> dict[str, Chat | SettingError]:
    """Read the variable ``CHATS``; a chat with a wrong setting is the error about it.

    The others keep working.

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
    words = verdict.words if verdict else ""
    if answer.status == 413:
        return Verdict(Meaning.TOO_LONG, code, words)
    if answer.status >= 500 or answer.status in {408, 425, 429}:
        return Verdict(Meaning.LATER, code, words)
    if verdict is None:
        # A proxy's or a firewall's page: nobody knows whether the message arrived.
        return Verdict(Meaning.LATER if answer.status == 200 else Meaning.REFUSED, code)
    if verdict.meaning is Meaning.SENT and answer.status != 200:
        return Verdict(Meaning.REFUSED, code, words)
    return verdict
