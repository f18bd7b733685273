"""List a stack's dead letters, or publish them once more: ``python -m ops replay``."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import typer

from functions.cloud.errors import FunctionError, PermanentError, TemporaryError
from functions.cloud.eventbridge import EventBus
from functions.cloud.rpc import Credentials
from functions.cloud.smq import Queues, Received
from localcloud.client import access_key_of
from localcloud.commandline import endpoints
from localcloud.commandline.errors import UserError
from localcloud.commandline.progress import progress
from ops import stack_file
from ops.project import LOCAL
from ops.replay import letters

_SHORTEST_SECONDS = 1
"""The soonest that a message which was taken can be given back ("ChangeMessageVisibility")."""
_WAIT_SECONDS = 2
"""How long to wait for the first message: who looked a moment ago has just given them back."""


class Unusable(UserError):
    """The stack file, the environment or the queue lacks something; the message names it."""


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
            while found := self._queues.receive(
                self._queue, wait_seconds=0 if messages else _WAIT_SECONDS
            ):
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
    with _deployed(stack, endpoints.checked(endpoint)) as found:
        wanted = _wanted(only)
        return _publish(found, wanted) if yes else _list(found, wanted)


@contextmanager
def _deployed(stack: str, endpoint: str) -> Iterator[DeadLetters]:
    config = stack_file.config_of(stack)
    settings = stack_file.settings_of(config, "account_id", "environment")
    account, region = settings["account_id"], stack_file.region_of(config)
    prefix = settings.get("name_prefix") or f"provisioning-{settings['environment']}"
    local = stack == LOCAL
    key = _local_key(endpoint) if local else _key(os.environ)
    if local:
        # The local cloud is on this machine: a proxy of the environment must not be asked.
        os.environ["no_proxy"] = "*"
    host = f"{region}.aliyuncs.com"
    queues = Queues(endpoint if local else f"https://{account}.mns.{host}", key, now=time.time)
    bus = EventBus(
        endpoint if local else f"https://{account}.eventbridge.{host}", key, now=time.time
    )
    try:
        yield DeadLetters(queues, bus, f"{prefix}-dead-letters")
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


def _local_key(endpoint: str) -> Credentials:
    key = access_key_of(endpoint)
    return Credentials(key.id, key.secret)


def _key(environ: Mapping[str, str]) -> Credentials:
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise Unusable(f"{' and '.join(missing)} must be set in the environment")
    return Credentials(
        environ[names[0]], environ[names[1]], environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    )
