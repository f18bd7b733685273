"""Queues and chats in which time passes only as they are used, and in which everything may end."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Lock, current_thread, main_thread
from threading import enumerate as enumerate_threads
from typing import Any

from functions.cloud.errors import SettingError, UnreachableError
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.cloud.smq import Received
from functions.cloud.web import Answer
from functions.platforms.base import ChatPlatform
from functions.post_to_chat import act
from functions.post_to_chat.act import Drain, Names
from functions.post_to_chat.chats import Chat
from functions.post_to_chat.outbox import Outbox
from functions.request import deployment
from tests.unit.functions.samples import NOW, loop_with

NAMES = Names("chats", "sent", "dead", "provisioning-test")
CHATS: dict[str, Any] = {
    "ops": {"platform": "dingtalk", "language": "en", "delivery": "function"},
    "people": {"platform": "lark", "language": "zh", "delivery": "function"},
    "audit": {"platform": "dingtalk", "language": "zh", "delivery": "function"},
}
VISIBILITY = {"chats": 120.0, "sent": 1.0, "dead": 30.0}
RETENTION = {"chats": 604_800.0, "sent": 600.0, "dead": 604_800.0}
TAKEN = {"errcode": 0, "code": 0}


class Death(BaseException):
    """The function's instance ends in the middle of what it does."""


class Message:
    """A message in a queue."""

    def __init__(self, id_: str, body: str, at: float) -> None:
        self.id, self.body, self.enqueued, self.visible = id_, body, at, at
        self.receipt, self.dequeued = "", 0


class Shown:
    """A message that a chat shows."""

    def __init__(self, chat: str, at: float, body: dict[str, Any]) -> None:
        self.chat, self.at, self.body = chat, at, body
        self.text = json.dumps(body, ensure_ascii=False)


class World:
    """The cloud, the chats, and one instance of the function at a time."""

    def __init__(self, chats: Mapping[str, Any] = CHATS) -> None:
        self.time = NOW
        self.queues: dict[str, list[Message]] = {"chats": [], "sent": [], "dead": []}
        self.shown: list[Shown] = []
        self.answers: dict[str, Callable[[dict[str, Any]], object]] = {}
        """Chat -> what it answers to a message; an exception is raised."""
        self.dies_at = -1
        self.acts_last = False
        """Whether the last operation before the death still has its effect."""
        self.operations = 0
        self.turn = Lock()
        """Held by the operation that goes on."""
        self.is_dead = False
        self.arrivals: list[tuple[float, str]] = []
        """Messages that come later: when, and what."""
        self.loses_notes = False
        """Whether the queue of notes cannot be read or written."""
        self.known: dict[str, Chat | SettingError] = {
            name: Chat(name, ChatPlatform(c["platform"]), f"https://{name}.invalid/x?a=1", "")
            for name, c in chats.items()
        }
        self.deployment = deployment.read({"LOOP": loop_with(chats=chats)})
        self._ids = iter(range(10**9))
        self._drain: Drain | None = None

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds < 60
        self.time += max(seconds, 0.001)

    def publish(self, event: str, after: float = 0.0) -> None:
        """Put a result into the chats' queue, now or later."""
        if after:
            self.arrivals.append((self.time + after, event))
            self.arrivals.sort()
        else:
            self._put("chats", event, self.time)

    def call(self) -> None:
        """Call the function; its instance lives on afterwards unless it dies."""
        self.is_dead = False
        try:
            if self._drain is None:
                outbox = Outbox(
                    self.known, self.deployment, act.notes(self, NAMES.sent), self.now()
                )
                self._drain = Drain(outbox, NAMES, self.post, self.now, self.sleep)
            self._drain.run(self)
        except Death:
            self.cold_start()

    def cold_start(self) -> None:
        """Forget what the instance knew; its threads end with it."""
        self.is_dead = True
        for thread in enumerate_threads():
            if "(_post)" in thread.name:
                thread.join()
        self._drain = None
        self.dies_at = -1

    def call_until_empty(self, calls: int = 60, every: float = 60.0) -> None:
        """Let the timer call until the queue is empty."""
        for _ in range(calls):
            self.call()
            if not (self.queues["chats"] or self.arrivals):
                return
            self.time += every
        raise AssertionError(f"{len(self.queues['chats'])} messages are still in the queue")

    # What the function sees of the queues.

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue."""
        if self.loses_notes and queue == "sent":
            raise ApiRefusedError("SendMessage", "QueueNotExist")
        try:
            with self._operation():
                return self._put(queue, body, self.time + delay_seconds)
        except Death:
            if current_thread() is main_thread():
                raise
        # A thread that ends otherwise than by its instance's death would be noted as a failure.
        raise ApiTroubleError("SendMessage", "dead")

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take messages, or wait for them."""
        taken: list[Received] = []
        if self.loses_notes and queue == "sent":
            raise ApiRefusedError("ReceiveMessage", "QueueNotExist")
        with self._operation():
            taken = self._take(queue, count)
            if not taken and wait_seconds:
                nexts = [at for at, _ in self.arrivals if at <= self.time + wait_seconds]
                self.time = min(nexts) if nexts and queue == "chats" else self.time + wait_seconds
                taken = self._take(queue, count)
        return taken

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete received messages."""
        with self._operation():
            held = {m.receipt for m in self.queues[queue] if m.visible > self.time}
            late = [r for r in receipts if r not in held]
            keep = [m for m in self.queues[queue] if m.receipt not in held & set(receipts)]
            self.queues[queue] = keep
        return late

    def again(self, queue: str, receipt: str, seconds: int) -> str:
        """Let a message become visible again."""
        assert 1 <= seconds <= 43_200
        with self._operation():
            for message in self.queues[queue]:
                if message.receipt == receipt and message.visible > self.time:
                    message.receipt = f"r{next(self._ids)}"
                    message.visible = self.time + seconds
                    return message.receipt
        return ""

    def post(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """Take a message as a chat does."""
        assert (method, bool(headers)) == ("POST", True)
        name = url.partition("://")[2].partition(".")[0]
        message = json.loads(body)
        answer = self.answers[name](message) if name in self.answers else TAKEN
        if isinstance(answer, BaseException):
            raise answer
        with suppress(Death), self._operation():
            if answer == TAKEN:
                self.shown.append(Shown(name, self.time, message))
        if self.is_dead:
            raise UnreachableError("dead", "Timeout")
        return Answer(200, json.dumps(answer).encode())

    # What tests ask.

    def texts(self, chat: str) -> list[str]:
        """Return what a chat shows, in order."""
        return [shown.text for shown in self.shown if shown.chat == chat]

    def most_in(self, chat: str, seconds: float) -> int:
        """Return how many messages a chat was sent within any such time."""
        times = [shown.at for shown in self.shown if shown.chat == chat]
        return max((sum(t <= u < t + seconds for u in times) for t in times), default=0)

    def _put(self, queue: str, body: str, visible: float) -> str:
        message = Message(f"m{next(self._ids)}", body, self.time)
        message.visible = visible
        self.queues[queue].append(message)
        return message.id

    def _take(self, queue: str, count: int) -> list[Received]:
        while self.arrivals and self.arrivals[0][0] <= self.time:
            self._put("chats", self.arrivals.pop(0)[1], self.time)
        live = [m for m in self.queues[queue] if m.enqueued > self.time - RETENTION[queue]]
        self.queues[queue] = live
        taken = [m for m in live if m.visible <= self.time][:count]
        for message in taken:
            message.receipt = f"r{next(self._ids)}"
            message.dequeued += 1
            message.visible = self.time + VISIBILITY[queue]
        return [Received(m.id, m.body, m.receipt, m.dequeued, m.enqueued) for m in taken]

    def _operation(self) -> "_Operation":
        return _Operation(self)


class _Operation:
    """One thing that the function does to the world; it may be its last.

    One at a time: messages are sent by threads, and a queue that two of them change loses some.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        world = self._world
        world.turn.acquire()
        dies = not world.is_dead and world.operations + 1 == world.dies_at and not world.acts_last
        if world.is_dead or dies:
            world.operations += dies
            world.is_dead = True
            world.turn.release()
            raise Death
        world.operations += 1
        world.time += 0.01

    def __exit__(self, *error: object) -> None:
        world = self._world
        dies = world.operations == world.dies_at and not world.is_dead
        world.is_dead = world.is_dead or dies
        world.turn.release()
        if dies:
            raise Death


def result(emp_id: str, chat: str = "ops", status: str = "Success", **more: Any) -> str:
    """Return a result event as it lies in the queue."""
    detail = {
        "InvocationStatus": status,
        "action": "provision",
        "emp_id": emp_id,
        "role": "devops",
        "request_id": f"R-{emp_id}",
        "requested_at": more.pop("requested_at", "2026-01-01T00:00:00Z"),
        "origin": {"source": "dingtalk.approval", "chat": chat},
        "InstanceId": "i-1",
        "Result": {"status": "created", "user": f"emp-{emp_id.lower()}"},
        **more,
    }
    return event(f"result-{emp_id}-{status}", "provisioning:InvocationResult", detail)


def noise(count: int, chat: str = "ops", number: int = 1) -> str:
    """Return an event about posts without the right token."""
    detail = {
        "source": "dingtalk.approval",
        "count": count,
        "reasons": {"no-token": count},
        "origin": {"source": "dingtalk.approval", "chat": chat},
    }
    return event(f"noise-{number}", "provisioning:UnauthenticatedRequests", detail)


def event(id_: str, kind: str, detail: dict[str, Any]) -> str:
    """Return an event on the provisioning bus."""
    given = {
        "id": id_,
        "source": "ecs.provisioning",
        "type": kind,
        "aliyuneventbusname": "provisioning-test",
        "data": {"detail": detail},
    }
    return json.dumps(given, ensure_ascii=False)


def employees(count: int, first: int = 0) -> Iterator[str]:
    """Return the ids of so many employees."""
    return (f"E{number:04}" for number in range(first, first + count))
