"""DingTalk's custom robot: markdown messages, signed in the query.

Sources: "Custom robot: send group messages", "Security settings of a custom bot" (DingTalk), and
what its users report of codes.
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
from functions.platforms.markup import markdown

_MEANINGS = {
    "0": Meaning.SENT,
    **dict.fromkeys(("-1", "130101", "410100"), Meaning.LATER),
    # A message type or markup that this robot does not take, a parameter that is missing or wrong.
    **dict.fromkeys(("40035", "43004", "400105", "400402", "400403"), Meaning.BAD_FORM),
    # What the platform's review does not let pass: a link, words, a title, an image.
    **dict.fromkeys(("430101", "430102", "430103", "430104"), Meaning.BAD_CONTENT),
    **dict.fromkeys(("460101", "101002"), Meaning.TOO_LONG),
}


class DingTalk:
    """A robot's webhook."""

    most_bytes = 18_000
    """DingTalk takes 20,000."""
    most_text_bytes = 17_000
    rate = Rate(burst=8, seconds_each=7.5)
    """16 in any 60 s, even if messages arrive up to 7 s late; DingTalk takes 20 and then blocks."""

    def pause_seconds(self, refusals: int) -> float:
        """Return how long to wait: the block after too many messages lasts ten minutes."""
        return pause(60, 600, refusals)

    def message(self, content: Content, event_id: str) -> Message:
        """Return a markdown message."""
        return {
            "msgtype": "markdown",
            "markdown": {
                "title": f"{KEYWORD} {content.title}",
                "text": markdown(content, f"### {KEYWORD} {content.sign} {content.title}"),
            },
            "at": {"isAtAll": False},
            # guess: the API's field list has msgUuid without a word on it; if it is what its name
            # says, a message that is sent twice is shown once.
            "msgUuid": event_id,
        }

    def text_of(self, message: Message) -> str:
        """Return the text of a markdown message, as it is."""
        markdown = message.get("markdown")
        return str(markdown.get("text", "")) if isinstance(markdown, dict) else ""

    def text_message(self, text: str, instead_of: Message) -> Message:
        """Return a text message with the other one's id."""
        plain = {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}}
        return plain | {key: instead_of[key] for key in ("msgUuid",) if key in instead_of}

    def signed(
        self, webhook: str, message: Message, secret: str, seconds: float
    ) -> tuple[str, Message]:
        """Return the webhook with time and signature in its query; valid for an hour."""
        from urllib.parse import urlencode  # noqa: PLC0415

        milliseconds = int(seconds * 1000)
        joint = "&" if "?" in webhook else "?"
        query = {"timestamp": milliseconds, "sign": signature(secret, milliseconds)}
        return f"{webhook}{joint}{urlencode(query)}", message

    def verdict(self, answer: Mapping[str, Any]) -> Verdict | None:
        """Return what ``errcode`` means."""
        code = code_in(answer, "errcode")
        words = words_in(answer, "errmsg")
        return Verdict(_MEANINGS.get(code, Meaning.REFUSED), code, words) if code else None


def signature(secret: str, milliseconds: int) -> str:
    """Return the signature, not yet percent-encoded: the secret is the key and in the text."""
    text = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
