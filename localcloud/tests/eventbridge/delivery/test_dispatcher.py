"""Accepted events reach their targets: at least once, in order, with retries and dead letters."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.eventbridge import EventBridgeLab, function_target, web_target

DEAD = {"Arn": "acs:mns:cn-hangzhou:1234567890123456:/queues/dead"}


async def set_up(
    lab: EventBridgeLab, *targets: dict[str, Any], pattern: str = '{"source":["s"]}'
) -> None:
    """Make a bus with one rule."""
    if not any(b.name == "bus" for b in lab.eventbridge.buses()):
        await lab.call("CreateEventBus", EventBusName="bus")
        lab.mns.create_queue("dead", {})
    await lab.call(
        "CreateRule",
        EventBusName="bus",
        RuleName="rule",
        FilterPattern=pattern,
        EventTargets=json.dumps(targets or [function_target()]),
    )


def event(identity: str = "e1", **data: Any) -> dict[str, Any]:
    """Return an event that the rule matches."""
    return {"id": identity, "source": "s", "type": "t", "specversion": "1.0", "data": data}


async def until(is_so: Callable[[], bool]) -> None:
    """Let others run until something is so; fail when it does not become so."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - what is watched has no event to wait for
            await asyncio.sleep(0.001)


def attempts(way: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the state and the number of attempts of each delivery of an event."""
    return [
        (target["state"], len(target["attempts"]))
        for rule in way["rules"]
        for target in rule.get("targets", [])
    ]


async def test_every_target_of_every_matching_rule_gets_the_event(lab: EventBridgeLab) -> None:
    """An event goes to all targets of the rules that match it, transformed for each."""
    await set_up(lab, function_target(), web_target())
    lab.eventbridge.publish("bus", event(a=1))
    lab.eventbridge.publish("bus", {**event("other"), "source": "elsewhere"})
    await lab.dispatcher.drain()
    (body,) = lab.function.bodies
    assert (json.loads(body)["id"], json.loads(body)["data"]) == ("e1", {"a": 1})
    assert lab.web.bodies == ['{"a":1}']
    (first, other) = await lab.trace()
    assert attempts(first) == [("delivered", 1), ("delivered", 1)]
    assert other["matched"] is False


async def test_an_event_is_on_the_disk_before_it_is_sent(lab: EventBridgeLab) -> None:
    """A target never sees an event that a crash could make undone."""
    await set_up(lab)
    seen = []

    async def look(request: Any) -> str:
        seen.append(lab.store.read("SELECT count(*) AS n FROM events")[0]["n"])
        return "seen"

    lab.dispatcher._senders = {"acs.fc.function": look}
    lab.eventbridge.publish("bus", event())
    await lab.dispatcher.drain()
    assert seen == [1]


async def test_a_failed_delivery_is_tried_again_when_it_is_due(lab: EventBridgeLab) -> None:
    """BACKOFF_RETRY, the default, tries three more times, 10 to 20 seconds apart."""
    await set_up(lab)
    lab.function.failures = 2
    lab.eventbridge.publish("bus", event())
    await lab.dispatcher.drain()
    assert len(lab.function.requests) == 1
    (way,) = await lab.trace("e1")
    (target,) = way["rules"][0]["targets"]
    assert (
        target["state"],
        target["next_attempt_at"],
    ) == ("retrying", "2026-01-01T00:00:15.000Z")
    lab.clock.advance(14.9)
    await lab.dispatcher.drain()
    assert len(lab.function.requests) == 1
    for _ in range(2):
        lab.clock.advance(15.1)
        await lab.dispatcher.drain()
    (way,) = await lab.trace("e1")
    assert attempts(way) == [("delivered", 3)]
    assert [a["ok"] for a in way["rules"][0]["targets"][0]["attempts"]] == [False, False, True]


async def test_what_cannot_be_delivered_becomes_a_dead_letter(lab: EventBridgeLab) -> None:
    """After the last attempt the event lies in the target's dead-letter queue, with the reason."""
    await set_up(lab, function_target(DeadLetterQueue=DEAD))
    lab.function.failures = 100
    lab.eventbridge.publish("bus", event(name="中"))
    for _ in range(10):
        await lab.dispatcher.drain()
        lab.clock.advance(20)
    assert len(lab.function.requests) == 4
    (letter,) = await lab.mns.peek("dead")
    content = json.loads(letter.body)
    assert content["event"]["data"] == {"name": "中"}
    assert tuple(
        content["reason"][key] for key in ("ruleName", "targetId", "attempts", "errorCode")
    ) == ("rule", "fc", 4, "503")
    (way,) = await lab.trace("e1")
    assert attempts(way) == [("dead-letter", 4)]


@pytest.mark.parametrize(
    "queue",
    [
        pytest.param({}, id="no dead-letter queue"),
        pytest.param({"Arn": DEAD["Arn"] + "2"}, id="a queue that does not exist"),
    ],
)
async def test_without_a_queue_the_event_is_dropped_and_the_trace_says_so(
    lab: EventBridgeLab, queue: dict[str, str]
) -> None:
    """An event that nothing takes is dropped, which is a state of its own."""
    await set_up(lab, function_target(DeadLetterQueue=queue))
    lab.function.failures = 100
    lab.eventbridge.publish("bus", event())
    for _ in range(5):
        await lab.dispatcher.drain()
        lab.clock.advance(20)
    (way,) = await lab.trace("e1")
    assert attempts(way) == [("dropped", 4)]
    assert lab.dispatcher.next_due() is None


async def test_the_exponential_policy_goes_on_for_a_day(lab: EventBridgeLab) -> None:
    """EXPONENTIAL_DECAY_RETRY makes 176 retries before it gives up."""
    await set_up(
        lab,
        function_target(PushRetryStrategy="EXPONENTIAL_DECAY_RETRY", DeadLetterQueue=DEAD),
    )
    lab.function.failures = 1000
    start = lab.clock.now()
    lab.eventbridge.publish("bus", event())
    await lab.dispatcher.drain()
    while (due := lab.dispatcher.next_due()) is not None:
        lab.clock.seconds = due
        await lab.dispatcher.drain()
    assert len(lab.function.requests) == 177
    assert 23 * 3600 < lab.clock.now() - start < 25 * 3600
    assert (await lab.mns.counts("dead")).active == 1


async def test_what_a_former_process_left_unfinished_is_continued(lab: EventBridgeLab) -> None:
    """After a restart pending deliveries are sent, retries keep their time, finished ones rest."""
    await set_up(lab)
    lab.eventbridge.publish("bus", event("done"))
    await lab.dispatcher.drain()
    lab.function.failures = 1
    lab.eventbridge.publish("bus", event("retried"))
    await lab.dispatcher.drain()
    lab.eventbridge.publish("bus", event("never-sent"))
    await lab.restart()
    await lab.dispatcher.drain()
    assert [p.event["id"] for p in lab.function.requests] == ["never-sent"]
    lab.clock.advance(15)
    await lab.dispatcher.drain()
    assert [p.event["id"] for p in lab.function.requests] == ["never-sent", "retried"]
    (way,) = await lab.trace("retried")
    assert attempts(way) == [("delivered", 2)]


async def test_an_attempt_in_flight_is_made_again_after_a_restart(lab: EventBridgeLab) -> None:
    """Deliveries are at least once: what ended with the process is attempted anew."""
    await set_up(lab)
    lab.function.gate = asyncio.Event()
    lab.eventbridge.publish("bus", event("in-flight"))
    draining = asyncio.create_task(lab.dispatcher.drain())
    await until(lambda: lab.function.running == 1)
    draining.cancel()
    await lab.restart()
    await lab.dispatcher.drain()
    assert [p.event["id"] for p in lab.function.requests] == ["in-flight"]


async def test_a_slow_target_holds_up_nobody_else_and_is_not_flooded(lab: EventBridgeLab) -> None:
    """At most 4 calls of a function run at once; other targets go on meanwhile."""
    await set_up(lab, function_target(), web_target())
    lab.function.gate = asyncio.Event()
    for number in range(40):
        lab.eventbridge.publish("bus", event(f"e{number}"))
    draining = asyncio.create_task(lab.dispatcher.drain())
    await until(lambda: len(lab.web.requests) == 40)
    assert (lab.function.running, len(lab.function.requests)) == (4, 0)
    lab.function.gate.set()
    await draining
    assert (len(lab.function.requests), lab.function.most_at_once) == (40, 4)


async def test_deliveries_go_to_the_targets_as_they_are_now(lab: EventBridgeLab) -> None:
    """A target that was mended gets what waited for it; for a deleted one it is dropped."""
    await set_up(lab, function_target("a"), function_target("b"))
    lab.function.failures = 2
    lab.eventbridge.publish("bus", event())
    await lab.dispatcher.drain()
    mended = web_target("a")
    await lab.call("PutTargets", EventBusName="bus", RuleName="rule", Targets=json.dumps([mended]))
    lab.clock.advance(15)
    await lab.dispatcher.drain()
    assert lab.web.bodies == ["{}"]
    (way,) = await lab.trace("e1")
    assert attempts(way) == [("delivered", 2), ("dropped", 2)]


async def test_a_parameter_that_the_event_lacks_fails_the_attempt(lab: EventBridgeLab) -> None:
    """An event without what the body is made of is a failed delivery, not an empty message."""
    target = web_target()
    target["ParamList"][1]["Value"] = "$.data.message"
    await set_up(lab, target)

    async def send(request: Any) -> str:
        return str(request.required("Body"))

    lab.dispatcher._senders = {"https": send}
    lab.eventbridge.publish("bus", event())
    await lab.dispatcher.drain()
    (way,) = await lab.trace("e1")
    (attempt,) = way["rules"][0]["targets"][0]["attempts"]
    assert attempt["status"] == "TransformFailed"


async def test_an_unforeseen_error_is_a_failed_attempt_without_its_text(
    lab: EventBridgeLab,
) -> None:
    """Whatever a target does, the dispatcher lives on, and no text that may hold a secret stays."""
    await set_up(lab)

    async def explode(request: Any) -> str:
        raise RuntimeError("https://user:password@example")

    lab.dispatcher._senders = {"acs.fc.function": explode}
    lab.eventbridge.publish("bus", event())
    await lab.dispatcher.drain()
    (way,) = await lab.trace("e1")
    assert "password" not in json.dumps(way)
    assert attempts(way) == [("retrying", 1)]


async def test_run_wakes_for_new_events_and_for_retries(lab: EventBridgeLab) -> None:
    """The loop sleeps until there is something to do and then does it without being asked."""
    await set_up(lab)
    lab.function.failures = 1
    running = asyncio.create_task(lab.dispatcher.run())
    await asyncio.sleep(0)
    lab.eventbridge.publish("bus", event("e1"))
    await until(lambda: lab.dispatcher.next_due() is not None)
    lab.clock.advance(60)
    lab.eventbridge.publish("bus", event("e2"))
    await until(lambda: len(lab.function.requests) == 3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sorted(p.event["id"] for p in lab.function.requests) == ["e1", "e1", "e2"]


async def test_old_events_are_forgotten_unless_they_are_unfinished(tmp_path: Path) -> None:
    """The trace goes back a fixed number of events; what is not delivered yet is kept longer."""
    async with EventBridgeLab(tmp_path, retained=512) as lab:
        await set_up(lab)
        lab.function.failures = 1
        lab.eventbridge.publish("bus", event("waiting"))
        await lab.dispatcher.drain()
        for number in range(1, 1536):
            lab.eventbridge.publish("bus", event(f"e{number}"))
            if number % 100 == 0:
                await lab.dispatcher.drain()
        await lab.store.flush()
        (row,) = lab.store.read("SELECT count(*) AS n, min(seq) AS first FROM events")
        assert (row["n"], row["first"]) == (513, 1)
        (row,) = lab.store.read("SELECT count(*) AS n FROM deliveries")
        assert row["n"] == 513
        assert await lab.trace("waiting")
