"""WeCom's group robot: markdown messages; the key in the URL is all that it checks.

Source: "Group robot configuration" (WeCom, developer document 91770), and what its users report of
codes.
"""

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
    **dict.fromkeys(("-1", "45009", "45033"), Meaning.LATER),
    **dict.fromkeys(("40008", "40058", "44004", "47001"), Meaning.BAD_FORM),
    "45002": Meaning.TOO_LONG,
}


class WeCom:
    """A robot's webhook."""

    most_bytes = 4_000
    """WeCom takes 4,096 of markdown."""
    most_text_bytes = 2_000
    """WeCom takes 2,048 of plain text."""
    rate = Rate(burst=8, seconds_each=7.5)
    """16 in any 60 s, even if messages arrive up to 7 s late; WeCom takes 20."""

    def pause_seconds(self, refusals: int) -> float:
        """Return how long to wait: WeCom counts by the minute and does not block."""
        return pause(10, 120, refusals)

    def message(self, content: Content, event_id: str) -> Message:  # noqa: ARG002
        """Return a markdown message."""
        text = markdown(content, f"### {KEYWORD} {content.sign} {content.title}")
        return {"msgtype": "markdown", "markdown": {"content": text}}

    def text_of(self, message: Message) -> str:
        """Return the text of a markdown message, as it is."""
        part = message.get("markdown")
        return str(part.get("content", "")) if isinstance(part, dict) else ""

    def text_message(self, text: str, instead_of: Message) -> Message:  # noqa: ARG002
        """Return a text message."""
        return {"msgtype": "text", "text": {"content": text}}

    def signed(
        self,
        webhook: str,
        message: Message,
        secret: str,  # noqa: ARG002
        seconds: float,  # noqa: ARG002
    ) -> tuple[str, Message]:
        """Return both as they are: nothing is signed."""
        return webhook, message

    def verdict(self, answer: Mapping[str, Any]) -> Verdict | None:
        """Return what ``errcode`` means."""
        code, words = code_in(answer, "errcode"), words_in(answer, "errmsg")
        if not code:
            return None
        # 40058 stands for any wrong parameter, and with these words for a long one.
        if code == "40058" and "exceed max length" in words:
            return Verdict(Meaning.TOO_LONG, code, words)
        return Verdict(_MEANINGS.get(code, Meaning.REFUSED), code, words)
