"""A trigger of type ``eventbridge`` calls its function with what is in a message queue."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from lab.fc import FunctionLab
from localcloud.errors import ApiError
from localcloud.readings import Readings

TELLS = """
def handler(event, context):
    print("told", event.decode())
    if b"fails" in event:
        raise RuntimeError("no")
"""
HERE = {"functionName": "tells", "triggerName": "wake"}
DEAD = "acs:mns:cn-hangzhou:1234567890123456:/queues/dead"
Opened = Callable[..., AbstractAsyncContextManager[FunctionLab]]


def config(**changes: Any) -> dict[str, Any]:
    """Return the configuration of "SMQ queue triggers"."""
    queue = {"RegionId": "cn-hangzhou", "QueueName": "q", "IsBase64Decode": True}
    return {
        "triggerEnable": True,
        "asyncInvocationType": False,
        "eventRuleFilterPattern": "{}",
        "eventSourceConfig": {
            "eventSourceType": "MNS",
            "eventSourceParameters": {"sourceMNSParameters": queue},
        },
        "eventSinkConfig": {"deliveryOption": {"eventSchema": "CloudEvents"}},
        "runOptions": {
            "mode": "event-streaming",
            "errorsTolerance": "ALL",
            "retryStrategy": {"PushRetryStrategy": "BACKOFF_RETRY"},
            "deadLetterQueue": {"Arn": DEAD},
            "batchWindow": {"CountBasedWindow": 2, "TimeBasedWindow": 0},
        },
        **changes,
    }


async def create(lab: FunctionLab, given: Any) -> Any:
    """Make a trigger."""
    body = {
        "triggerName": "wake",
        "triggerType": "eventbridge",
        "triggerConfig": given if isinstance(given, str) else json.dumps(given),
        "qualifier": "LATEST",
    }
    return await lab.call("CreateTrigger", {"functionName": "tells"}, body)


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Return what opens a lab with two queues and a function, under given readings."""

    @asynccontextmanager
    async def open_lab(readings: Readings | None = None) -> AsyncIterator[FunctionLab]:
        async with FunctionLab(tmp_path, readings=readings) as lab:
            await lab.create("tells", TELLS)
            for name in ("q", "dead"):
                lab.mns.create_queue(name, {})
            yield lab

    return open_lab


def send(lab: FunctionLab, *texts: str) -> None:
    """Put messages into the queue, as EventBridge's target does."""
    for text in texts:
        lab.mns.send("q", base64.b64encode(text.encode()).decode())
        lab.clock.advance(0.001)


async def told(lab: FunctionLab) -> list[Any]:
    """Return what the function was called with."""
    lines = await lab.log("tells")
    return [json.loads(line.removeprefix("told ")) for line in lines if line.startswith("told ")]


def bodies(call: Any) -> list[str]:
    """Return the messages that a call brought."""
    elements = call if isinstance(call, list) else [call]
    found = [json.loads(e) if isinstance(e, str) else e for e in elements]
    return [event["data"]["messageBody"] for event in found]


@pytest.mark.parametrize("elements", ["strings", "objects"])
async def test_messages_come_in_lists(
    opened: Opened, elements: Literal["strings", "objects"]
) -> None:
    """As many as the window holds, as texts or as objects, and each is deleted."""
    async with opened(Readings(stream_elements=elements)) as lab:
        await create(lab, config())
        send(lab, "a", "b", "c")
        await lab.fc.drain()
        calls = await told(lab)
        assert [bodies(call) for call in calls] == [["a", "b"], ["c"]]
        kinds = {type(element) for call in calls for element in call}
        assert kinds == {str if elements == "strings" else dict}
        counts = await lab.mns.counts("q")
        assert (counts.active, counts.inactive) == (0, 0)


async def test_one_at_a_time_it_is_an_event(opened: Opened) -> None:
    """In the mode event-driven."""
    async with opened() as lab:
        await create(lab, config(runOptions={"mode": "event-driven"}))
        send(lab, "a")
        await lab.fc.drain()
        (event,) = await told(lab)
        assert (event["type"], event["data"]["messageBody"]) == ("mns:Queue:SendMessage", "a")
        assert event["subject"] == "acs:mns:cn-hangzhou:1234567890123456:queues/q"


@pytest.mark.parametrize(("exceptions", "calls", "dead"), [("delivered", 1, 0), ("failed", 4, 1)])
async def test_an_exception_is_a_delivery_or_is_repeated_and_buried(
    opened: Opened, exceptions: Literal["delivered", "failed"], calls: int, dead: int
) -> None:
    """As it is read; three more attempts, then the dead-letter queue."""
    async with opened(Readings(exceptions=exceptions)) as lab:
        await create(lab, config())
        send(lab, "fails")
        for _ in range(6):
            await lab.fc.drain()
            lab.clock.advance(30)
        assert len(await told(lab)) == calls
        assert (await lab.mns.counts("dead")).active == dead
        assert (await lab.mns.counts("q")).active == 0


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("reading", ["true-is-async", "true-is-sync"])
async def test_what_the_invocation_type_means_is_a_matter_of_reading(
    opened: Opened, reading: Literal["true-is-async", "true-is-sync"], *, given: bool
) -> None:
    """An asynchronous call that fails is repeated by Function Compute, a synchronous one is not."""
    async with opened(Readings(async_invocation_type=reading)) as lab:
        await create(lab, config(asyncInvocationType=given))
        send(lab, "fails")
        for _ in range(5):
            await lab.fc.drain()
            lab.clock.advance(30)
        is_async = given == (reading == "true-is-async")
        assert len(await told(lab)) == (4 if is_async else 1)


async def test_it_is_changed_switched_off_and_outlives_the_server(opened: Opened) -> None:
    """Its configuration comes back as it was sent."""
    async with opened() as lab:
        made = await create(lab, config(triggerEnable=False))
        assert (made["triggerType"], json.loads(made["triggerConfig"])["triggerEnable"]) == (
            "eventbridge",
            False,
        )
        send(lab, "a")
        await lab.fc.drain()
        assert await told(lab) == []
        changed = await lab.call("UpdateTrigger", HERE, {"triggerConfig": json.dumps(config())})
        assert json.loads(changed["triggerConfig"]) == config()
        await lab.restart()
        await lab.fc.drain()
        assert [bodies(call) for call in await told(lab)] == [["a"]]


async def test_without_a_queue_it_waits(opened: Opened) -> None:
    """What is there is handed on once there is a queue again."""
    async with opened() as lab:
        await create(lab, config())
        lab.mns.delete_queue("q")
        await lab.fc.drain()
        lab.mns.create_queue("q", {})
        send(lab, "a")
        await lab.fc.drain()
        assert len(await told(lab)) == 1


@pytest.mark.parametrize(
    "given",
    [
        "{",
        "[]",
        config(unknown=1),
        config(triggerEnable="true"),
        config(eventRuleFilterPattern='{"source":["a"]}'),
        config(eventSourceConfig={"eventSourceType": "Kafka"}),
        config(eventSourceConfig={"eventSourceType": "MNS", "eventSourceParameters": {}}),
        config(eventSinkConfig={"deliveryOption": {"eventSchema": "RawData"}}),
        config(runOptions={"mode": "streaming"}),
        config(runOptions={"mode": "event-streaming", "batchWindow": {"CountBasedWindow": 0}}),
        config(runOptions={"mode": "event-streaming", "batchWindow": {"TimeBasedWindow": 0.5}}),
        config(runOptions={"errorsTolerance": "NONE"}),
        config(runOptions={"retryStrategy": {"PushRetryStrategy": "NEVER"}}),
        config(runOptions={"deadLetterQueue": {"Arn": "acs:mns:r:a:queues/q"}}),
    ],
)
async def test_what_no_stream_can_be_is_refused(opened: Opened, given: Any) -> None:
    """With what is accepted."""
    async with opened() as lab:
        with pytest.raises(ApiError) as failure:
            await create(lab, given)
        assert failure.value.code == "InvalidArgument"
