"""Keeps an event until it has been handled, or buries it and says why.

No page says what a rule or a stream makes of an exception, so none has to mean anything. What
fails for now is tried again within the call, then waits in the function's own queue; what fails for
good, or for a day, becomes a dead letter. The function does both by its own hand and returns.

A call brings an event, or is only the occasion to look into the queue: a timer's, or a wake, which
follows an event that a rule has put there. Events of the queue are deleted when they were handled.
So a function that dies in the middle loses none of them; of those that a call brought, Function
Compute repeats the call.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from functions.cloud import retry, smq
from functions.cloud.context import Context
from functions.cloud.errors import FunctionError, PermanentError, TemporaryError
from functions.cloud.log import decision
from functions.cloud.smq import Received
from functions.request import events

GIVES_UP_SECONDS = 86_400.0
"""How long an event is tried that fails for now."""
FIRST_SECONDS = 60
LONGEST_SECONDS = 3600
WORKS_SECONDS = 60.0
"""How long a call takes events from the queue."""
EACH_SECONDS = 20.0
"""How long one of them is tried until it waits again; also how long keeping is tried."""
_SPARE_SECONDS = 2 * LONGEST_SECONDS
_WAKE_WAITS_SECONDS = 1

T = TypeVar("T")
Serve = Callable[[bytes], str]
"""Handles an event, or a timer's call; returns the lines that were logged. It may do so twice."""


class Queues(Protocol):
    """The message queues of the account."""

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


class Places(NamedTuple):
    """Where events go that are not handled."""

    events: str
    """The queue of events that wait for the function; without one, what fails is raised."""
    dead_letters: str


class Keeper:
    """Serves one call after another of a function."""

    def __init__(
        self,
        function: str,
        queues: Queues,
        places: Places,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = retry.chance,
    ) -> None:
        self._function = function
        self._queues = queues
        self._places = places
        self._now = now
        self._sleep = sleep
        self._draw = draw

    def call(self, payload: bytes, serve: Serve) -> str:
        """Serve a call, whatever it brings; return the lines that were logged.

        Raises:
            FunctionError: if a timer's work fails, or an event can neither be handled nor kept.
        """
        if events.is_timer(payload):
            begin = self._now()
            lines = self.work_off(serve)
            own = self._patiently(lambda: serve(payload), begin + retry.SECONDS - self._now())
            return "\n".join(filter(None, (lines, own)))
        if events.is_wake(payload):
            return self.work_off(serve, _WAKE_WAITS_SECONDS)
        return self.handle(payload, serve)

    def handle(self, payload: bytes, serve: Serve) -> str:
        """Handle the event that a call brought, or keep it."""
        text = payload.decode("utf-8", "replace")
        try:
            return self._patiently(lambda: serve(payload), retry.SECONDS)
        except TemporaryError as error:
            if not self._places.events:
                raise
            try:
                self.put(text, FIRST_SECONDS)
            except PermanentError as refusal:
                return self._bury(text, refusal)
            return self._waits(error, FIRST_SECONDS)
        except Exception as error:
            if not self._places.dead_letters:
                raise
            return self._bury(text, error)

    def put(self, text: str, delay_seconds: int = 0) -> None:
        """Put an event into the function's own queue."""
        queue = self._places.events
        self._patiently(lambda: self._queues.send(queue, text, delay_seconds), EACH_SECONDS)

    def work_off(self, serve: Serve, wait_seconds: int = 0) -> str:
        """Handle what waits in the queue; the first event may be a moment later than its wake."""
        lines: list[str] = []
        queue = self._places.events
        end = self._now() + WORKS_SECONDS
        # One by one: what else waits is for whoever is called at the same time.
        while queue and self._now() < end:
            messages = self._queues.receive(queue, 1, wait_seconds)
            if not messages:
                break
            lines += [self._work(message, serve) for message in messages]
            wait_seconds = 0
        return "\n".join(lines)

    def _work(self, message: Received, serve: Serve) -> str:
        age = self._now() - message.enqueued
        try:
            line = self._patiently(lambda: _serve(message, age, serve), EACH_SECONDS)
        except TemporaryError as error:
            if age <= GIVES_UP_SECONDS:
                return self._put_off(message, error)
            line = self._bury(message.body, error)
        except Exception as error:
            line = self._bury(message.body, error)
        self._patiently(
            lambda: self._queues.delete(self._places.events, [message.receipt]), EACH_SECONDS
        )
        return line

    def _put_off(self, message: Received, error: TemporaryError) -> str:
        seconds = pause(message.dequeue_count)
        try:
            self._queues.again(self._places.events, message.receipt, seconds)
        except FunctionError as problem:
            # Then it comes again when its visibility timeout is over.
            decision(self._function, "cannot-put-off", code=problem.code, reason=str(problem))
        return self._waits(error, seconds)

    def _waits(self, error: TemporaryError, seconds: int) -> str:
        return decision(
            self._function, "put-back", code=error.code, reason=str(error), seconds=seconds
        )

    def _bury(self, text: str, error: Exception) -> str:
        # Imported for what hardly ever happens: every cold start would pay for it.
        from traceback import format_tb  # noqa: PLC0415

        from functions.cloud.dead_letters import letter  # noqa: PLC0415

        if isinstance(error, FunctionError):
            code, reason = error.code, str(error)
        else:
            # The error's own words may quote the event.
            code, reason = type(error).__name__, "the function failed unexpectedly; see its log"
            print("".join(format_tb(error.__traceback__)), flush=True)
        body = letter(text, "", function=self._function, code=code, message=reason)
        queue = self._places.dead_letters
        self._patiently(lambda: self._queues.send(queue, body), EACH_SECONDS)
        return decision(self._function, "buried", code=code, reason=reason)

    def _patiently(self, work: Callable[[], T], seconds: float) -> T:
        return retry.patiently(
            self._function,
            work,
            seconds=seconds,
            now=self._now,
            sleep=self._sleep,
            draw=self._draw,
        )


def connect(function: str, context: Context, environ: Mapping[str, str]) -> Keeper:
    """Return what keeps the events that a function does not get done."""
    places = Places(environ.get("EVENT_QUEUE", ""), environ.get("DEAD_LETTER_QUEUE", ""))
    return Keeper(function, smq.connect(context, environ), places)


def _serve(message: Received, age: float, serve: Serve) -> str:
    if age > GIVES_UP_SECONDS + _SPARE_SECONDS:
        # Nothing was said of it all the time: whoever tries dies of it.
        raise PermanentError("it was neither handled nor put back for a day", "GivenUp")
    return serve(message.body.encode())


def pause(times: int) -> int:
    """Return after how many seconds an event is tried again that was received so often."""
    return int(min(FIRST_SECONDS * 2 ** max(0, min(times - 1, 10)), LONGEST_SECONDS))
