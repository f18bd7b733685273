"""Empties the queue of results: posts to all chats at once, and deletes what a chat took.

A call ends when nothing came for a second and nothing can be sent within the next seconds, or in
time before the function's own limit; what then still waits is put back into the queue.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple, Protocol

from functions.cloud.dead_letters import letter
from functions.cloud.errors import FunctionError, PermanentError, TemporaryError, UnreachableError
from functions.cloud.log import decision
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.cloud.smq import MOST_MESSAGES, Received
from functions.cloud.web import Send
from functions.platforms.base import Meaning, Verdict
from functions.post_to_chat.chats import judge, outgoing
from functions.post_to_chat.item import DeadLetter, Delete, Note, Order, Post, PutBack
from functions.post_to_chat.outbox import (
    HOLD_SECONDS,
    LEASE_SECONDS,
    MOST_WAITING,
    Failure,
    Outbox,
)
from functions.report.outcome import RESULT_SOURCE
from functions.request import events

FUNCTION = "post-to-chat"
POST_SECONDS = 5.0
"""How long a chat may take to answer; the budgets allow for messages that arrive so late."""
RECEIVE_SECONDS = 220.0
CALL_SECONDS = 240.0
"""How long a call receives, and how long it sends; its function's limit is 300 s."""
_GATHER_SECONDS = 2.0
_IDLE_SECONDS = 1
_GLANCE_SECONDS = 0.25
_NEVER_ARRIVED = {"ConnectionRefusedError", "gaierror", "SSLCertVerificationError"}


class Queues(Protocol):
    """What this function needs from the message queues."""

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue."""
        ...

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take messages."""
        ...

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete received messages."""
        ...

    def again(self, queue: str, receipt: str, seconds: int) -> str:
        """Let a received message become visible later."""
        ...


class Names(NamedTuple):
    """The queues' names."""

    chats: str
    sent: str
    """Notes of what was sent within the last minutes; empty if there is no such queue."""
    dead_letters: str
    bus: str
    """The bus on which the results were, for dead letters."""


class Sent(NamedTuple):
    """What became of a post: the chat's answer, none, or it was not sent."""

    post: Post
    answer: Verdict | Failure | None


def notes(queues: Queues, queue: str) -> list[Note] | None:
    """Return what was sent lately, as instances before this one noted it; None if unknown.

    Whoever read the notes within the last second still hides them. So the last look waits that
    long.
    """
    if not queue:
        return None
    found: dict[str, Note] = {}
    try:
        for wait in (_IDLE_SECONDS, 0):
            while messages := queues.receive(queue, MOST_MESSAGES, wait):
                fresh = {m.id: note for m in messages if (note := _note(m))}
                if not fresh.keys() - found.keys():
                    break
                found |= fresh
    except FunctionError as error:
        decision(FUNCTION, "no-notes", code=error.code, reason=str(error))
        return None
    return list(found.values())


def is_result(payload: bytes | str) -> bool:
    """Return whether a call is about a result itself, and not a wake or a timer's."""
    try:
        return events.read(payload).source == RESULT_SOURCE
    except PermanentError:
        return False


class Drain:
    """Tells what waits, call after call; it outlives a call, but no cold start."""

    def __init__(
        self,
        outbox: Outbox,
        names: Names,
        transport: Send,
        now: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._outbox = outbox
        self._names = names
        self._transport = transport
        self._now = now
        self._sleep = sleep
        self._answers: SimpleQueue[Sent] = SimpleQueue()
        self._under_way: dict[str, tuple[Post, float]] = {}
        """Key of a post -> the post, and when its answer is no longer waited for."""
        self._counts: Counter[str] = Counter()

    def run(self, queues: Queues) -> str:
        """Empty the queue; return the line that was logged.

        Raises:
            TemporaryError: if the queue cannot be read.
        """
        # Clients are made for each call, because the key of the function's role expires.
        self._queues = queues
        self._counts.clear()
        begin = self._now()
        while self._now() - begin < CALL_SECONDS:
            self._send_due()
            if self._under_way:
                # First of all: most chats answer before the queue could be asked for more.
                self._take_answers(_GLANCE_SECONDS)
                if not self._under_way:
                    # What they answered may be cause for another message.
                    continue
            self._keep()
            wait = self._pause()
            receiving = (
                self._now() - begin < RECEIVE_SECONDS and self._outbox.waiting < MOST_WAITING
            )
            came = self._receive(int(wait)) if receiving else False
            if not came and not self._under_way:
                ready_at = self._outbox.ready_at(self._now())
                if ready_at is None or ready_at > self._now() + HOLD_SECONDS:
                    break
                if wait < _IDLE_SECONDS or not receiving:
                    self._sleep(max(0.0, min(ready_at - self._now(), _IDLE_SECONDS)))
        self._finish()
        seconds = round(self._now() - begin, 3)
        return decision(FUNCTION, "drained", **self._counts, seconds=seconds)

    def _keep(self) -> None:
        """Keep what waits from being received again, and let go of what waits for long."""
        self._obey(self._outbox.put_back_early(self._now()))
        if note := self._outbox.alarm_note(self._now()):
            self._note(note, self._queues)
        for item in self._outbox.expiring(self._now()):
            item.leased_at = self._now()
            try:
                item.receipts = [
                    self._queues.again(self._names.chats, receipt, LEASE_SECONDS)
                    for receipt in item.receipts
                ]
            except (PermanentError, TemporaryError) as error:
                # Then it comes again, which is noticed.
                decision(FUNCTION, "cannot-keep", code=error.code, event_id=item.event_id)

    def _pause(self) -> float:
        """Return how long to wait for messages: not at all while there is something to do."""
        if self._under_way:
            return 0.0
        ready_at = self._outbox.ready_at(self._now())
        if ready_at is None:
            return _IDLE_SECONDS
        return min(float(_IDLE_SECONDS), max(0.0, ready_at - self._now()))

    def _receive(self, wait_seconds: int) -> bool:
        """Take in what waits, as long as it comes in full batches; return whether anything came.

        So a backlog is told together, and no result stands behind many refusals.
        """
        came, end = False, self._now() + wait_seconds + _GATHER_SECONDS
        while self._outbox.waiting < MOST_WAITING:
            messages = self._queues.receive(self._names.chats, MOST_MESSAGES, wait_seconds)
            self._counts["received"] += len(messages)
            for message in messages:
                self._obey(self._outbox.accept(message, self._now()))
            came, wait_seconds = came or bool(messages), 0
            if len(messages) < MOST_MESSAGES or self._now() > end:
                break
        return came

    def _send_due(self) -> None:
        now = self._now()
        for post in self._outbox.due(now):
            self._under_way[post.key] = post, now + 2 * POST_SECONDS
            # Not a pool's: a webhook that never ends must not be waited for at the end.
            Thread(target=self._post, args=(post, self._queues), daemon=True).start()

    def _post(self, post: Post, queues: Queues) -> None:
        """Send a message, in a thread of its own: a slow chat holds up no other."""
        answer: Verdict | Failure | None = Failure("Interrupted", "", may_have_arrived=True)
        try:
            answer = self._answer(post, queues)
        finally:
            self._answers.put(Sent(post, answer))

    def _answer(self, post: Post, queues: Queues) -> Verdict | Failure | None:
        # Noted first: what is sent and not noted could be one too many after a cold start.
        if not self._note(Note(post.chat.name, self._now(), tuple(post.ids)), queues):
            return None
        ready = outgoing(post.chat, post.message, post.key, self._now())
        try:
            answer = self._transport("POST", ready.url, ready.headers, ready.body, POST_SECONDS)
        except UnreachableError as error:
            return Failure(error.code, str(error), error.code not in _NEVER_ARRIVED)
        except PermanentError as error:
            return Failure(error.code, str(error), may_have_arrived=False)
        return judge(post.chat, answer)

    def _note(self, note: Note, queues: Queues) -> bool:
        if not self._names.sent:
            return True
        try:
            queues.send(self._names.sent, json.dumps(note._asdict(), separators=(",", ":")))
        except ApiTroubleError:
            return False
        except ApiRefusedError as error:
            # A chat that hears nothing is worse than one message too many.
            decision(FUNCTION, "not-noted", code=error.code, chat=note.chat, reason=str(error))
        return True

    def _take_answers(self, seconds: float) -> None:
        """Deal with what chats have answered; wait that long for the first answer."""
        try:
            while self._under_way:
                sent = self._answers.get(timeout=seconds) if seconds else self._answers.get_nowait()
                seconds = 0
                # One that was given up has no say any more.
                if self._under_way.pop(sent.post.key, None):
                    self._settle(sent)
        except Empty:
            pass
        now = self._now()
        for key, (post, end) in list(self._under_way.items()):
            if now > end:
                del self._under_way[key]
                late = Failure("Timeout", "no whole answer in time", may_have_arrived=True)
                self._settle(Sent(post, late))

    def _settle(self, sent: Sent) -> None:
        post, answer = sent
        if answer is None:
            self._obey(self._outbox.not_sent(post, self._now()))
            return
        meaning = "no-answer" if isinstance(answer, Failure) else answer.meaning.value
        decision(
            FUNCTION,
            meaning,
            chat=post.chat.name,
            topic=post.topic.value,
            results=len(post.batch.items),
            form=post.batch.form.value,
            code=answer.code,
            words=answer.words,
            ids=" ".join(item.event_id for item in post.batch.items),
        )
        if meaning == Meaning.SENT.value:
            self._counts["messages"] += 1
            self._counts["told"] += len(post.batch.items)
        self._obey(self._outbox.settle(post, answer, self._now()))

    def _obey(self, orders: Sequence[Order]) -> None:
        """Do what the outbox orders; what fails comes again when its message is visible again."""
        for order in orders:
            try:
                match order:
                    case Delete(receipts):
                        self._queues.delete(self._names.chats, receipts)
                    case DeadLetter():
                        self._keep_dead_letter(order)
                    case PutBack(receipts, seconds):
                        for receipt in receipts:
                            self._queues.again(self._names.chats, receipt, seconds)
            except (PermanentError, TemporaryError) as error:
                name = type(order).__name__.lower()
                decision(FUNCTION, f"cannot-{name}", code=error.code, reason=str(error))

    def _keep_dead_letter(self, order: DeadLetter) -> None:
        body = letter(
            order.body,
            self._names.bus,
            function=FUNCTION,
            code=order.code,
            message=order.message,
        )
        self._queues.send(self._names.dead_letters, body)
        self._queues.delete(self._names.chats, order.receipts)
        self._counts["buried"] += 1
        decision(FUNCTION, "buried", code=order.code, reason=order.message)

    def _finish(self) -> None:
        """Wait for what is on its way, as long as a chat may take, and put the rest back."""
        end = self._now() + POST_SECONDS
        while self._under_way and self._now() < end:
            self._take_answers(_GLANCE_SECONDS)
        self._keep()
        self._obey(self._outbox.put_back(self._now()))


def _note(message: Received) -> Note | None:
    try:
        given = json.loads(message.body)
        return Note(str(given["chat"]), float(given["at"]), tuple(map(str, given["ids"])))
    except (ValueError, TypeError, KeyError):
        return None
