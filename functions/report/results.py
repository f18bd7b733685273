"""Builds the event that tells a chat, and the archive, what became of a request."""

import json
import re
from collections.abc import Sequence
from typing import Any

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.times import iso
from functions.report import result
from functions.report.i18n import words
from functions.report.i18n.table import Words
from functions.report.messages import Style, build, explain, tool_said
from functions.report.outcome import RESULT_SOURCE, RESULT_TYPE, Outcome, RunResult
from functions.report.output import account_in, bounded, cut_tail, presentable
from functions.request.deployment import Deployment
from functions.request.fields import POSTED

_TAIL_BYTES = 1500
_LONGEST = 200
_MOST_RUNS = 100
_RUNS_BYTES = 12_000


def with_run(outcome: Outcome, invocation: Invocation, run: Run, current_sha256: str) -> Outcome:
    """Add what a command did on an instance; its output is made presentable here."""
    return outcome._replace(
        invoke_id=invocation.invoke_id,
        command_id=invocation.command_id,
        instance_id=run.instance_id,
        exit_code=run.exit_code,
        start_time=run.start_time,
        finish_time=run.finish_time,
        output=presentable(run.output),
        dropped=run.dropped,
        error=presentable(run.error),
        script_sha256=_script(invocation.command_name, current_sha256),
    )


def event(outcome: Outcome, deployment: Deployment, event_id: str, now: float) -> dict[str, Any]:
    """Return a result event for the bus; for a chat that EventBridge posts to, with its message.

    The id follows from what is reported, so that the same report put twice is the same event.
    """
    chat = deployment.chats[outcome.request.chat]
    language = words(chat.language)
    data: dict[str, Any] = {"detail": detail(outcome, language)}
    if not chat.by_function:
        style = Style(chat.platform, language, deployment.guide)
        data["message"] = build(result.read(data["detail"]), style, event_id)
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": RESULT_SOURCE,
        "type": RESULT_TYPE,
        "datacontenttype": "application/json",
        "time": iso(now),
        "aliyuneventbusname": deployment.bus,
        "data": data,
    }


def detail(outcome: Outcome, language: Words) -> dict[str, Any]:
    """Return the ``detail`` of a result event; its keys are always the same."""
    request = outcome.request
    posted = {name: bounded(getattr(request, name), _LONGEST) for name in POSTED}
    del posted["chat"]
    return {
        "InvocationStatus": bounded(outcome.status, _LONGEST),
        "action": request.action,
        **posted,
        "requested_at": iso(int(request.moment) / 1000) if request.moment.isdecimal() else "",
        "origin": {
            "source": bounded(request.source, _LONGEST),
            "chat": request.chat,
            "wanted_chat": bounded(request.wanted_chat, 40),
            "event": bounded(request.event_id, _LONGEST),
        },
        "InvokeId": bounded(outcome.invoke_id, _LONGEST),
        "CommandId": bounded(outcome.command_id, _LONGEST),
        "InstanceId": bounded(outcome.instance_id, _LONGEST),
        "Host": {
            "name": bounded(outcome.host_name, _LONGEST),
            "address": bounded(outcome.host_address, _LONGEST),
        },
        "Instances": {bounded(status, 40): count for status, count in outcome.counts},
        "Runs": _runs(outcome.runs),
        "Unreached": [bounded(instance_id, 24) for instance_id in outcome.unreached[:_MOST_RUNS]],
        "ExitCode": outcome.exit_code,
        "StartTime": bounded(outcome.start_time, _LONGEST),
        "FinishTime": bounded(outcome.finish_time, _LONGEST),
        "Dropped": outcome.dropped,
        "OutputTail": cut_tail(outcome.output, _TAIL_BYTES),
        "Result": account_in(outcome.output),
        "ReasonCode": outcome.reason.code if outcome.reason else "",
        "Reason": explain(outcome, language),
        "Error": tool_said(outcome),
        "script_sha256": bounded(outcome.script_sha256, _LONGEST),
        "repeat": outcome.repeat,
    }


def _runs(runs: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Return what became of a request on each instance, as long as the event has room for it."""
    told: list[dict[str, Any]] = []
    left = _RUNS_BYTES
    for run in runs[:_MOST_RUNS]:
        given = {
            "InstanceId": bounded(run.instance_id, 40),
            "status": bounded(run.status, 40),
            "exit_code": run.exit_code,
            "reason": bounded(run.reason, 120),
        }
        left -= len(json.dumps(given, ensure_ascii=False).encode("utf-8", "replace"))
        if left < 0:
            break
        told.append(given)
    return told


def _script(command_name: str, current: str) -> str:
    """Return the hash of the script that ran, which the stack may have replaced since.

    The command's name ends in the first 12 digits of it; the stack knows only the current one.
    """
    found = re.search(r"-([0-9a-f]{12})$", command_name)
    if found is None or current.startswith(found[1]):
        return current
    return found[1]
