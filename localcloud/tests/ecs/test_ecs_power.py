"""Instances that are stopped, released or without an agent."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lab.ecs import EcsLab
from localcloud.errors import ApiError

FIRST, SECOND = "i-local0001", "i-local0002"


async def described(lab: EcsLab) -> dict[str, tuple[str, str]]:
    """Return status and agent of each instance, as a client sees both."""
    instances = (await lab.call("DescribeInstances"))["Instances"]["Instance"]
    answer = await lab.call("DescribeCloudAssistantStatus")
    agents = {
        one["InstanceId"]: one["CloudAssistantStatus"]
        for one in answer["InstanceCloudAssistantStatusSet"]["InstanceCloudAssistantStatus"]
    }
    return {one["InstanceId"]: (one["Status"], agents[one["InstanceId"]]) for one in instances}


async def invoke(lab: EcsLab, *instances: str, **more: Any) -> Any:
    """Run a command."""
    named = {f"InstanceId_{n}": name for n, name in enumerate(instances, 1)}
    command = await lab.create()
    return await lab.call(
        "InvokeCommand", CommandId=command, Parameters='{"name": "a"}', **named, **more
    )


async def refusal(lab: EcsLab, action: str, **params: Any) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(ApiError) as failure:
        await lab.call(action, **params)
    return failure.value.code


async def test_one_stopped_instance_refuses_the_whole_call(lab: EcsLab) -> None:
    """The others do not run either, by ids or by tags; after a start all do."""
    await lab.call("StopInstance", InstanceId=SECOND)
    assert await described(lab) == {FIRST: ("Running", "true"), SECOND: ("Stopped", "false")}
    for wanted in ({"instances": (FIRST, SECOND)}, {"ResourceTag_1_Key": "role"}):
        instances = wanted.pop("instances", ())
        tags = {**wanted, "ResourceTag_1_Value": "db"} if wanted else {}
        with pytest.raises(ApiError) as failure:
            await invoke(lab, *instances, **tags)
        assert (failure.value.code, failure.value.status) == ("InvalidInstance.NotRunning", 403)
        assert SECOND in failure.value.message
    assert lab.machines.ran == []
    assert (await invoke(lab, FIRST))["InvokeId"]
    await lab.call("StartInstance", InstanceId=SECOND)
    assert (await invoke(lab, FIRST, SECOND))["InvokeId"]


async def test_an_instance_without_an_agent_is_running_and_takes_no_command(
    tmp_path: Path,
) -> None:
    """Its status says Running; only Cloud Assistant's own status tells."""
    async with EcsLab(tmp_path, without_agent=[2]) as lab:
        assert (await described(lab))[SECOND] == ("Running", "false")
        with pytest.raises(ApiError, match="agent"):
            await invoke(lab, FIRST, SECOND)


async def test_a_released_instance_is_not_there(tmp_path: Path) -> None:
    """It is left out, cannot be named, and does not come back with a restart."""
    async with EcsLab(tmp_path) as lab:
        assert await refusal(lab, "DeleteInstance", InstanceId=SECOND) == "IncorrectInstanceStatus"
        await lab.call("DeleteInstance", InstanceId=SECOND, Force=True)
        await lab.restart()
        assert set(await described(lab)) == {FIRST}
        for action in ("StartInstance", "StopInstance", "DeleteInstance"):
            code = await refusal(lab, action, InstanceId=SECOND)
            assert code == "InvalidInstanceId.NotFound"
        with pytest.raises(ApiError, match=r"InvalidInstance\.NotFound"):
            await invoke(lab, SECOND)


async def test_what_runs_on_an_instance_ends_when_it_is_stopped(lab: EcsLab) -> None:
    """A run under way has a result at once, not after its timeout."""
    lab.machines.hold()
    running = asyncio.create_task(lab.ecs.run())
    started = await invoke(lab, FIRST)
    await lab.until(lambda: bool(lab.machines.ran))
    await lab.call("StopInstance", InstanceId=FIRST)
    await lab.until(lambda: not lab.ecs.history.unfinished())
    running.cancel()
    answer = await lab.call("DescribeInvocations", InvokeId=started["InvokeId"])
    (invocation,) = answer["Invocations"]["Invocation"]
    (instance,) = invocation["InvokeInstances"]["InvokeInstance"]
    assert instance["InvocationStatus"] == "Terminated"


async def test_a_status_is_changed_once(lab: EcsLab) -> None:
    """Starting what runs and stopping what is stopped are refused."""
    assert await refusal(lab, "StartInstance", InstanceId=FIRST) == "IncorrectInstanceStatus"
    await lab.call("StopInstance", InstanceId=FIRST)
    assert await refusal(lab, "StopInstance", InstanceId=FIRST) == "IncorrectInstanceStatus"
