"""What waits for a chat, what is sent to it, and what is done with a message of the queue then."""

from collections.abc import Sequence
from enum import Enum
from hashlib import sha256
from typing import NamedTuple

from functions.platforms.base import Message
from functions.post_to_chat.chats import Chat
from functions.report.result import Result


class Item:
    """A result that waits for its chat."""

    def __init__(
        self, event_id: str, result: Result, body: str, receipt: str, enqueued: float
    ) -> None:
        self.event_id = event_id
        self.result = result
        self.body = body
        """The event as it lay in the queue."""
        self.receipts = [receipt]
        """Of every message of the queue that holds this event."""
        self.enqueued = enqueued
        self.leased_at = 0.0
        """When it was received, or its visibility timeout was last made longer."""
        self.is_doubtful = False
        """Whether the chat may have been sent it before."""


class Form(Enum):
    """How a message is written; the next one is for what refused the one before."""

    RICH = "rich"
    TEXT = "text"
    BARE = "bare"
    """Plain text without output, links and free words."""


class Batch(NamedTuple):
    """Items that are told in one message."""

    items: tuple[Item, ...]
    form: Form


class Topic(Enum):
    """What a message is about."""

    RESULTS = "results"
    NOISE = "noise"
    """Posts without the right token."""
    ALARM = "alarm"
    """Results that a chat did not take."""


class Post(NamedTuple):
    """A message that may be sent now: it has its token."""

    chat: Chat
    topic: Topic
    batch: Batch
    message: Message
    key: str
    """The same for the same message."""
    receipts: Sequence[str] = ()
    """Of the messages of the queue that it tells, where these are not items."""

    @property
    def ids(self) -> list[str]:
        """Return what a note says of its content: a short form of each event's id."""
        return [short(item.event_id) for item in self.batch.items]


class Delete(NamedTuple):
    """Delete messages of the queue: told, or not to be told."""

    receipts: Sequence[str]


class DeadLetter(NamedTuple):
    """Put an event into the queue of dead letters, then delete it from this one."""

    body: str
    code: str
    message: str
    receipts: Sequence[str]


class PutBack(NamedTuple):
    """Let messages be received again after so many seconds."""

    receipts: Sequence[str]
    seconds: int


Order = Delete | DeadLetter | PutBack


class Note(NamedTuple):
    """What an earlier instance of the function wrote down before it sent something."""

    chat: str
    at: float
    ids: tuple[str, ...]


def short(event_id: str) -> str:
    """Return an id of twelve characters."""
    return sha256(event_id.encode("utf-8", "replace")).hexdigest()[:12]
