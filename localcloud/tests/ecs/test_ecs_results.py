"""What is told of invocations: runs, results, events, filters and pages."""

from typing import Any

import pytest

from lab.ecs import FINE, EcsLab, encoded
from localcloud.sandbox.outcome import Outcome


async def test_run_is_told_with_all_its_fields(lab: EcsLab) -> None:
    """DescribeInvocations tells what ran, how it ended and, if asked, what it wrote."""
    command_id = await lab.create("echo {{name}}", Description="d")
    invoke_id = await lab.invoke(
        command_id, Parameters='{"name": "Jack"}', Timeout=120, Tag_1_Key="k", Tag_1_Value="v"
    )
    lab.clock.advance(5)
    await lab.ecs.drain()
    assert await lab.described(invoke_id, IncludeOutput=True) == {
        "InvokeId": invoke_id,
        "CommandId": command_id,
        "CommandName": "provision",
        "CommandType": "RunShellScript",
        "CommandDescription": "d",
        "CommandContent": encoded("echo {{name}}"),
        "Parameters": '{"name": "Jack"}',
        "Timeout": 120,
        "WorkingDir": "",
        "Username": "",
        "TerminationMode": "Process",
        "RepeatMode": "Once",
        "Frequency": "",
        "Timed": False,
        "CreationTime": "2026-01-01T00:00:00Z",
        "InvocationStatus": "Success",
        "InvokeStatus": "Finished",
        "InvokeInstances": {
            "InvokeInstance": [
                {
                    "InstanceId": "i-local0001",
                    "InvocationStatus": "Success",
                    "InstanceInvokeStatus": "Finished",
                    "CreationTime": "2026-01-01T00:00:00Z",
                    "StartTime": "2026-01-01T00:00:05Z",
                    "FinishTime": "2026-01-01T00:00:05Z",
                    "StopTime": "",
                    "UpdateTime": "2026-01-01T00:00:05Z",
                    "ExitCode": 0,
                    "Repeats": 1,
                    "Timed": False,
                    "Dropped": 0,
                    "ErrorCode": "",
                    "ErrorInfo": "",
                    "Output": encoded("done\n"),
                }
            ]
        },
        "Tags": {"Tag": [{"TagKey": "k", "TagValue": "v"}]},
    }


async def test_result_is_told_with_all_its_fields(lab: EcsLab) -> None:
    """DescribeInvocationResults tells the same per instance, always with the output."""
    lab.machines.answer = lambda *_: Outcome("finished", 3, b"tail", 17)
    command_id = await lab.create("x")
    invoke_id = await lab.invoke(command_id, Username="root")
    await lab.ecs.drain()
    answer = await lab.call("DescribeInvocationResults", InvokeId=invoke_id)
    (result,) = answer["Invocation"]["InvocationResults"]["InvocationResult"]
    assert result == {
        "InvokeId": invoke_id,
        "CommandId": command_id,
        "InstanceId": "i-local0001",
        "InvocationStatus": "Failed",
        "InvokeRecordStatus": "Failed",
        "StartTime": "2026-01-01T00:00:00Z",
        "FinishedTime": "2026-01-01T00:00:00Z",
        "StopTime": "",
        "ExitCode": 3,
        "Output": encoded("tail"),
        "Dropped": 17,
        "Repeats": 1,
        "ErrorCode": "ExitCodeNonzero",
        "ErrorInfo": "The command execution exit code is not zero.",
        "TerminationMode": "Process",
        "Username": "root",
        "Tags": {"Tag": []},
    }


@pytest.mark.parametrize(
    ("outcome", "status", "error", "exit_code"),
    [
        (Outcome("finished", 0), "Success", "", 0),
        (Outcome("finished", 7), "Failed", "ExitCodeNonzero", 7),
        (Outcome("timeout"), "Timeout", "ExecutionTimeout", None),
        (Outcome("interrupted"), "Failed", "ExecutionInterrupted", None),
        (Outcome("refused", reason="AccountNotExists"), "Invalid", "AccountNotExists", None),
        (Outcome("refused", reason="DirectoryNotExists"), "Invalid", "DirectoryNotExists", None),
        (Outcome("refused", reason="ExecutionException: x"), "Aborted", "ExecutionException", None),
    ],
)
async def test_end_of_a_run_has_a_status_and_an_error(
    lab: EcsLab, outcome: Outcome, status: str, error: str, exit_code: int | None
) -> None:
    """Each way in which a run can end has Cloud Assistant's words, in the event as well."""
    lab.machines.answer = lambda *_: outcome
    invoke_id = await lab.invoke(await lab.create("x"))
    await lab.ecs.drain()
    (run,) = (await lab.described(invoke_id))["InvokeInstances"]["InvokeInstance"]
    assert (run["InvocationStatus"], run["ErrorCode"]) == (status, error)
    assert run.get("ExitCode") == exit_code
    ((bus, event),) = lab.published
    assert bus == "default"
    assert event["data"]["invocationStatus"] == status
    assert event["data"]["exitCode"] == ("" if exit_code is None else str(exit_code))


async def test_event_is_the_documented_one(lab: EcsLab) -> None:
    """TaskCompleted says which run it was, on the bus default, one event per instance."""
    command_id = await lab.create("x")
    invoke_id = await lab.invoke(command_id, ResourceTag_1_Key="role", ResourceTag_1_Value="db")
    await lab.ecs.drain()
    ((bus, event),) = lab.published
    assert bus == "default"
    assert event["source"] == "acs.ecs"
    assert event["type"] == "ecs:CloudAssistant:TaskCompleted"
    assert event["subject"] == "acs.ecs:cn-hangzhou:1234567890123456:i-local0002"
    assert event["data"] == {
        "commandId": command_id,
        "commandName": "provision",
        "invokeId": invoke_id,
        "instanceId": "i-local0002",
        "invocationStatus": "Success",
        "exitCode": "0",
        "startTime": "2026-01-01T00:00:00Z",
        "finishTime": "2026-01-01T00:00:00Z",
        "creationTime": "2026-01-01T00:00:00Z",
        "repeatMode": "Once",
        "timed": "false",
        "username": "root",
        "errorCode": "",
        "errorInfo": "",
        "dropped": "0",
    }


async def test_several_instances_have_one_invocation(lab: EcsLab) -> None:
    """A run on two instances is one invocation with two results and two events."""
    lab.machines.answer = lambda name, _: Outcome("finished", 0 if "0001" in name else 1)
    invoke_id = await lab.invoke(
        await lab.create("x"), InstanceId_1="i-local0001", InstanceId_2="i-local0002"
    )
    await lab.ecs.drain()
    found = await lab.described(invoke_id)
    assert (found["InvocationStatus"], found["InvokeStatus"]) == ("PartialFailed",) * 2
    told = {event["data"]["instanceId"] for _, event in lab.published}
    assert told == {"i-local0001", "i-local0002"}
    assert len({event["id"] for _, event in lab.published}) == 2


async def test_running_is_seen_while_it_lasts(lab: EcsLab) -> None:
    """A run that has begun is Running, shows what it wrote, and waits are Pending."""
    lab.machines.hold()
    invoke_id = await lab.invoke(await lab.create("x"))
    assert (await lab.described(invoke_id))["InvocationStatus"] == "Pending"
    task = await lab.begun(1)
    found = await lab.described(invoke_id, IncludeOutput=True)
    (run,) = found["InvokeInstances"]["InvokeInstance"]
    assert (run["InvocationStatus"], run["Output"]) == ("Running", encoded("so far"))
    assert (found["InvocationStatus"], found["InvokeStatus"]) == ("Running", "Running")
    answer = await lab.call("DescribeCloudAssistantStatus", InstanceId_1="i-local0001")
    (status,) = answer["InstanceCloudAssistantStatusSet"]["InstanceCloudAssistantStatus"]
    assert (status["ActiveTaskCount"], status["InvocationCount"]) == (1, 1)
    await lab.ended(task)
    assert lab.published == []


async def test_output_needs_an_invocation_or_an_instance(lab: EcsLab) -> None:
    """DescribeInvocations gives outputs only of an invocation or an instance."""
    found = await lab.refusal("DescribeInvocations", IncludeOutput=True)
    assert found == ("InvalidParameter.IncludeOutput", 400)


async def test_invocations_are_found_by_each_filter(lab: EcsLab) -> None:
    """Command, name, state, instance and tags narrow what DescribeInvocations lists."""
    lab.machines.answer = lambda name, _: FINE if name == "i-local0001" else Outcome("timeout")
    a, b = await lab.create("x", Name="a"), await lab.create("x", Name="b")
    first = await lab.invoke(a, Tag_1_Key="request", Tag_1_Value="r1")
    second = await lab.invoke(
        b, InstanceId_1="i-local0002", Tag_1_Key="request", Tag_1_Value="r2",
        Tag_2_Key="chat", Tag_2_Value="ops",
    )  # fmt: skip
    await lab.ecs.drain()
    third = await lab.invoke(b)

    async def found(**params: Any) -> list[str]:
        answer = await lab.call("DescribeInvocations", **params)
        listed = [i["InvokeId"] for i in answer["Invocations"]["Invocation"]]
        assert answer["TotalCount"] == len(listed)
        return listed

    assert await found() == [third, second, first]
    assert await found(InvokeId="t-unknown") == []
    assert await found(CommandId=b) == [third, second]
    assert await found(CommandName="a") == [first]
    assert await found(InvokeStatus="Finished") == [first]
    assert await found(InvokeStatus="Failed") == [second]
    assert await found(InvokeStatus="Running") == [third]
    assert await found(InstanceId="i-local0002") == [second]
    assert await found(InstanceId="i-local0002", CommandName="a") == [second]
    assert await found(Tag_1_Key="request", Tag_1_Value="r1") == [first]
    both = {"Tag_2_Key": "chat", "Tag_2_Value": "ops"}
    assert await found(Tag_1_Key="request", Tag_1_Value="r2", **both) == [second]
    assert await found(Tag_1_Key="request", Tag_1_Value="r1", **both) == []

    async def results(**params: Any) -> list[str]:
        answer = await lab.call("DescribeInvocationResults", **params)
        listed = answer["Invocation"]["InvocationResults"]["InvocationResult"]
        return [result["InvokeId"] for result in listed]

    assert await results(InvokeRecordStatus="Failed") == [second]
    assert await results(InstanceId="i-local0001", Tag_1_Key="request", Tag_1_Value="r1") == [first]


async def test_pages_by_token_do_not_shift(lab: EcsLab) -> None:
    """New invocations between two pages neither repeat nor hide an older one."""
    command_id = await lab.create("x")
    ids = [
        await lab.invoke(command_id, InstanceId_1="i-local0001", InstanceId_2="i-local0002")
        for _ in range(5)
    ]
    first = await lab.call("DescribeInvocations", MaxResults=2)
    results = await lab.call("DescribeInvocationResults", MaxResults=3)
    await lab.invoke(command_id)
    second = await lab.call("DescribeInvocations", MaxResults=10, NextToken=first["NextToken"])
    listed = [i["InvokeId"] for i in second["Invocations"]["Invocation"]]
    assert listed == ids[2::-1]
    more = await lab.call(
        "DescribeInvocationResults",
        MaxResults=50,
        NextToken=results["Invocation"]["NextToken"],
    )
    found = more["Invocation"]["InvocationResults"]["InvocationResult"]
    assert len(found) == 7
    assert found[0]["InstanceId"] == "i-local0002"
    assert await lab.refusal("DescribeInvocations", NextToken="eA==") == (
        "InvalidParameter.NextToken",
        400,
    )
