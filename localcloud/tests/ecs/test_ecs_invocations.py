"""Invocations: what runs where, what is refused, and how a run is stopped."""

import asyncio
import base64
import json
from typing import Any

import pytest

from lab.ecs import EcsLab, encoded
from localcloud.ecs.dispatch import AT_ONCE
from localcloud.faults import Fault
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.outcome import Outcome


async def test_script_gets_parameters_and_built_in_values(lab: EcsLab) -> None:
    """The placeholders of a command are filled with what was sent and what the cloud knows."""
    text = "{{name}} {{ACS::InstanceId}} {{ACS::InvokeId}} {{ACS::RegionId}} {{ACS::CommandId}}"
    command_id = await lab.create(text, WorkingDir="/opt")
    invoke_id = await lab.invoke(
        command_id,
        Parameters='{"NAME": "$(x)"}',
        InstanceId_1="i-local0002",
        Timeout=60,
        Username="e1",
    )
    await lab.ecs.drain()
    ((instance, script),) = lab.machines.ran
    assert instance == "i-local0002"
    expected = f"$(x) i-local0002 {invoke_id} cn-hangzhou {command_id}"
    assert script.content.decode() == expected
    assert (script.timeout_seconds, script.working_dir) == (60.0, "/opt")
    assert (script.username, script.name) == ("e1", invoke_id)


async def test_placeholders_of_a_command_without_parameters_stay(lab: EcsLab) -> None:
    """Where the parameter feature is off, double braces are plain text."""
    await lab.invoke(await lab.create("echo {{name}}", EnableParameter=False))
    await lab.ecs.drain()
    assert lab.machines.ran[0][1].content == b"echo {{name}}"


async def test_timed_out_run_ends_at_its_limit(lab: EcsLab) -> None:
    """The end of a run that timed out is its start and the limit, whenever that was noticed."""
    lab.machines.hold()
    invoke_id = await lab.invoke(await lab.create("x"), Timeout=30)
    task = await lab.begun(1)
    lab.clock.advance(31.5)
    lab.machines.end("i-local0001", invoke_id, Outcome("timeout"))
    await lab.until(lambda: bool(lab.published))
    await lab.ended(task)
    assert lab.published[0][1]["data"]["finishTime"] == "2026-01-01T00:00:30Z"


async def test_machine_without_isolation_aborts_runs(lab: EcsLab) -> None:
    """Where no instance can be made, a run is aborted and the reason is its output."""

    def fail(*_: object) -> Outcome:
        raise SandboxUnavailableError("instances need Linux")

    lab.machines.answer = fail
    invoke_id = await lab.invoke(await lab.create("x"))
    await lab.ecs.drain()
    found = await lab.described(invoke_id, IncludeOutput=True)
    (run,) = found["InvokeInstances"]["InvokeInstance"]
    assert (run["InvocationStatus"], run["ErrorCode"]) == ("Aborted", "ClientNotRunning")
    assert base64.b64decode(run["Output"]) == b"instances need Linux"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({"CommandId": "c-gone"}, ("InvalidCmdId.NotFound", 404), id="command"),
        pytest.param({"InstanceId_1": ""}, ("InvalidInstance.NotFound", 404), id="empty-instance"),
        pytest.param({"InstanceId_1": "i-x"}, ("InvalidInstance.NotFound", 404), id="instance"),
        pytest.param({"InstanceId_1": None}, ("MissingParam.InstanceId", 400), id="no-instance"),
        pytest.param(
            {f"InstanceId_{n}": f"i-{n}" for n in range(1, 102)},
            ("InstanceIds.ExceedLimit", 403),
            id="101-instances",
        ),
        pytest.param(
            {"ResourceTag_1_Key": "role"},
            ("InvalidResourceTag.ConflictWithInstanceIds", 400),
            id="ids-and-tags",
        ),
        pytest.param(
            {"InstanceId_1": None, "ResourceTag_1_Key": "role", "ResourceTag_1_Value": "none"},
            ("InvalidResourceTag.InstanceNotFound", 400),
            id="tags-of-nobody",
        ),
        pytest.param({"Parameters": "{"}, ("InvalidParameter.Parameters", 400), id="no-json"),
        pytest.param({"Parameters": "[]"}, ("InvalidParameter.Parameters", 400), id="no-object"),
        pytest.param({"Parameters": ""}, ("Parameter.MissingValue", 400), id="nothing-given"),
        pytest.param({"Parameters": "{}"}, ("Parameter.MissingValue", 400), id="one-missing"),
        pytest.param(
            {"Parameters": '{"name": "x", "more": "y"}'}, ("Parameter.NotMatched", 403), id="more"
        ),
        pytest.param(
            {"Parameters": '{"name": "x", "name": "y"}'},
            ("ParameterKey.Duplicate", 403),
            id="same-name",
        ),
        pytest.param(
            {"Parameters": '{"name": "x", "NAME": "y"}'},
            ("ParameterKey.Duplicate", 403),
            id="same-name-in-capitals",
        ),
        pytest.param({"Parameters": '{"name": 1}'}, ("ParameterType.NotSupported", 403), id="type"),
        pytest.param(
            {"Parameters": r'{"name": "\u0000"}'},
            ("InvalidParameterCharset.Parameters", 403),
            id="nul",
        ),
        pytest.param(
            {"Parameters": r'{"name": "\ud800"}'},
            ("InvalidParameter.Parameters", 400),
            id="half-a-character",
        ),
        pytest.param(
            {"Parameters": json.dumps({"name": "x" * 20_000})},
            ("CmdContent.ExceedLimit", 403),
            id="too-long-with-parameters",
        ),
        pytest.param({"Timeout": 5}, ("InvalidTimeout.ExceedLimit", 403), id="timeout"),
        pytest.param({"Username": "u" * 256}, ("Username.ExceedLimit", 403), id="username"),
        pytest.param({"ClientToken": "é"}, ("InvalidClientToken.Malformed", 400), id="token"),
        pytest.param({"RepeatMode": "Daily"}, ("InvalidRepeatMode.NotFound", 404), id="mode"),
        pytest.param({"RepeatMode": "Period"}, ("Operation.Forbidden", 403), id="period"),
        pytest.param(
            {"TerminationMode": "Gently"}, ("InvalidTerminationMode.NotFound", 404), id="end"
        ),
        pytest.param(
            {"ContainerId": "a" * 64}, ("InvalidContainerId.Malformed", 400), id="container"
        ),
    ],
)
async def test_invocation_that_can_not_be_is_refused(
    lab: EcsLab, params: dict[str, Any], expected: Any
) -> None:
    """Each thing that InvokeCommand refuses has its own code, and nothing runs."""
    given = {
        "CommandId": await lab.create("echo {{name}}"),
        "InstanceId_1": "i-local0001",
        "Parameters": '{"name": "x"}',
        **params,
    }
    given = {name: value for name, value in given.items() if value is not None}
    assert await lab.refusal("InvokeCommand", **given) == expected
    await lab.ecs.drain()
    assert lab.machines.ran == []


async def test_parameters_for_a_command_without_any_are_refused(lab: EcsLab) -> None:
    """Parameters can't be passed in where the parameter feature is off."""
    given = {"CommandId": await lab.create("x"), "InstanceId_1": "i-local0001"}
    found = await lab.refusal("InvokeCommand", **given, Parameters='{"a": "b"}')
    assert found == ("Parameter.Disabled", 400)
    await lab.call("InvokeCommand", **given, Parameters="{}")


async def test_windows_commands_do_not_run_on_linux(lab: EcsLab) -> None:
    """A PowerShell command can be kept, but not run on these instances."""
    given = {"CommandId": await lab.create("x", Type="RunPowerShellScript")}
    found = await lab.refusal("InvokeCommand", **given, InstanceId_1="i-local0001")
    assert found == ("InvalidInstance.NotMatch", 400)


async def test_instance_id_may_come_without_a_number(lab: EcsLab) -> None:
    """The plain parameter InstanceId names an instance too, and so does a JSON list."""
    command_id = await lab.create("x")
    await lab.invoke(command_id, InstanceId="i-local0002")
    await lab.invoke(command_id, InstanceId='["i-local0001"]')
    await lab.ecs.drain()
    assert [name for name, _ in lab.machines.ran] == ["i-local0002", "i-local0001"]


async def test_same_client_token_runs_once(lab: EcsLab) -> None:
    """A repeat with the same token answers the first run's id, as long as tokens are remembered."""
    command_id = await lab.create("x")
    first = await lab.invoke(command_id, ClientToken="token-1")
    assert await lab.invoke(command_id, ClientToken="token-1") == first
    found = await lab.refusal(
        "InvokeCommand",
        CommandId=command_id,
        InstanceId_1="i-local0002",
        ClientToken="token-1",
    )
    assert found == ("IdempotentParameterMismatch", 403)
    await lab.ecs.drain()
    assert len(lab.machines.ran) == 1
    lab.clock.advance(601)
    assert await lab.invoke(command_id, ClientToken="token-1") != first


async def test_run_command_runs_without_keeping(lab: EcsLab) -> None:
    """RunCommand runs a script at once; its command is listed only if it is to be kept."""
    given = {
        "Type": "RunShellScript",
        "CommandContent": encoded("id"),
        "InstanceId_1": "i-local0001",
    }
    answer = await lab.call("RunCommand", **given, ClientToken="t")
    again = await lab.call("RunCommand", **given, ClientToken="t")
    assert again == answer
    await lab.ecs.drain()
    assert [script.content for _, script in lab.machines.ran] == [b"id"]
    listed = await lab.call("DescribeCommands")
    assert listed["TotalCount"] == 0
    kept = await lab.call("RunCommand", **given, KeepCommand=True, Name="kept", ClientToken="k")
    await lab.call("RunCommand", **given, KeepCommand=True, Name="kept", ClientToken="k")
    listed = await lab.call("DescribeCommands")
    assert [c["CommandId"] for c in listed["Commands"]["Command"]] == [kept["CommandId"]]


async def test_stop_terminates_what_runs_and_cancels_what_waits(lab: EcsLab) -> None:
    """StopInvocation ends a running script as Terminated and a waiting one as Cancelled."""
    lab.machines.hold()
    command_id = await lab.create("x")
    running = [await lab.invoke(command_id) for _ in range(AT_ONCE)]
    waiting = await lab.invoke(command_id)
    task = await lab.begun(AT_ONCE)
    for invoke_id in (running[0], waiting):
        await lab.call("StopInvocation", InvokeId=invoke_id)
    await lab.until(lambda: len(lab.published) >= 2)
    await lab.store.flush()
    first, last = await lab.described(running[0]), await lab.described(waiting)
    assert (first["InvocationStatus"], last["InvocationStatus"]) == ("Stopped", "Stopped")
    assert first["InvokeInstances"]["InvokeInstance"][0]["InvocationStatus"] == "Terminated"
    cancelled = last["InvokeInstances"]["InvokeInstance"][0]
    assert (cancelled["InvocationStatus"], cancelled["Repeats"]) == ("Cancelled", 0)
    await lab.ended(task)
    assert len(lab.machines.ran) == AT_ONCE


async def test_stop_of_something_unknown_is_refused(lab: EcsLab) -> None:
    """An unknown invocation, or an instance that is not its own, can't be stopped."""
    found = await lab.refusal("StopInvocation", InvokeId="t-x")
    assert found == ("InvalidInvokeId.NotFound", 404)
    invoke_id = await lab.invoke(await lab.create("x"))
    found = await lab.refusal("StopInvocation", InvokeId=invoke_id, InstanceId_1="i-local0002")
    assert found == ("InvalidInstance.NotFound", 404)


async def test_instance_runs_some_at_once_in_the_order_of_arrival(lab: EcsLab) -> None:
    """An instance takes ten scripts at a time; the others wait, and none overtakes."""
    command_id = await lab.create("x")
    ids = [await lab.invoke(command_id) for _ in range(30)]
    lab.machines.hold()
    draining = asyncio.create_task(lab.ecs.drain())
    await lab.until(lambda: len(lab.machines.ran) == AT_ONCE)
    lab.machines.release()
    await draining
    assert lab.machines.most_at_once == {"i-local0001": AT_ONCE}
    assert [script.name for _, script in lab.machines.ran] == ids


async def test_package_faults_reach_the_script_and_are_used_up(lab: EcsLab) -> None:
    """A fault on a package goes along with a run; what the run used is taken from the cloud."""
    lab.machines.answer = lambda *_: Outcome("finished", 0, package_faults=("nginx",))
    lab.faults.set(Fault("package:nginx", times=2, error="timeout"))
    lab.faults.set(Fault("action:ecs:InvokeCommand"))
    await lab.invoke(await lab.create("x"))
    await lab.ecs.drain()
    assert lab.machines.ran[0][1].package_faults == ("nginx timeout 0",) * 2
    assert Fault("package:nginx", times=1, error="timeout") in lab.faults.list()


async def test_a_command_that_runs_cannot_be_deleted(lab: EcsLab) -> None:
    """Another one can; when all of its runs have ended, so can it ("DeleteCommand")."""
    lab.machines.hold()
    command_id, other = await lab.create("x"), await lab.create("y")
    await lab.invoke(command_id)
    in_use = ("InvalidStatus.CmdIdInUse", 403)
    assert await lab.refusal("DeleteCommand", CommandId=command_id) == in_use
    task = await lab.begun(1)
    assert await lab.refusal("DeleteCommand", CommandId=command_id) == in_use
    await lab.call("DeleteCommand", CommandId=other)
    lab.machines.release()
    await lab.until(lambda: bool(lab.published))
    await lab.ended(task)
    await lab.call("DeleteCommand", CommandId=command_id)
