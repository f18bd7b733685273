"""Builds the event that tells a chat, and the archive, what became of a request."""

import re
from typing import Any

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.times import iso
from functions.report.facts import Facts, detail
from functions.report.messages import build
from functions.report.output import presentable
from functions.request.deployment import Loop

SOURCE = "ecs.provisioning"
TYPE = "provisioning:InvocationResult"


def event(facts: Facts, loop: Loop, event_id: str, now: float) -> dict[str, Any]:
    """Return a result event for the bus, with the finished message for the chat in ``facts``.

    The id follows from what is reported, so that the same report put twice is the same event.
    """
    chat = loop.chats[facts.chat]
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": TYPE,
        "datacontenttype": "application/json",
        "time": iso(now),
        "aliyuneventbusname": loop.bus,
        "data": {"detail": detail(facts, chat.language), "message": build(facts, chat, event_id)},
    }


def with_run(known: Facts, invocation: Invocation, run: Run, loop: Loop) -> Facts:
    """Add what a command did on an instance; its output is made presentable here."""
    return known._replace(
        emp_id=invocation.parameters.get("emp_id", ""),
        role=invocation.parameters.get("role", ""),
        invoke_id=invocation.invoke_id,
        command_id=invocation.command_id,
        instance_id=run.instance_id,
        exit_code=run.exit_code,
        start_time=run.start_time,
        finish_time=run.finish_time,
        output=presentable(run.output),
        dropped=run.dropped,
        error=presentable(run.error),
        script_sha256=_script(invocation.command_name, loop.script_sha256),
    )


def _script(command_name: str, current: str) -> str:
    """Return the hash of the script that ran, which the stack may have replaced since.

    The command's name ends in the first 12 digits of it; the stack knows only the current one.
    """
    found = re.search(r"-([0-9a-f]{12})$", command_name)
    if found is None or current.startswith(found[1]):
        return current
    return found[1]
