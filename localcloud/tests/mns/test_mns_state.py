"""Queues keep their messages, give each to one receiver at a time and forget them when due."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lab.base import Lab
from localcloud.environment import ManualClock
from localcloud.errors import ApiError
from localcloud.mns.inspection import counts
from localcloud.mns.service import Mns


class MnsLab(Lab):
    """Simple Message Queue."""

    def start(self) -> None:
        """Create the service."""
        self.mns = Mns(self.settings, self.environment, self.store)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[MnsLab]:
    """Run a lab for a test."""
    async with MnsLab(tmp_path) as lab:
        yield lab


@pytest.fixture
def mns(lab: MnsLab) -> Mns:
    """Return the queues."""
    return lab.mns


@pytest.fixture
def clock(lab: MnsLab) -> ManualClock:
    """Return the clock that the queues go by."""
    return lab.clock


async def test_a_received_message_is_invisible_until_its_time_is_over(
    mns: Mns, clock: ManualClock
) -> None:
    """A message is given to one receiver; when it is not deleted in time, to the next one."""
    mns.create_queue("dead", {"visibility_timeout": 30})
    mns.send("dead", "lost event")
    (first,) = await mns.receive("dead")
    assert await mns.receive("dead") == []
    clock.advance(31)
    (second,) = await mns.receive("dead")
    assert (second.body, first.dequeues, second.dequeues) == ("lost event", 1, 2)
    assert second.first_dequeued == first.first_dequeued
    assert second.receipt != first.receipt


async def test_concurrent_receivers_never_get_the_same_message(mns: Mns) -> None:
    """Twenty receivers at once get twenty different messages."""
    mns.create_queue("work", {})
    for number in range(20):
        mns.send("work", str(number))
    received = await asyncio.gather(*(mns.receive("work") for _ in range(20)))
    assert sorted(m.body for (m,) in received) == sorted(str(n) for n in range(20))


async def test_messages_come_by_priority_and_then_by_age(mns: Mns, clock: ManualClock) -> None:
    """Priority 1 goes first; equal ones leave in the order in which they came."""
    mns.create_queue("work", {})
    for body, priority in [("c", 8), ("a", 1), ("d", 8), ("z", 16)]:
        mns.send("work", body, priority=priority)
        clock.advance(1)
    assert [m.body for m in await mns.peek("work", 10)] == ["a", "c", "d", "z"]


async def test_a_message_is_forgotten_after_the_retention_period(
    mns: Mns, clock: ManualClock
) -> None:
    """A message that nobody took is gone when its queue's retention period is over."""
    mns.create_queue("short", {"message_retention_period": 60})
    mns.send("short", "old")
    clock.advance(59)
    assert [m.body for m in await mns.peek("short")] == ["old"]
    clock.advance(1)
    assert await mns.peek("short") == []
    assert await mns.receive("short") == []
    assert (await mns.counts("short")).active == 0


async def test_a_delayed_message_arrives_when_its_delay_is_over(
    mns: Mns, clock: ManualClock
) -> None:
    """A message's own delay wins over the queue's."""
    mns.create_queue("slow", {"delay_seconds": 100})
    mns.send("slow", "later")
    mns.send("slow", "sooner", delay_seconds=10)
    assert (await mns.counts("slow")).delayed == 2
    clock.advance(10)
    assert [m.body for m in await mns.receive("slow", 5)] == ["sooner"]
    clock.advance(90)
    assert sorted(m.body for m in await mns.receive("slow", 5)) == ["later", "sooner"]


async def test_only_the_current_receipt_deletes(mns: Mns, clock: ManualClock) -> None:
    """A receipt works once and only while the message is invisible."""
    mns.create_queue("dead", {})
    mns.send("dead", "x")
    (late,) = await mns.receive("dead")
    clock.advance(31)
    with pytest.raises(ApiError) as refused:
        await mns.delete("dead", late.receipt)
    assert refused.value.code == "ReceiptHandleError"
    (message,) = await mns.receive("dead")
    changed = await mns.change_visibility("dead", message.receipt, 600)
    with pytest.raises(ApiError):
        await mns.delete("dead", message.receipt)
    clock.advance(599)
    await mns.delete("dead", changed.receipt)
    clock.advance(10)
    assert await mns.receive("dead") == []


async def test_a_message_received_too_often_goes_to_the_dead_letter_queue(
    mns: Mns, clock: ManualClock
) -> None:
    """The queue's dead-letter policy moves what nobody manages to work on."""
    mns.create_queue("dead", {})
    policy = {
        "Enabled": True,
        "MaxReceiveCount": 2,
        "DeadLetterTargetQueue": mns.arn("dead"),
    }
    mns.create_queue("work", {"dlq_policy": policy})
    mns.send("work", "poison")
    for _ in range(2):
        assert [m.body for m in await mns.receive("work")] == ["poison"]
        clock.advance(31)
    assert await mns.receive("work") == []
    assert [m.body for m in await mns.peek("dead")] == ["poison"]


async def test_long_polling_ends_when_a_message_comes(mns: Mns) -> None:
    """A receiver that waits gets a message at once when it is sent, not at the end of its wait."""
    mns.create_queue("work", {})
    waiting = asyncio.create_task(mns.receive_within("work", 1, 30))
    await asyncio.sleep(0)
    mns.send("work", "now")
    async with asyncio.timeout(5):
        assert [m.body for m in await waiting] == ["now"]


async def test_messages_survive_a_restart(lab: MnsLab) -> None:
    """What was flushed is there when the state is opened again, queues and messages alike."""
    lab.mns.create_queue("dead", {"visibility_timeout": 77})
    lab.mns.send("dead", "事件 & <x>")
    await lab.restart()
    assert lab.mns.queue("dead").visibility_timeout == 77
    assert [m.body for m in await lab.mns.peek("dead")] == ["事件 & <x>"]


@pytest.mark.parametrize(
    ("name", "attributes", "code"),
    [
        pytest.param("-x", {}, "InvalidQueueName", id="begins with a hyphen"),
        pytest.param("q" * 121, {}, "InvalidQueueName", id="longer than 120"),
        pytest.param("q", {"visibility_timeout": 0}, "InvalidArgument", id="no visibility"),
        pytest.param("q", {"maximum_message_size": 65_537}, "InvalidArgument", id="too large"),
        pytest.param("taken", {"delay_seconds": 1}, "QueueAlreadyExist", id="other attributes"),
    ],
)
async def test_what_mns_does_not_accept_is_refused_with_its_code(
    mns: Mns, name: str, attributes: dict[str, Any], code: str
) -> None:
    """Names, numbers and repeated creations are checked as MNS does."""
    mns.create_queue("taken", {})
    mns.create_queue("taken", {})
    with pytest.raises(ApiError) as refused:
        mns.create_queue(name, attributes)
    assert refused.value.code == code


async def test_a_message_over_the_size_limit_is_refused(mns: Mns) -> None:
    """Whoever sends it, the cloud's own services too; one of just that size is kept."""
    mns.create_queue("dead", {"maximum_message_size": 1024})
    with pytest.raises(ApiError) as refused:
        mns.send("dead", "x" * 1025)
    assert refused.value.code == "InvalidArgument"
    mns.send("dead", "x" * 1024)
    assert (await mns.counts("dead")).active == 1


async def test_the_view_of_the_queues_counts_what_is_there(lab: MnsLab, clock: ManualClock) -> None:
    """Messages to be received, received ones and delayed ones, by queue."""
    lab.mns.create_queue("work", {})
    for delay in (0, 0, 60):
        lab.mns.send("work", "x", delay_seconds=delay)
    await lab.mns.receive("work")
    await lab.store.flush()
    assert counts(lab.mns) == {"work": {"active": 1, "inactive": 1, "delayed": 1}}
    clock.advance(61)
    assert counts(lab.mns) == {"work": {"active": 3, "inactive": 0, "delayed": 0}}
