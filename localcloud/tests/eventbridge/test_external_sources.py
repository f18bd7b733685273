"""Sources that are linked to a queue or a schedule really give events, and say what they are."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lab.eventbridge import EventBridgeLab
from localcloud.errors import ApiError
from localcloud.eventbridge.external_sources import ExternalSources

SOURCE = {"EventBusName": "default", "EventSourceName": "members"}
QUEUE = {"RegionId": "cn-hangzhou", "QueueName": "joins", "IsBase64Decode": True}
EVERY_MINUTE = {"Schedule": "10 * * * * *", "TimeZone": "GMT+8:00", "UserData": '{"a":"b"}'}
NOW = 1_767_225_600


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[EventBridgeLab]:
    """Run a lab whose state survives."""
    async with EventBridgeLab(tmp_path) as lab:
        yield lab


async def events(lab: EventBridgeLab) -> list[dict[str, Any]]:
    """Return what the bus has accepted after the sources were looked at."""
    while await ExternalSources(lab.eventbridge, lab.mns).step():
        pass
    await lab.store.flush()
    rows = lab.store.read("SELECT body FROM events ORDER BY seq")
    return [json.loads(row["body"]) for row in rows]


async def create(lab: EventBridgeLab, *, linked: bool = True, **parameters: Any) -> None:
    """Make the source, linked unless something else is said."""
    texts = {name: json.dumps(value) for name, value in parameters.items()}
    link = {"LinkedExternalSource": "true"} if linked else {}
    await lab.call("CreateEventSource", **SOURCE, **link, **texts)


async def test_messages_of_a_queue_become_events(lab: EventBridgeLab) -> None:
    """Decoded, once each, in the documented form, and the queue is empty then."""
    await lab.call("CreateQueue", product="mns", QueueName="joins")
    await create(lab, SourceMNSParameters=QUEUE)
    lab.mns.send("joins", base64.b64encode(b'{"emp_id": "E1"}').decode())
    lab.mns.send("joins", "no base64")
    first, second = await events(lab)
    assert (first["source"], first["type"]) == ("members", "mns:Queue:SendMessage")
    assert first["subject"] == "acs:mns:cn-hangzhou:1234567890123456:queues/joins"
    assert first["aliyuneventbusname"] == "default"
    assert [e["data"]["messageBody"] for e in (first, second)] == ['{"emp_id": "E1"}', "no base64"]
    assert len(await events(lab)) == 2
    assert (await lab.mns.counts("joins")).active == 0


async def test_a_queue_that_comes_later_is_found(lab: EventBridgeLab) -> None:
    """Until then the source gives nothing and harms nobody."""
    await create(lab, SourceMNSParameters={**QUEUE, "IsBase64Decode": False})
    assert await events(lab) == []
    await lab.call("CreateQueue", product="mns", QueueName="joins")
    lab.mns.send("joins", "aGk=")
    assert [e["data"]["messageBody"] for e in await events(lab)] == ["aGk="]


async def test_a_schedule_gives_events_and_survives_a_restart(lab: EventBridgeLab) -> None:
    """At each of its moments one event; what was missed meanwhile comes once."""
    await create(lab, SourceScheduledEventParameters=EVERY_MINUTE)
    assert await events(lab) == []
    lab.clock.advance(10)
    (event,) = await events(lab)
    assert (event["type"], event["source"]) == ("eventbridge:Events:ScheduledEvent", "members")
    assert event["time"] == "2026-01-01T00:00:10Z"
    assert event["data"] == {
        "TimeZone": "GMT+8:00",
        "Schedule": "10 * * * * *",
        "UserData": {"a": "b"},
    }
    await lab.restart()
    lab.clock.advance(600)
    assert len(await events(lab)) == 2
    assert len(await events(lab)) == 2


async def test_what_is_not_linked_gives_nothing(lab: EventBridgeLab) -> None:
    """The harder reading of "whether to connect to an external data source"."""
    await create(lab, linked=False, SourceScheduledEventParameters=EVERY_MINUTE)
    lab.clock.advance(600)
    assert await events(lab) == []


async def test_a_source_says_what_it_is_linked_to_until_that_changes(lab: EventBridgeLab) -> None:
    """As it was sent, for the provider compares it."""
    await create(lab, SourceMNSParameters=QUEUE)

    async def shown() -> dict[str, Any]:
        listed = await lab.call("ListUserDefinedEventSources")
        (source,) = listed["Data"]["EventSourceList"]
        return {k: v for k, v in source.items() if k.startswith("Source")}

    assert await shown() == {"SourceMNSParameters": QUEUE}
    changed = {"SourceScheduledEventParameters": json.dumps(EVERY_MINUTE)}
    await lab.call("UpdateEventSource", **SOURCE, SourceMNSParameters="{}", **changed)
    assert await shown() == {"SourceScheduledEventParameters": EVERY_MINUTE}
    await lab.call("UpdateEventSource", **SOURCE)
    assert await shown() == {}


@pytest.mark.parametrize(
    ("parameter", "changes"),
    [
        ("SourceMNSParameters", {"RegionId": "cn-shanghai"}),
        ("SourceMNSParameters", {"QueueName": "a/b"}),
        ("SourceMNSParameters", {"IsBase64Decode": "true"}),
        ("SourceMNSParameters", {"More": 1}),
        ("SourceScheduledEventParameters", {"Schedule": "@every 5m"}),
        ("SourceScheduledEventParameters", {"Schedule": "* * *"}),
        ("SourceScheduledEventParameters", {"TimeZone": "GMT+25:00"}),
        ("SourceScheduledEventParameters", {"TimeZone": 8}),
        ("SourceScheduledEventParameters", {"UserData": "{"}),
    ],
)
async def test_what_could_not_be_linked_is_refused(
    lab: EventBridgeLab, parameter: str, changes: dict[str, Any]
) -> None:
    """The error names the member that is wrong."""
    good = QUEUE if parameter == "SourceMNSParameters" else EVERY_MINUTE
    with pytest.raises(ApiError, match=parameter):
        await create(lab, linked=True, **{parameter: {**good, **changes}})
    assert lab.eventbridge.sources() == []


async def test_a_source_is_linked_to_one_thing(lab: EventBridgeLab) -> None:
    """Two would be two sources."""
    with pytest.raises(ApiError, match="nothing beside SourceMNSParameters"):
        await create(lab, SourceMNSParameters=QUEUE, SourceScheduledEventParameters=EVERY_MINUTE)
