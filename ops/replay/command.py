"""List a stack's dead letters, or publish them once more: ``python -m ops replay``."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import typer

from functions.cloud import eventbridge, smq
from functions.cloud.errors import FunctionError, PermanentError, TemporaryError
from functions.cloud.eventbridge import EventBus
from functions.cloud.smq import Queues, Received
from localcloud.commandline.errors import UserError
from localcloud.commandline.progress import progress
from ops.access import access
from ops.replay import letters

_SHORTEST_SECONDS = 1
"""The soonest that a message which was taken can be given back ("ChangeMessageVisibility")."""
_WAIT_SECONDS = 2
"""How long nothing may come until the queue is taken as empty.

Longer than ``_SHORTEST_SECONDS``: whoever looked a moment ago gives messages back one by one.
"""


class Unusable(UserError):
    """The queue did not do what it was asked for; the message says why."""


class DeadLetters:
    """The dead letters of a stack."""

    def __init__(self, queues: Queues, bus: EventBus, queue: str) -> None:
        self._queues = queues
        self._bus = bus
        self._queue = queue
        self._deleted: set[str] = set()

    @contextmanager
    def taken(self) -> Iterator[list[Received]]:
        """Take all that waits now; whatever is not deleted by the end is given back.

        Only taking shows all of a queue: a peek never gets past the first 16, and a queue's
        attributes do not count its messages any more ("GetQueueAttributes").
        """
        messages: dict[str, Received] = {}
        try:
            while found := self._queues.receive(self._queue, wait_seconds=_WAIT_SECONDS):
                if messages.keys() >= {message.id for message in found}:
                    break
                messages.update({message.id: message for message in found})
            yield list(messages.values())
        finally:
            for message in messages.values():
                if message.id not in self._deleted:
                    # It may be visible again by itself.
                    with suppress(FunctionError):
                        self._queues.again(self._queue, message.receipt, _SHORTEST_SECONDS)

    def publish(self, message: Received) -> str:
        """Publish a letter's event on its bus and delete it; return why not, empty if it did."""
        try:
            self._bus.put([letters.read(message.body).event])
        except (letters.Unreadable, PermanentError, TemporaryError) as problem:
            return str(problem)
        # Deleted only now: an event that is published twice is recognised, a lost one is not.
        self._queues.delete(self._queue, [message.receipt])
        self._deleted.add(message.id)
        return ""


def run(stack: str, endpoint: str, only: Sequence[str], *, yes: bool) -> int:
    """List a stack's dead letters, or publish each on its bus again and delete it."""
    with _deployed(stack, endpoint) as found:
        wanted = _wanted(only)
        return _publish(found, wanted) if yes else _list(found, wanted)


@contextmanager
def _deployed(stack: str, endpoint: str) -> Iterator[DeadLetters]:
    cloud = access(stack, endpoint)
    queues = smq.connect(cloud, cloud.environ)
    bus = eventbridge.connect(cloud, cloud.environ)
    try:
        yield DeadLetters(queues, bus, f"{cloud.prefix}-dead-letters")
    except FunctionError as problem:
        raise Unusable(f"the dead letters of stack {stack}: {problem}") from None


def _wanted(only: Sequence[str]) -> Callable[[Received], bool]:
    """Return what tells which letters are meant: by message, request or employee."""

    def is_meant(message: Received) -> bool:
        if not only or message.id in only:
            return True
        with suppress(letters.Unreadable):
            letter = letters.read(message.body)
            return not {letter.request, letter.employee}.isdisjoint(only)
        return False

    return is_meant


def _list(found: DeadLetters, wanted: Callable[[Received], bool]) -> int:
    with progress("reading the dead letters"), found.taken() as messages:
        shown = [message for message in messages if wanted(message)]
    for message in shown:
        try:
            line = str(letters.read(message.body))
        except letters.Unreadable as problem:
            line = f"cannot be published: {problem}"
        typer.echo(f"{message.id}  {line}")
    typer.echo(
        f"{len(shown)} dead letters; --yes publishes them again, --only one of them", err=True
    )
    return 0


def _publish(found: DeadLetters, wanted: Callable[[Received], bool]) -> int:
    """Publish what waits now, not what comes back while this runs; what fails stays."""
    published = failed = 0
    with found.taken() as messages:
        for message in filter(wanted, messages):
            problem = found.publish(message)
            published, failed = published + (not problem), failed + bool(problem)
            if problem:
                typer.echo(f"message {message.id}: {problem}; it stays in the queue", err=True)
            else:
                typer.echo(f"{message.id}  {letters.read(message.body)}")
    typer.echo(f"{published} published again, {failed} left", err=True)
    return 1 if failed else 0
