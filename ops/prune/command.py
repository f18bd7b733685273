"""Delete the commands that a stack has replaced: ``python -m ops prune --stack dev``.

A command cannot be deleted while it is being run ("DeleteCommand"), so an update leaves the old one
where it is. Which ones are old, the stack's state says: every command of the stack's names that is
not in it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import typer

from functions.cloud import ecs
from functions.cloud.errors import FunctionError
from functions.cloud.rpc import ApiRefusedError
from localcloud.commandline.errors import UserError
from ops.access import Access, access
from ops.stack import command as engine
from ops.stack.retained import commands

_IN_USE = "InvalidStatus.CmdIdInUse"
_PAGE = 50


class PruneError(UserError):
    """Nothing was deleted; the message says why."""


class Pruned(NamedTuple):
    """What became of the old commands, by their names."""

    deleted: list[str]
    running: list[str]
    """They are still being run."""


def run(stack: str, endpoint: str, *, destroyed: bool = False) -> None:
    """Delete a stack's old commands, and say which are still being run.

    Args:
        stack: the stack.
        endpoint: for stack local: where the local cloud is.
        destroyed: the stack has no commands any more, so all of them are old.
    """
    state = engine.exported(stack)
    kept = commands_of(state)
    if bool(kept) == destroyed:
        raise PruneError(
            f"the state of stack {stack} holds commands: destroy it first"
            if destroyed
            else f"the state of stack {stack} holds no commands, so none can be told to be old; "
            "after a destroy say --destroyed"
        )
    try:
        found = prune(access(stack, endpoint), kept)
    except FunctionError as error:
        raise PruneError(f"stack {stack}: {error}") from None
    for name in found.deleted:
        typer.echo(f"deleted the old command {name}")
    for name in found.running:
        typer.echo(
            f"the old command {name} is still being run; 'make prune STACK={stack}' or the next "
            "update deletes it"
        )


def commands_of(state: Mapping[str, Any]) -> set[str]:
    """Return the ids of the commands in a stack's state ("pulumi stack export")."""
    return {str(command["id"]) for command in commands(state) if command.get("id")}


def prune(place: Access, kept: Collection[str]) -> Pruned:
    """Delete every command of a stack's names but these.

    Raises:
        FunctionError: if commands cannot be listed, or one cannot be deleted though it is not run.
    """
    rpc = ecs.connect(place, place.environ)
    found = Pruned([], [])
    for command_id, name in list(_commands(place)):
        if command_id in kept:
            continue
        try:
            rpc.call("DeleteCommand", {"RegionId": place.region, "CommandId": command_id})
        except ApiRefusedError as error:
            if error.code != _IN_USE:
                raise
            found.running.append(name)
        else:
            found.deleted.append(name)
    return found


def _commands(place: Access) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each command that carries one of the stack's scripts."""
    rpc = ecs.connect(place, place.environ)
    for action in ("provision", "deprovision"):
        # The name ends in the beginning of the script's hash; nothing else is the stack's.
        pattern = re.compile(rf"{re.escape(place.prefix)}-{action}-[0-9a-f]{{12}}")
        asked: dict[str, Any] = {
            "RegionId": place.region,
            "Name": f"{place.prefix}-{action}-*",
            "MaxResults": _PAGE,
        }
        while True:
            answer = rpc.call("DescribeCommands", asked)
            for given in answer.get("Commands", {}).get("Command", []):
                if pattern.fullmatch(str(given.get("Name"))):
                    yield str(given["CommandId"]), str(given["Name"])
            token = answer.get("NextToken")
            if not token:
                break
            asked["NextToken"] = token
