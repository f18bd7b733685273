"""What a chat platform is to the functions, whichever platform it is.

A platform is a class of its own module with the methods of :class:`Platform`, and a member of
:class:`ChatPlatform`; nothing else in the functions knows the differences between platforms.
"""

import json
from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, NamedTuple, Protocol

Message = dict[str, Any]
"""The JSON body that a webhook takes."""

KEYWORD = "[ECS]"
"""Every message begins with this, so that a robot in keyword mode can ask for ``ECS``."""


class ChatPlatform(StrEnum):
    """A chat platform, which decides the form of a message and how it is signed."""

    DINGTALK = "dingtalk"
    LARK = "lark"


class Content(NamedTuple):
    """The content of a message before a platform formats it; values and output are not escaped."""

    title: str
    sign: str
    colour: str
    notice: str
    fields: list[tuple[str, str]]
    output_label: str
    output: str
    footer: str


class Meaning(Enum):
    """What a platform's answer asks for."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    BAD_FORM = "bad form"
    TOO_LONG = "too long"


class Verdict(NamedTuple):
    """What an answer means, with the platform's code."""

    meaning: Meaning
    code: str


class Platform(Protocol):
    """One chat platform's webhook."""

    @property
    def most_bytes(self) -> int:
        """How long a message may be, with room for a signature."""

    def message(self, content: Content, event_id: str) -> Message:
        """Return the body that the webhook takes, but for a signature."""

    def text_of(self, message: Message) -> str:
        """Return the plain text of a message in this platform's form; empty for another form."""

    def text_message(self, text: str, instead_of: Message) -> Message:
        """Return a message of plain text in place of one whose form was refused."""

    def signed(
        self, webhook: str, message: Message, secret: str, seconds: float
    ) -> tuple[str, Message]:
        """Return URL and body with a signature for this time."""

    def verdict(self, answer: Mapping[str, Any]) -> Verdict | None:
        """Return what the code in an answer means; None if there is no code in it."""


def encode(message: Message) -> bytes:
    """Write a message as it is sent: escapes would make each Chinese character twice as long."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def code_in(answer: Mapping[str, Any], name: str) -> str:
    """Return the code in an answer as text; a proxy may have made a double of it."""
    code = answer.get(name)
    return "" if code is None else str(code).removesuffix(".0")
