"""Pause provisioning in a deployed stack, and resume it: ``python -m ops pause --stack dev``.

The flag is a Cloud Assistant command (``functions/request/paused.py``): the function run-command
looks for it before it starts anything that gives a role.
"""

import base64
from typing import Any, NamedTuple

import typer

from functions.cloud import ecs
from functions.cloud.errors import FunctionError
from functions.request import paused
from localcloud.commandline.errors import UserError
from ops.access import Access, access

_SCRIPT = "# Provisioning is paused as long as this command exists. Running it does nothing.\n"


class PauseError(UserError):
    """The flag could not be set or taken away."""


class _Flag(NamedTuple):
    """A command that pauses the stack."""

    id: str
    reason: str
    created: str


def pause(stack: str, reason: str, endpoint: str) -> None:
    """Let requests to provision be refused with this reason, from now on."""
    reason = " ".join(reason.split())
    if not reason:
        raise PauseError("people will ask why: make pause STACK=… REASON='why, and until when'")
    if len(reason) > paused.LONGEST_REASON or not reason.isprintable():
        raise PauseError(f"REASON must be at most {paused.LONGEST_REASON} printable characters")
    place = access(stack, endpoint)
    commands = _Commands(place)
    try:
        earlier = commands.flags()
        # First the new one: there is no moment at which the stack is not paused.
        commands.create(reason)
        commands.delete(earlier)
    except FunctionError as error:
        raise PauseError(f"stack {stack}: {error}") from None
    replaced = f" (before: {earlier[0].reason})" if earlier else ""
    typer.echo(f"provisioning of stack {stack} is paused{replaced}: {reason}")
    typer.echo(
        "requests to provision are refused with this reason, what has begun ends, taking away "
        f"goes on; 'make resume STACK={stack}' ends it"
    )


def resume(stack: str, endpoint: str) -> None:
    """Let requests to provision be carried out again."""
    commands = _Commands(access(stack, endpoint))
    try:
        flags = commands.flags()
        commands.delete(flags)
    except FunctionError as error:
        raise PauseError(f"stack {stack}: {error}") from None
    if not flags:
        typer.echo(f"provisioning of stack {stack} was not paused")
        return
    typer.echo(
        f"provisioning of stack {stack} goes on; it was paused from {flags[0].created}: "
        f"{flags[0].reason}"
    )
    typer.echo("requests that were refused meanwhile must be approved again")


class _Commands:
    """The Cloud Assistant commands of one stack's flag."""

    def __init__(self, place: Access) -> None:
        self._rpc = ecs.connect(place, place.environ)
        self._region = place.region
        self._name = paused.command_name(place.prefix)

    def flags(self) -> list[_Flag]:
        """Return the commands that pause the stack: one, or none."""
        answer = self._call("DescribeCommands", Name=self._name, MaxResults=50)
        listed = answer.get("Commands", {}).get("Command", [])
        return [
            _Flag(c["CommandId"], c.get("Description") or "-", c.get("CreationTime") or "?")
            for c in listed
            if c.get("Name") == self._name
        ]

    def create(self, reason: str) -> None:
        """Create the command."""
        self._call(
            "CreateCommand",
            Name=self._name,
            Description=reason,
            Type="RunShellScript",
            CommandContent=base64.b64encode(_SCRIPT.encode()).decode(),
        )

    def delete(self, flags: list[_Flag]) -> None:
        """Delete these commands."""
        for flag in flags:
            self._call("DeleteCommand", CommandId=flag.id)

    def _call(self, action: str, **params: Any) -> dict[str, Any]:
        return self._rpc.call(action, {"RegionId": self._region, **params})
