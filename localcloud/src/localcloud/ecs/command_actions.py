"""The actions on commands: CreateCommand, DescribeCommands, ModifyCommand, DeleteCommand."""

import base64
import dataclasses
from typing import Any

from localcloud.api import Answer, ApiCall
from localcloud.ecs import commands
from localcloud.ecs.commands import Command
from localcloud.ecs.encoding import arn, check_region, cut, listed_tags, page, tags
from localcloud.ecs.errors import EcsError
from localcloud.ecs.service import Ecs
from localcloud.environment import iso_utc
from localcloud.errors import InvalidParameterError

_LAUNCHER_LENGTH = 1024
_LONGEST_TIMEOUT = 10**9


async def create_command(ecs: Ecs, call: ApiCall) -> Answer:
    """Keep a command; the answer's id is new each time, names may repeat."""
    check_region(ecs, call)
    call.required("Name")
    return {"CommandId": ecs.create_command(given_command(call)).command_id}


async def describe_commands(ecs: Ecs, call: ApiCall) -> Answer:
    """List commands, newest first; an unknown id results in an empty list."""
    check_region(ecs, call)
    wanted_tags = tags(call)
    found = [
        command
        for command in ecs.commands
        if command.kept
        and call.params.get("CommandId", "") in {"", command.command_id}
        and call.params.get("Type", "") in {"", command.type}
        and _matches(call.params.get("Name", ""), command.name)
        and _matches(call.params.get("Description", ""), command.description)
        and all(command.tags.get(key) == value for key, value in wanted_tags.items())
        # The common commands that Alibaba Cloud provides do not exist here.
        and not call.params.get("Provider")
    ]
    found.sort(key=lambda command: (command.created, command.command_id), reverse=True)
    part, fields = cut(page(call), found)
    plain = is_plain(call)
    return {"Commands": {"Command": [_listed(ecs, c, plain=plain) for c in part]}, **fields}


async def modify_command(ecs: Ecs, call: ApiCall) -> Answer:
    """Change what is given of a command's name, description, time limit and folder."""
    check_region(ecs, call)
    command = ecs.command(call.required("CommandId"))
    # "ModifyCommand": CommandContent is no longer used and does not take effect.
    changed = dataclasses.replace(
        command,
        name=call.params.get("Name") or command.name,
        description=call.params.get("Description", command.description),
        working_dir=call.params.get("WorkingDir", command.working_dir),
        timeout_seconds=timeout(call, command.timeout_seconds),
    )
    commands.check(changed)
    ecs.commands.put(changed.command_id, changed)
    return {}


async def delete_command(ecs: Ecs, call: ApiCall) -> Answer:
    """Delete a command that is not being run."""
    check_region(ecs, call)
    command = ecs.command(call.required("CommandId"))
    if await ecs.is_running(command):
        raise EcsError("InvalidStatus.CmdIdInUse")
    ecs.commands.delete(command.command_id)
    return {}


def given_command(call: ApiCall, name: str = "") -> Command:
    """Read the command of CreateCommand or RunCommand; it is not checked yet."""
    if len(launcher := call.params.get("Launcher", "")) > _LAUNCHER_LENGTH:
        raise EcsError("InvalidLauncher.LengthLimitExceeded")
    if launcher:
        raise InvalidParameterError(
            "Launcher", launcher, "nothing: the local cloud runs shell scripts"
        )
    content = call.required("CommandContent")
    if is_plain(call):
        content = commands.encoded(content)
    return Command(
        command_id="",
        name=call.params.get("Name", "") or name,
        type=call.required("Type"),
        content=content,
        created=0.0,
        timeout_seconds=timeout(call, 60),
        enable_parameter=call.boolean("EnableParameter"),
        working_dir=call.params.get("WorkingDir", ""),
        description=call.params.get("Description", ""),
        tags=tags(call),
    )


def timeout(call: ApiCall, default: int) -> int:
    """Read a time limit in seconds; its range is checked with the command."""
    return call.integer("Timeout", default, 0, _LONGEST_TIMEOUT)


def is_plain(call: ApiCall) -> bool:
    """Return whether contents travel as plain text; anything else means Base64."""
    return call.params.get("ContentEncoding", "") == "PlainText"


def command_resources(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the command that a request is about, or all of them."""
    return [arn(ecs, "command", call.params.get("CommandId", "") or "*")]


def _listed(ecs: Ecs, command: Command, *, plain: bool) -> dict[str, Any]:
    content = command.content
    if plain:
        content = base64.b64decode(content).decode(errors="replace")
    return {
        "CommandId": command.command_id,
        "Name": command.name,
        "Type": command.type,
        "CommandContent": content,
        "Description": command.description,
        "Timeout": command.timeout_seconds,
        "WorkingDir": command.working_dir,
        "EnableParameter": command.enable_parameter,
        "ParameterNames": {"ParameterName": command.parameter_names},
        "InvokeTimes": ecs.history.count_of_command(command.command_id),
        "CreationTime": iso_utc(command.created),
        "Tags": listed_tags(command.tags),
    }


def _matches(wanted: str, text: str) -> bool:
    """Compare a filter, where ``prefix*`` finds all that begins so ("DescribeCommands")."""
    if wanted.endswith("*"):
        return text.startswith(wanted[:-1])
    return wanted in {"", text}
