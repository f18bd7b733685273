"""Queues and their messages.

Queues are few and stay in memory. Messages are read from the disk when they are asked for, so that
a queue may hold any number of them: each operation on messages first waits for what is queued to
be written, and only one runs at a time, so that a message is never given out twice by accident.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localcloud.environment import Environment
from localcloud.mns.errors import (
    InvalidArgumentError,
    InvalidQueueNameError,
    MessageNotExistError,
    QueueAlreadyExistError,
    QueueNotExistError,
    ReceiptHandleError,
)
from localcloud.settings import CloudSettings
from localcloud.store import Store, Table

_TABLES = """
CREATE TABLE IF NOT EXISTS mns_messages (
  id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, priority INTEGER NOT NULL,
  enqueued REAL NOT NULL, visible REAL NOT NULL, first_dequeued REAL NOT NULL DEFAULT 0,
  dequeues INTEGER NOT NULL DEFAULT 0, receipt TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mns_messages_order ON mns_messages (queue, priority, enqueued);
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,119}")
LIMITS = {
    "delay_seconds": (0, 604_800),
    "maximum_message_size": (1024, 65_536),
    "message_retention_period": (60, 604_800),
    "visibility_timeout": (1, 43_200),
    "polling_wait_seconds": (0, 30),
}
"""What the numbers of a queue may be ("CreateQueue")."""
NUMBERS = {
    "DelaySeconds": "delay_seconds",
    "MaximumMessageSize": "maximum_message_size",
    "MessageRetentionPeriod": "message_retention_period",
    "VisibilityTimeout": "visibility_timeout",
    "PollingWaitSeconds": "polling_wait_seconds",
}
"""The numbers of a queue, by the names under which both planes of the API know them."""
DEFAULT_PRIORITY = 8
_PRIORITIES = (1, 16)
_LONGEST_NAP_SECONDS = 1.0


@dataclass(frozen=True)
class Queue:
    """A queue and its attributes, with the defaults of MNS."""

    name: str
    created: float
    modified: float
    delay_seconds: int = 0
    maximum_message_size: int = 65_536
    message_retention_period: int = 345_600
    visibility_timeout: int = 30
    polling_wait_seconds: int = 0
    logging_enabled: bool = False
    dlq_policy: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a client sees it; times in seconds since 1970."""

    id: str
    body: str
    priority: int
    enqueued: float
    visible: float
    first_dequeued: float
    dequeues: int
    receipt: str

    @property
    def body_md5(self) -> str:
        """Return the MD5 of the body, as MNS writes it."""
        return hashlib.md5(self.body.encode(), usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages of a queue can be received, are being worked on, are still delayed."""

    active: int
    inactive: int
    delayed: int


class Mns:
    """The message queues of the account."""

    def __init__(self, settings: CloudSettings, environment: Environment, store: Store) -> None:
        self.settings = settings
        self._clock = environment.clock
        self._ids = environment.ids
        self._store = store
        store.create(_TABLES)
        self._queues = Table(store, "mns.queue", Queue)
        self._one_at_a_time = asyncio.Lock()
        self._arrivals: dict[str, asyncio.Event] = {}

    def arn(self, name: str) -> str:
        """Return a queue's ARN, as RAM and dead-letter settings write it."""
        return f"acs:mns:{self.settings.region}:{self.settings.account_id}:/queues/{name}"

    def queues(self, prefix: str = "") -> list[Queue]:
        """Return the queues, by name."""
        found = [q for q in self._queues if q.name.startswith(prefix)]
        return sorted(found, key=lambda q: q.name)

    def queue(self, name: str) -> Queue:
        """Return a queue, or fail with the cloud's code."""
        queue = self._queues.get(name)
        if queue is None:
            raise QueueNotExistError(name)
        return queue

    def create_queue(self, name: str, attributes: Mapping[str, Any]) -> Queue:
        """Create a queue; making it again with the same attributes changes nothing."""
        if not _NAME.fullmatch(name):
            raise InvalidQueueNameError(name)
        _check(attributes)
        now = self._clock.now()
        old = self._queues.get(name)
        if old is not None:
            if replace(old, **attributes) != old:
                raise QueueAlreadyExistError(name)
            return old
        queue = Queue(name=name, created=now, modified=now, **attributes)
        self._queues.put(name, queue)
        return queue

    def change_queue(self, name: str, attributes: Mapping[str, Any]) -> None:
        """Change the attributes that are given."""
        _check(attributes)
        queue = replace(self.queue(name), modified=self._clock.now(), **attributes)
        self._queues.put(name, queue)

    def delete_queue(self, name: str) -> None:
        """Delete a queue and its messages."""
        self.queue(name)
        self._queues.delete(name)
        self._store.write("DELETE FROM mns_messages WHERE queue = ?", (name,))

    def send(
        self,
        queue_name: str,
        body: str,
        *,
        delay_seconds: int | None = None,
        priority: int = DEFAULT_PRIORITY,
    ) -> Message:
        """Put a message into a queue; durable at the next flush."""
        queue = self.queue(queue_name)
        size = len(body.encode())
        if size > queue.maximum_message_size:
            raise InvalidArgumentError(
                "MessageBody", f"{size} bytes", f"at most {queue.maximum_message_size} bytes"
            )
        _check_number("Priority", priority, *_PRIORITIES)
        delay = queue.delay_seconds if delay_seconds is None else delay_seconds
        _check_number("DelaySeconds", delay, *LIMITS["delay_seconds"])
        now = self._clock.now()
        message = Message(self._ids().upper(), body, priority, now, now + delay, 0.0, 0, "")
        self._store.write(
            "INSERT INTO mns_messages (id, queue, body, priority, enqueued, visible) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (message.id, queue_name, body, priority, now, message.visible),
        )
        self._arrival(queue_name).set()
        return message

    async def counts(self, name: str) -> Counts:
        """Count a queue's messages."""
        await self._store.flush()
        return self.counted(name)

    def counted(self, name: str) -> Counts:
        """Count the messages of a queue that are on the disk."""
        now = self._clock.now()
        oldest = now - self.queue(name).message_retention_period
        (row,) = self._store.read(
            "SELECT count(*) FILTER (WHERE visible <= ?2) AS active,"
            " count(*) FILTER (WHERE visible > ?2 AND dequeues > 0) AS inactive,"
            " count(*) FILTER (WHERE visible > ?2 AND dequeues = 0) AS delayed"
            " FROM mns_messages WHERE queue = ?1 AND enqueued > ?3",
            (name, now, oldest),
        )
        return Counts(row["active"], row["inactive"], row["delayed"])

    def listed(self, name: str, limit: int) -> list[Message]:
        """Return a queue's newest messages that are on the disk, whoever may receive them now."""
        rows = self._store.read(
            "SELECT id, body, priority, enqueued, visible, first_dequeued, dequeues, receipt"
            " FROM mns_messages WHERE queue = ? AND enqueued > ? ORDER BY enqueued DESC LIMIT ?",
            (name, self._clock.now() - self.queue(name).message_retention_period, limit),
        )
        return [Message(*row) for row in rows]

    def remove(self, name: str, message_id: str) -> None:
        """Delete a message by its id, as no client can; durable at the next flush."""
        self._store.write("DELETE FROM mns_messages WHERE queue = ? AND id = ?", (name, message_id))

    async def peek(self, name: str, count: int = 1) -> list[Message]:
        """Return the next messages without taking them."""
        self.queue(name)
        async with self._one_at_a_time:
            return await self._next(name, count)

    async def receive(self, name: str, count: int = 1) -> list[Message]:
        """Take the next messages: each is invisible to others until its time is over.

        A message that was taken as often as the queue's dead-letter policy allows goes to the
        queue that the policy names instead.
        """
        queue = self.queue(name)
        async with self._one_at_a_time:
            now = self._clock.now()
            self._store.write(
                "DELETE FROM mns_messages WHERE queue = ? AND enqueued <= ?",
                (name, now - queue.message_retention_period),
            )
            self._bury(queue, now)
            taken = []
            for message in await self._next(name, count):
                received = replace(
                    message,
                    visible=now + queue.visibility_timeout,
                    first_dequeued=message.first_dequeued or now,
                    dequeues=message.dequeues + 1,
                    receipt=f"{message.priority}-{self._ids()}",
                )
                self._lease(received)
                taken.append(received)
            return taken

    async def receive_within(self, name: str, count: int, seconds: float) -> list[Message]:
        """Take the next messages; while there are none, wait for them that long (long polling)."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            arrival = self._arrival(name)
            arrival.clear()
            messages = await self.receive(name, count)
            left = end - loop.time()
            if messages or left <= 0:
                return messages
            try:
                # A nap ends early when a message is sent; one that becomes visible again is
                # only seen at its end.
                async with asyncio.timeout(min(left, _LONGEST_NAP_SECONDS)):
                    await arrival.wait()
            except TimeoutError:
                continue

    async def delete(self, name: str, receipt: str) -> None:
        """Delete a message that was received."""
        self.queue(name)
        async with self._one_at_a_time:
            message = await self._held(name, receipt)
            self._store.write("DELETE FROM mns_messages WHERE id = ?", (message.id,))

    async def change_visibility(self, name: str, receipt: str, seconds: int) -> Message:
        """Keep a received message invisible for that long from now; it gets a new receipt."""
        self.queue(name)
        _check_number("VisibilityTimeout", seconds, *LIMITS["visibility_timeout"])
        async with self._one_at_a_time:
            message = await self._held(name, receipt)
            changed = replace(
                message,
                visible=self._clock.now() + seconds,
                receipt=f"{message.priority}-{self._ids()}",
            )
            self._lease(changed)
            return changed

    async def _next(self, name: str, count: int) -> list[Message]:
        now = self._clock.now()
        await self._store.flush()
        rows = self._store.read(
            "SELECT id, body, priority, enqueued, visible, first_dequeued, dequeues, receipt"
            " FROM mns_messages WHERE queue = ? AND visible <= ? AND enqueued > ?"
            " ORDER BY priority, enqueued LIMIT ?",
            (name, now, now - self.queue(name).message_retention_period, count),
        )
        return [Message(*row) for row in rows]

    async def _held(self, name: str, receipt: str) -> Message:
        await self._store.flush()
        rows = self._store.read(
            "SELECT id, body, priority, enqueued, visible, first_dequeued, dequeues, receipt"
            " FROM mns_messages WHERE queue = ? AND receipt = ?",
            (name, receipt),
        )
        if not receipt or not rows or rows[0]["visible"] <= self._clock.now():
            raise ReceiptHandleError(receipt)
        return Message(*rows[0])

    def _lease(self, message: Message) -> None:
        self._store.write(
            "UPDATE mns_messages SET visible = ?, first_dequeued = ?, dequeues = ?, receipt = ?"
            " WHERE id = ?",
            (
                message.visible,
                message.first_dequeued,
                message.dequeues,
                message.receipt,
                message.id,
            ),
        )

    def _bury(self, queue: Queue, now: float) -> None:
        policy = queue.dlq_policy
        target = str(policy.get("DeadLetterTargetQueue", "")).rpartition("/")[2]
        if not policy.get("Enabled") or target not in self._queues or target == queue.name:
            return
        self._store.write(
            "UPDATE mns_messages SET queue = ?, dequeues = 0, receipt = '', enqueued = ?"
            " WHERE queue = ? AND visible <= ? AND dequeues >= ?",
            (target, now, queue.name, now, int(policy.get("MaxReceiveCount", 16))),
        )

    def _arrival(self, name: str) -> asyncio.Event:
        return self._arrivals.setdefault(name, asyncio.Event())


def require_message(messages: list[Message], queue: str) -> list[Message]:
    """Return the messages, or fail as MNS does when there is none."""
    if not messages:
        raise MessageNotExistError(f"the queue '{queue}' has no message that can be received now")
    return messages


def _check(attributes: Mapping[str, Any]) -> None:
    for name, (low, high) in LIMITS.items():
        if name in attributes:
            _check_number(name, attributes[name], low, high)


def _check_number(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidArgumentError(name, value, f"a whole number from {low} to {high}")
