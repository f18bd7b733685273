"""The actions on invocations: run a command, stop it, see what became of it."""

import base64
import json
from dataclasses import replace
from typing import Any

from localcloud.api import Answer, ApiCall
from localcloud.ecs import commands, statuses
from localcloud.ecs.command_actions import given_command, is_plain, timeout
from localcloud.ecs.commands import Command
from localcloud.ecs.encoding import (
    Page,
    arn,
    check_region,
    ids,
    listed_tags,
    page,
    page_fields,
    tags,
)
from localcloud.ecs.errors import EcsError
from localcloud.ecs.invocations import Invocation, Result, Search, Slice
from localcloud.ecs.service import Ecs, Order
from localcloud.environment import iso_utc
from localcloud.errors import InvalidParameterError
from localcloud.whole_number import whole_number

INSTANCES_LIMIT = 100
_INSTANCES_TO_STOP = 50
_RESOURCE_TAGS_LIMIT = 10
_USERNAME_LENGTH = 255
_CLIENT_TOKEN_LENGTH = 64


async def invoke_command(ecs: Ecs, call: ApiCall) -> Answer:
    """Accept a run of a command; it goes on after the answer."""
    check_region(ecs, call)
    command = ecs.command(call.required("CommandId"))
    invocation = ecs.invoke(_order(ecs, call, command))
    return {"InvokeId": invocation.invoke_id}


async def run_command(ecs: Ecs, call: ApiCall) -> Answer:
    """Accept a run of a script that is given with the request."""
    check_region(ecs, call)
    # guess: the name that a command gets when none is given.
    given = given_command(call, name="cmd-localcloud")
    command = ecs.new_command(replace(given, kept=call.boolean("KeepCommand")))
    order = replace(_order(ecs, call, command), new_command=True)
    invocation = ecs.invoke(order)
    return {"CommandId": invocation.command_id, "InvokeId": invocation.invoke_id}


async def stop_invocation(ecs: Ecs, call: ApiCall) -> Answer:
    """Cancel what has not begun and kill what runs; what has ended stays as it is."""
    check_region(ecs, call)
    invocation = ecs.history.get(call.required("InvokeId"))
    if invocation is None:
        # guess: the code; the reference has no code of its own for it.
        raise EcsError("InvalidInvokeId.NotFound")
    given = ids(call, "InstanceId")
    if len(given) > _INSTANCES_TO_STOP:
        raise EcsError("InstanceIds.ExceedLimit", f"{_INSTANCES_TO_STOP} are allowed")
    for instance_id in given:
        if instance_id not in invocation.instance_ids:
            raise EcsError("InvalidInstance.NotFound", f"Not of this invocation: '{instance_id}'")
    await ecs.stop(invocation, given or invocation.instance_ids)
    return {}


async def describe_invocations(ecs: Ecs, call: ApiCall) -> Answer:
    """List invocations, newest first, each with its instances."""
    check_region(ecs, call)
    with_output = call.boolean("IncludeOutput")
    instance_id = call.params.get("InstanceId", "")
    if with_output and not call.params.get("InvokeId") and not instance_id:
        raise InvalidParameterError(
            "IncludeOutput", "true", "true only with InvokeId or InstanceId"
        )
    # "DescribeInvocations": with InstanceId these two do not take effect.
    name = "" if instance_id else call.params.get("CommandName", "")
    status = "" if instance_id else call.params.get("InvokeStatus", "")
    search = Search(
        invoke_id=call.params.get("InvokeId", ""),
        command_id=call.params.get("CommandId", ""),
        command_name=name,
        command_type=call.params.get("CommandType", ""),
        instance_id=instance_id,
        states=statuses.stored_as(status) if status else (),
        tags=tags(call),
    )
    wanted = page(call)
    found, total = ecs.history.search(search, _slice(wanted))
    results = ecs.results(found)
    following = ""
    if len(found) == wanted.size and found[-1].sequence > 1:
        following = f"{found[-1].sequence} 0"
    plain = is_plain(call)
    listed = [
        _invocation(
            invocation,
            [r for r in results[invocation.sequence] if instance_id in {"", r.instance_id}],
            [r.status for r in results[invocation.sequence]],
            plain=plain,
            with_output=with_output,
        )
        for invocation in found
    ]
    return {"Invocations": {"Invocation": listed}, **page_fields(wanted, total, following)}


async def describe_invocation_results(ecs: Ecs, call: ApiCall) -> Answer:
    """List what became of invocations, one entry per instance, newest first."""
    check_region(ecs, call)
    status = call.params.get("InvokeRecordStatus", "")
    search = Search(
        invoke_id=call.params.get("InvokeId", ""),
        command_id=call.params.get("CommandId", ""),
        instance_id=call.params.get("InstanceId", ""),
        result_states=statuses.results_stored_as(status) if status else (),
        tags=tags(call),
    )
    wanted = page(call)
    found, total = ecs.history.search_results(search, _slice(wanted))
    following = ""
    if len(found) == wanted.size:
        following = f"{found[-1].sequence} {found[-1].position}"
    plain = is_plain(call)
    listed = []
    for stored in found:
        invocation = ecs.history.get(stored.invoke_id)
        if invocation is not None:
            listed.append(_result(invocation, ecs.current(stored), plain=plain))
    fields = page_fields(wanted, total, following)
    return {"Invocation": {"InvocationResults": {"InvocationResult": listed}, **fields}}


def invocation_targets(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the command and the instances of InvokeCommand: both must be allowed."""
    return [arn(ecs, "command", call.params.get("CommandId", "") or "*"), *_targets(ecs, call)]


def script_targets(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the instances of RunCommand, and all commands if it keeps its own."""
    kept = call.params.get("KeepCommand", "").lower() == "true"
    return [*_targets(ecs, call), *([arn(ecs, "command", "*")] if kept else [])]


def read_targets(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the command and the instance whose invocations are read, or all of them."""
    return [
        arn(ecs, "command", call.params.get("CommandId", "") or "*"),
        arn(ecs, "instance", call.params.get("InstanceId", "") or "*"),
    ]


def stop_targets(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the instances on which an invocation is stopped."""
    given = ids(call, "InstanceId")
    if not given:
        invocation = ecs.history.get(call.params.get("InvokeId", ""))
        given = invocation.instance_ids if invocation else ["*"]
    return [arn(ecs, "instance", instance_id) for instance_id in given]


def _order(ecs: Ecs, call: ApiCall, command: Command) -> Order:
    """Check everything that an invocation asks for besides its command."""
    for name, code in (
        ("ContainerId", "InvalidContainerId.Malformed"),
        ("ContainerName", "InvalidContainerName.Malformed"),
    ):
        if call.params.get(name):
            raise EcsError(code, "Instances of the local cloud have no containers")
    _check_repetition(call)
    mode = call.params.get("TerminationMode", "") or "Process"
    if mode not in {"Process", "ProcessTree"}:
        raise EcsError("InvalidTerminationMode.NotFound", "Accepted: Process, ProcessTree")
    username = call.params.get("Username", "")
    if len(username) > _USERNAME_LENGTH:
        raise EcsError("Username.ExceedLimit", f"{_USERNAME_LENGTH} are allowed")
    token = call.params.get("ClientToken", "")
    if not token.isascii() or len(token) > _CLIENT_TOKEN_LENGTH:
        raise EcsError("InvalidClientToken.Malformed", "Accepted are 64 ASCII characters")
    needs_all = ecs.settings.readings.left_out_parameter == "refused"
    given = call.params.get("Parameters", "")
    parameters = commands.bind(command, given, needs_all=needs_all)
    commands.check_size(commands.encoded(commands.fill(command.text, parameters, {})))
    working_dir = call.params.get("WorkingDir", "") or command.working_dir
    if len(working_dir) > 200:
        raise EcsError("InvalidParameter.WorkingDir", "200 characters are allowed")
    seconds = timeout(call, command.timeout_seconds)
    commands.check_timeout(seconds)
    if command.type != "RunShellScript":
        raise EcsError("InvalidInstance.NotMatch", "Instances of the local cloud run Linux")
    return Order(
        command=command,
        instance_ids=_instance_ids(ecs, call),
        parameters=parameters,
        timeout_seconds=seconds,
        working_dir=working_dir,
        username=username,
        termination_mode=mode,
        tags=tags(call),
        client_token=token,
    )


def _instance_ids(ecs: Ecs, call: ApiCall) -> list[str]:
    given = ids(call, "InstanceId")
    wanted = tags(call, "ResourceTag", _RESOURCE_TAGS_LIMIT)
    if given and wanted:
        raise EcsError("InvalidResourceTag.ConflictWithInstanceIds")
    if wanted:
        given = ecs.instances_with(wanted)
        if not given:
            raise EcsError("InvalidResourceTag.InstanceNotFound")
    if not given:
        raise EcsError("MissingParam.InstanceId")
    if len(given) > INSTANCES_LIMIT:
        raise EcsError("InstanceIds.ExceedLimit", f"{INSTANCES_LIMIT} are allowed")
    for instance_id in given:
        row = ecs.instance(instance_id)
        if not row.is_reachable and ecs.settings.readings.stopped_instance == "refuses-all":
            why = row.status if row.has_agent else "without Cloud Assistant's agent"
            raise EcsError("InvalidInstance.NotRunning", f"'{instance_id}' is {why}")
    return given


def _check_repetition(call: ApiCall) -> None:
    mode = call.params.get("RepeatMode", "") or "Once"
    if mode not in {"Once", "Period", "NextRebootOnly", "EveryReboot", "DryRun"}:
        raise EcsError("InvalidRepeatMode.NotFound", f"Given was '{mode}'")
    if mode != "Once" or call.params.get("Frequency"):
        raise EcsError("Operation.Forbidden", "The local cloud runs commands once and at once only")


def _targets(ecs: Ecs, call: ApiCall) -> list[str]:
    given = ids(call, "InstanceId")
    if not given:
        wanted = call.pairs("ResourceTag")
        given = ecs.instances_with(wanted) if wanted else []
    return [arn(ecs, "instance", instance_id) for instance_id in given or ["*"]]


def _slice(wanted: Page) -> Slice:
    if not wanted.token:
        return Slice(wanted.size, wanted.offset)
    sequence, position = map(whole_number, wanted.token.partition(" ")[::2])
    if sequence is None or position is None:
        raise InvalidParameterError("NextToken", wanted.token, "the token of an earlier answer")
    return Slice(wanted.size, after=(sequence, position))


def _invocation(
    invocation: Invocation,
    results: list[Result],
    states: list[str],
    *,
    plain: bool,
    with_output: bool,
) -> dict[str, Any]:
    content = invocation.command_content
    if plain:
        content = base64.b64decode(content).decode(errors="replace")
    instances = [_instance(invocation, r, plain=plain, with_output=with_output) for r in results]
    return {
        "InvokeId": invocation.invoke_id,
        "CommandId": invocation.command_id,
        "CommandName": invocation.command_name,
        "CommandType": invocation.command_type,
        "CommandDescription": invocation.command_description,
        "CommandContent": content,
        "Parameters": json.dumps(invocation.parameters, ensure_ascii=False),
        "Timeout": invocation.timeout_seconds,
        "WorkingDir": invocation.working_dir,
        "Username": invocation.username,
        "TerminationMode": invocation.termination_mode,
        "RepeatMode": "Once",
        "Frequency": "",
        "Timed": False,
        "CreationTime": iso_utc(invocation.created),
        "InvocationStatus": statuses.overall(states),
        "InvokeStatus": statuses.overall_legacy_status(states),
        "InvokeInstances": {"InvokeInstance": instances},
        "Tags": listed_tags(invocation.tags),
    }


def _instance(
    invocation: Invocation, result: Result, *, plain: bool, with_output: bool
) -> dict[str, Any]:
    changed = result.finished or result.started or invocation.created
    fields = {
        "CreationTime": iso_utc(invocation.created),
        "FinishTime": _time(result.finished),
        "InstanceInvokeStatus": statuses.legacy_status(result.status),
        "Timed": False,
        "UpdateTime": iso_utc(changed),
        **_common(result),
    }
    if with_output:
        fields["Output"] = _output(result, plain=plain)
    return fields


def _result(invocation: Invocation, result: Result, *, plain: bool) -> dict[str, Any]:
    return {
        "InvokeId": invocation.invoke_id,
        "CommandId": invocation.command_id,
        "FinishedTime": _time(result.finished),
        "InvokeRecordStatus": statuses.legacy_status(result.status),
        "Output": _output(result, plain=plain),
        "TerminationMode": invocation.termination_mode,
        "Username": invocation.username,
        "Tags": listed_tags(invocation.tags),
        **_common(result),
    }


def _common(result: Result) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "InstanceId": result.instance_id,
        "InvocationStatus": result.status,
        "StartTime": _time(result.started),
        "StopTime": _time(result.stopped),
        "Repeats": 0 if result.started is None else 1,
        "Dropped": result.dropped,
        "ErrorCode": result.error_code,
        "ErrorInfo": statuses.ERROR_INFO.get(result.error_code, ""),
    }
    if result.exit_code is not None:
        fields["ExitCode"] = result.exit_code
    return fields


def _output(result: Result, *, plain: bool) -> str:
    if plain:
        return result.output.decode(errors="replace")
    return base64.b64encode(result.output).decode()


def _time(seconds: float | None) -> str:
    return "" if seconds is None else iso_utc(seconds)
