"""What a chat platform is to the functions, whichever platform it is.

A platform is a class of its own module with the methods of :class:`Platform`, and a member of
:class:`ChatPlatform`; nothing else in the functions knows the differences between platforms.
"""

import json
from collections.abc import Mapping, Sequence
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
    WECOM = "wecom"


SIGNING = frozenset({ChatPlatform.DINGTALK, ChatPlatform.LARK})
"""The platforms whose robots can check a signature; for the others the URL is all."""


class Section(NamedTuple):
    """A heading and what stands below it, a line each; not escaped."""

    heading: str
    lines: Sequence[str]


class Content(NamedTuple):
    """The content of a message before a platform formats it.

    Whatever a sender may have written stands in fields, sections and output, which the platform
    escapes; the rest is already fit to be shown.
    """

    title: str
    sign: str
    colour: str
    notice: str
    fields: Sequence[tuple[str, str]]
    output_label: str
    output: str
    footer: str
    sections: Sequence[Section] = ()
    links: Sequence[tuple[str, str]] = ()
    """Texts and the URLs that they lead to, from the settings."""
    colon: str = ": "
    """What stands between the name of a field and its value."""


class Rate(NamedTuple):
    """How fast messages are sent to one robot: a burst, and from then on one every so often."""

    burst: int
    seconds_each: float

    def most_in(self, seconds: float) -> int:
        """Return how many messages are sent within any such time at most."""
        return int(self.burst + seconds / self.seconds_each)


class Meaning(Enum):
    """What a platform's answer asks for."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    """For good: the webhook, the secret, the robot or the group are not what they were."""
    BAD_FORM = "bad form"
    """This kind of message or this markup; plain text may be taken."""
    BAD_CONTENT = "bad content"
    """Words that the platform does not let pass."""
    TOO_LONG = "too long"


class Verdict(NamedTuple):
    """What an answer means, with the platform's code and its own words."""

    meaning: Meaning
    code: str
    words: str = ""


class Platform(Protocol):
    """One chat platform's webhook."""

    @property
    def most_bytes(self) -> int:
        """How long a message may be, with room for a signature."""

    @property
    def most_text_bytes(self) -> int:
        """How long the text of a plain message may be."""

    @property
    def rate(self) -> Rate:
        """How fast messages are sent, well below what makes the platform refuse them."""

    def pause_seconds(self, refusals: int) -> float:
        """Return how long nothing is sent after so many answers in a row that ask for later."""

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


def pause(first_seconds: float, longest_seconds: float, times: int) -> float:
    """Return a pause that doubles with each time."""
    return min(longest_seconds, first_seconds * 2.0 ** (min(times, 30) - 1))


def words_in(answer: Mapping[str, Any], name: str) -> str:
    """Return the platform's own words in an answer, on one line and not too long."""
    found = answer.get(name)
    return " ".join(found[:400].split())[:200] if isinstance(found, str) else ""


def code_in(answer: Mapping[str, Any], name: str) -> str:
    """Return the code in an answer as text; a proxy may have made a double of it."""
    code = answer.get(name)
    return "" if code is None else str(code).removesuffix(".0")
