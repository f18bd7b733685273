"""What the other functions leave in the watcher's queue, and what it leaves there for itself.

A promise becomes visible when the result that was promised is overdue. All notes are small, and
losing one costs an alarm, never a request: so whoever leaves one goes on where that fails.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from functions.cloud.errors import FunctionError
from functions.cloud.log import decision
from functions.request.fields import Request

LATE_SECONDS = 900
"""How long after its timeout a request may be without a result."""
_SPARE_SECONDS = 600
_SUBJECT = ("action", "emp_id", "role", "request_id", "source")


class Subject(NamedTuple):
    """Which request a note is about, for people."""

    action: str
    emp_id: str
    role: str
    request_id: str
    source: str

    @classmethod
    def of(cls, request: Request) -> "Subject":
        """Return which request it is."""
        return cls(*(getattr(request, name) for name in _SUBJECT))


class Promised(NamedTuple):
    """A request was accepted and will have a result."""

    key: str
    """The request's hash."""
    at: float
    subject: Subject


class Published(NamedTuple):
    """A request's result was published."""

    key: str
    at: float
    until: float
    """When every promise that it keeps has been looked at."""


class Owed(NamedTuple):
    """A removal has not reached these hosts for a day."""

    key: str
    subject: Subject
    hosts: tuple[str, ...]


class Told(NamedTuple):
    """What the watcher has told, and when."""

    times: dict[str, float]


Note = Promised | Published | Owed | Told


class Queues(Protocol):
    """The message queues of the account."""

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue."""
        ...


class Notes:
    """Leaves notes; does nothing in a stack that nobody watches."""

    def __init__(self, function: str, queues: Queues, queue: str, now: Callable[[], float]) -> None:
        self._function = function
        self._queues = queues
        self._queue = queue
        self._now = now

    def promised(self, request: Request, timeout_seconds: int) -> None:
        """Say that the request will have a result, before anything of it is started."""
        note = Promised(request.request_hash, self._now(), Subject.of(request))
        self._leave(note, timeout_seconds + LATE_SECONDS)

    def published(self, request: Request, timeout_seconds: int) -> None:
        """Say that it has one."""
        if request.request_hash:
            now = self._now()
            until = now + timeout_seconds + LATE_SECONDS + _SPARE_SECONDS
            self._leave(Published(request.request_hash, now, until))

    def owed(self, request: Request, hosts: Sequence[str]) -> None:
        """Say that a removal has been open for a day; it may be said more than once."""
        self._leave(Owed(request.request_hash, Subject.of(request), tuple(hosts)))

    def _leave(self, note: Note, delay_seconds: int = 0) -> None:
        if not self._queue:
            return
        try:
            self._queues.send(self._queue, text(note), delay_seconds)
        except FunctionError as error:
            decision(self._function, "no-note", code=error.code, reason=str(error))


def text(note: Note) -> str:
    """Return what the queue keeps of a note."""
    given: dict[str, Any] = {"note": type(note).__name__, **note._asdict()}
    if "subject" in given:
        given["subject"] = given["subject"]._asdict()
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def read(body: str) -> Note | None:
    """Return the note in a message; None if it is none."""
    try:
        given = json.loads(body)
        match given["note"]:
            case "Promised":
                return Promised(str(given["key"]), float(given["at"]), _subject(given))
            case "Published":
                return Published(str(given["key"]), float(given["at"]), float(given["until"]))
            case "Owed":
                return Owed(str(given["key"]), _subject(given), tuple(map(str, given["hosts"])))
            case "Told":
                return Told({str(what): float(at) for what, at in given["times"].items()})
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        pass
    return None


def _subject(given: dict[str, Any]) -> Subject:
    return Subject(*(str(given["subject"][name]) for name in _SUBJECT))
