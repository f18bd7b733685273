"""List a stack's dead letters, or publish them once more: ``python -m ops replay``."""

import os
import time
from collections.abc import Mapping

import httpx
import typer

from functions.cloud.errors import PermanentError, TemporaryError
from functions.cloud.eventbridge import EventBus
from functions.cloud.rpc import Credentials
from localcloud.client import access_key_of
from localcloud.commandline import endpoints
from localcloud.commandline.errors import UserError
from localcloud.commandline.progress import progress
from ops import stack_file
from ops.project import LOCAL
from ops.replay import letters
from ops.replay.queue import Message, Queue


class Unusable(UserError):
    """The stack file or the environment lacks something; the message names it."""


def run(stack: str, endpoint: str, *, yes: bool) -> int:
    """List a stack's dead letters, or publish each on its bus again and delete it."""
    try:
        return _replay(stack, endpoints.checked(endpoint), yes=yes)
    except httpx.TransportError as problem:
        raise Unusable(f"the queue cannot be reached: {problem}") from None


def _replay(stack: str, endpoint: str, *, yes: bool) -> int:
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
    with httpx.Client(timeout=30, trust_env=not local) as http:
        queue = Queue(
            http,
            endpoint if local else f"https://{account}.mns.{host}",
            f"{prefix}-dead-letters",
            key,
        )
        bus = EventBus(
            endpoint if local else f"https://{account}.eventbridge.{host}", key, now=time.time
        )
        return _publish(queue, bus) if yes else _list(queue)


def _list(queue: Queue) -> int:
    with progress("reading the dead letters"):
        waiting = queue.count()
        shown = queue.look() if waiting else []
    for message in shown:
        try:
            typer.echo(str(letters.read(message.body)))
        except letters.Unreadable as problem:
            typer.echo(f"message {message.id}: {problem}")
    more = f", the first {len(shown)} are shown" if waiting > len(shown) else ""
    typer.echo(f"{waiting} dead letters{more}; --yes publishes them again", err=True)
    return 0


def _publish(queue: Queue, bus: EventBus) -> int:
    """Publish what waits now, not what comes back while this runs; what fails stays."""
    left = queue.count()
    published = failed = 0
    while left > 0 and (taken := queue.take()):
        left -= len(taken)
        for message in taken:
            problem = _publish_one(queue, bus, message)
            published, failed = published + (not problem), failed + bool(problem)
            if problem:
                typer.echo(f"message {message.id}: {problem}; it stays in the queue", err=True)
    typer.echo(f"{published} published again, {failed} left", err=True)
    return 1 if failed else 0


def _publish_one(queue: Queue, bus: EventBus, message: Message) -> str:
    try:
        letter = letters.read(message.body)
        bus.put([letter.event])
    except (letters.Unreadable, PermanentError, TemporaryError) as problem:
        return str(problem)
    # Deleted only now: an event that is published twice is recognised, a lost one is not.
    queue.delete(message)
    typer.echo(str(letter))
    return ""


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
