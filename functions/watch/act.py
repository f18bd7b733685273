"""Looks into the queues and tells one chat, by a way that no result takes."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from functions.cloud.errors import PermanentError, TemporaryError
from functions.cloud.log import decision
from functions.cloud.smq import MOST_MESSAGES, Received
from functions.cloud.web import Send
from functions.platforms.base import Meaning
from functions.post_to_chat.chats import Chat, judge, outgoing
from functions.report import notes
from functions.report.i18n.table import Words
from functions.report.notes import Note
from functions.watch import message
from functions.watch.decide import Alarm, Seen, decide

FUNCTION = "watch"
_READS_SECONDS = 20.0
_POST_SECONDS = 10.0


class Queues(Protocol):
    """What this function needs from the message queues."""

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue."""
        ...

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take messages."""
        ...

    def peek(self, queue: str, count: int = 16) -> list[Received]:
        """Look at messages and leave them as they are."""
        ...

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete received messages."""
        ...


class Settings(NamedTuple):
    """The queues, and the chat of those who operate the loop."""

    stack: str
    """Beginning of every physical name."""
    notes: str
    dead_letters: str
    chats: str
    """The queue of results for chats; empty if no chat has one."""
    chat: Chat
    words: Words


def serve(settings: Settings, queues: Queues, transport: Send, now: Callable[[], float]) -> str:
    """Tell what is new; return the line that was logged.

    Raises:
        TemporaryError: if a queue cannot be read, or the chat does not answer.
        PermanentError: if the chat refuses. What was not told is told the next time.
    """
    seen = Seen(
        notes=_notes(settings, queues, now),
        dead_letters=queues.peek(settings.dead_letters),
        results=queues.peek(settings.chats) if settings.chats else (),
    )
    found = decide(seen, now())
    if not found.alarm.is_empty:
        _tell(found.alarm, settings, transport, now())
    # Told first: a chat that hears something twice is better than one that hears nothing.
    if found.is_news:
        queues.send(settings.notes, notes.text(found.told))
    if found.done:
        queues.delete(settings.notes, found.done)
    return decision(
        FUNCTION,
        "quiet" if found.alarm.is_empty else "told",
        dead_letters=len(found.alarm.letters),
        untold=len(found.alarm.untold),
        owed=len(found.alarm.owed),
        notes=len(seen.notes),
    )


def _notes(
    settings: Settings, queues: Queues, now: Callable[[], float]
) -> list[tuple[Received, Note | None]]:
    """Take all notes; those that stay are visible again before the next call."""
    found: dict[str, Received] = {}
    end = now() + _READS_SECONDS
    while now() < end and (messages := queues.receive(settings.notes, MOST_MESSAGES)):
        found |= {each.id: each for each in messages}
    return [(each, notes.read(each.body)) for each in found.values()]


def _tell(alarm: Alarm, settings: Settings, transport: Send, now: float) -> None:
    chat = settings.chat
    key = sha256(repr(alarm).encode("utf-8", "replace")).hexdigest()[:32]
    body = message.build(alarm, settings.stack, chat.platform, settings.words, key)
    ready = outgoing(chat, body, key, now)
    verdict = judge(chat, transport("POST", ready.url, ready.headers, ready.body, _POST_SECONDS))
    if verdict.meaning is Meaning.SENT:
        return
    problem = f"the chat of the alarms answered {verdict.code} {verdict.words}".rstrip()
    kind = TemporaryError if verdict.meaning is Meaning.LATER else PermanentError
    raise kind(problem, verdict.code)
