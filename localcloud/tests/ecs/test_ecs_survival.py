"""What was accepted survives a kill at any moment, and ends once."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.ecs import EcsLab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[EcsLab]:
    """Run a lab for a test, with its state in a file."""
    async with EcsLab(tmp_path) as lab:
        yield lab


async def test_unfinished_runs_go_on_after_a_restart(lab: EcsLab) -> None:
    """Runs that were accepted and had not ended are run by the next start, in order."""
    command_id = await lab.create("x")
    finished = await lab.invoke(command_id)
    await lab.ecs.drain()
    assert [e["data"]["invokeId"] for _, e in lab.published] == [finished]
    lab.machines.hold()
    running = await lab.invoke(command_id)
    task = asyncio.create_task(lab.ecs.run())
    await lab.until(lambda: len(lab.machines.ran) >= 2)
    waiting = await lab.invoke(command_id, InstanceId_1="i-local0002")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await lab.restart()
    await lab.ecs.drain()
    assert [script.name for _, script in lab.machines.ran] == [running, waiting]
    assert {e["data"]["invokeId"] for _, e in lab.published} == {running, waiting}
    for invoke_id in (finished, running, waiting):
        assert (await lab.described(invoke_id))["InvocationStatus"] == "Success"
    await lab.restart()
    await lab.ecs.drain()
    assert lab.machines.ran == []
    assert lab.published == []


async def test_result_and_event_are_one_transaction(lab: EcsLab) -> None:
    """A cloud that dies between the result and its event has neither, so the run is repeated."""
    invoke_id = await lab.invoke(await lab.create("x"))
    seen = []

    def look(bus: str, event: object) -> None:
        # However much time the writer has, the result is not on the disk before the event.
        time.sleep(0.2)
        seen.append(lab.ecs.history.results_of([1])[1][0].status)

    lab.ecs._publish = look
    await lab.ecs.drain()
    assert seen == ["Pending"]
    assert (await lab.described(invoke_id))["InvocationStatus"] == "Success"


async def test_client_tokens_survive_a_restart(lab: EcsLab) -> None:
    """A repeat after a restart is recognised as one before it."""
    command_id = await lab.create("x")
    first = await lab.invoke(command_id, ClientToken="t")
    await lab.restart()
    assert await lab.invoke(command_id, ClientToken="t") == first


async def test_invocations_are_forgotten_after_four_weeks(lab: EcsLab) -> None:
    """What is older than four weeks is gone at the next start, its tags too; ids go on counting."""
    command_id = await lab.create("x")
    await lab.invoke(command_id, Tag_1_Key="k", Tag_1_Value="v")
    await lab.ecs.drain()
    lab.clock.advance(20 * 86_400)
    kept = await lab.invoke(command_id, Tag_1_Key="k", Tag_1_Value="v")
    await lab.ecs.drain()
    lab.clock.advance(9 * 86_400)
    await lab.restart()
    await lab.store.flush()
    answer = await lab.call("DescribeInvocations", Tag_1_Key="k", Tag_1_Value="v")
    assert [i["InvokeId"] for i in answer["Invocations"]["Invocation"]] == [kept]
    assert len(lab.store.read("SELECT * FROM ecs_invocation_tags")) == 1
    assert len(lab.store.read("SELECT * FROM ecs_results")) == 1


async def test_request_is_found_by_its_tag_without_reading_the_others(lab: EcsLab) -> None:
    """The look-up of a request by its tag goes through an index, not through the table."""
    statements: list[str] = []
    lab.store._reader.set_trace_callback(statements.append)
    await lab.call("DescribeInvocations", Tag_1_Key="request", Tag_1_Value="r")
    lab.store._reader.set_trace_callback(None)
    searches = [sql for sql in statements if "ecs_invocation_tags" in sql]
    assert searches
    for sql in searches:
        plan = " ".join(row["detail"] for row in lab.store.read(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SCAN" not in plan, plan


async def test_tagged_resources_survive(lab: EcsLab) -> None:
    """Tags of instances, commands and invocations are there after a restart."""
    command_id = await lab.create("x")
    invoke_id = await lab.invoke(command_id)
    for kind, name in (
        ("instance", "i-local0001"),
        ("command", command_id),
        ("invocation", invoke_id),
    ):
        await lab.call(
            "TagResources",
            ResourceType=kind,
            ResourceId_1=name,
            Tag_1_Key="team",
            Tag_1_Value="a",
        )
    await lab.restart()
    for kind, name in (
        ("instance", "i-local0001"),
        ("command", command_id),
        ("invocation", invoke_id),
    ):
        tags = lab.ecs.resource_tags(f"acs:ecs:cn-hangzhou:1234567890123456:{kind}/{name}")
        assert tags["team"] == "a"
        answer = await lab.call("ListTagResources", ResourceType=kind, ResourceId_1=name)
        listed = answer["TagResources"]["TagResource"]
        assert {
            "ResourceType": kind,
            "ResourceId": name,
            "TagKey": "team",
            "TagValue": "a",
        } in listed
        await lab.call("UntagResources", ResourceType=kind, ResourceId_1=name, TagKey_1="team")
    await lab.store.flush()
    answer = await lab.call(
        "ListTagResources", ResourceType="invocation", Tag_1_Key="team", Tag_1_Value="a"
    )
    assert answer["TagResources"]["TagResource"] == []
