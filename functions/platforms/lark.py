"""Lark's custom bot: cards, signed in the body.

Sources: "Custom bot usage guide" (Lark), and what its users report of codes.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from functions.platforms.base import (
    KEYWORD,
    Content,
    Meaning,
    Message,
    Rate,
    Verdict,
    code_in,
    pause,
    words_in,
)
from functions.platforms.markup import neutral

_MEANINGS = {
    "0": Meaning.SENT,
    **dict.fromkeys(("11232", "11233", "99991400"), Meaning.LATER),
    # 230099 is a card that could not be made, with one of the codes 200... in its words.
    **dict.fromkeys(("9499", "19002", "230001", "230099"), Meaning.BAD_FORM),
    # What the review of messages does not let pass.
    "230028": Meaning.BAD_CONTENT,
    **dict.fromkeys(("19036", "230025"), Meaning.TOO_LONG),
}


class Lark:
    """A bot's webhook."""

    most_bytes = 18_000
    """Lark takes 20 KB."""
    most_text_bytes = 17_000
    rate = Rate(burst=4, seconds_each=1.2)
    """60 in any 60 s and 4 in one, even if messages arrive 7 s late; Lark takes 100 and 5."""

    def pause_seconds(self, refusals: int) -> float:
        """Return how long to wait: Lark counts by the second and the minute, and never blocks."""
        return pause(1, 120, refusals)

    def message(self, content: Content, event_id: str) -> Message:  # noqa: ARG002
        """Return a card in JSON 1.0, whose unknown parts old clients ignore."""
        elements: list[dict[str, Any]] = []
        if content.notice:
            elements.append(_plain(content.notice))
        if content.fields:
            # A long value needs the whole width.
            fields = [
                {
                    "is_short": len(value) <= 40,
                    "text": _markdown(f"**{name}**\n{neutral(value)}"),
                }
                for name, value in content.fields
            ]
            elements.append({"tag": "div", "fields": fields})
        for section in content.sections:
            lines = "\n".join(neutral(line) for line in section.lines)
            elements.append({"tag": "div", "text": _markdown(f"**{section.heading}**\n{lines}")})
        if content.output:
            elements.append({"tag": "hr"})
            elements.append(_plain(content.output_label))
            # Plain text on purpose: nothing in it is markup or a mention; without the tag itself
            # even for a client that thinks otherwise.
            elements.append(_plain(content.output.replace("<", "\uff1c")))
        for text, url in content.links:
            elements.append({"tag": "div", "text": _markdown(f"[{text}]({url})")})
        if content.footer:
            footer = {"tag": "plain_text", "content": content.footer}
            elements.append({"tag": "note", "elements": [footer]})
        return {
            "msg_type": "interactive",
            "card": {
                "config": {"wide_screen_mode": True},
                "header": {
                    "template": content.colour,
                    "title": {"tag": "plain_text", "content": f"{KEYWORD} {content.title}"},
                },
                "elements": elements,
            },
        }

    def text_of(self, message: Message) -> str:
        """Return every content of a card, one a line, without mentions."""
        # In a text message, unlike in a card's plain parts, <at ...> is a mention.
        return "\n".join(_contents(message.get("card"))).replace("<", "\uff1c")

    def text_message(self, text: str, instead_of: Message) -> Message:  # noqa: ARG002
        """Return a text message."""
        return {"msg_type": "text", "content": {"text": text}}

    def signed(
        self, webhook: str, message: Message, secret: str, seconds: float
    ) -> tuple[str, Message]:
        """Return the message with time and signature beside its content; valid for an hour."""
        whole = int(seconds)
        return webhook, {**message, "timestamp": str(whole), "sign": signature(secret, whole)}

    def verdict(self, answer: Mapping[str, Any]) -> Verdict | None:
        """Return what ``code`` means; older answers call it ``StatusCode``."""
        for name, words in (("code", "msg"), ("StatusCode", "StatusMessage")):
            if code := code_in(answer, name):
                said = words_in(answer, words)
                return Verdict(_meaning(code, said.lower()), code, said)
        return None


def signature(secret: str, seconds: int) -> str:
    """Return the signature: time and secret are the key, and nothing is signed with it."""
    key = f"{seconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def _meaning(code: str, words: str) -> Meaning:
    # 9499 stands for a malformed body and, with other words, for too many messages.
    if code != "0" and ("frequency" in words or "too many" in words):
        return Meaning.LATER
    if len(code) == 6 and code.startswith("200"):
        return Meaning.BAD_FORM
    return _MEANINGS.get(code, Meaning.REFUSED)


def _contents(part: object) -> list[str]:
    """Return the texts in a card, however deep."""
    if isinstance(part, list):
        return [text for item in part for text in _contents(item)]
    if not isinstance(part, dict):
        return []
    own = part.get("content")
    texts = [own.replace("**", "")] if isinstance(own, str) else []
    return texts + _contents(list(part.values()))


def _plain(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": {"tag": "plain_text", "content": text}}


def _markdown(text: str) -> dict[str, Any]:
    return {"tag": "lark_md", "content": text}
