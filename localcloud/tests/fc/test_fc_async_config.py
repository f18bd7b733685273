"""What is configured for asynchronous invocations: repetitions, age, destinations, throttling."""

import base64
import json
from typing import Any

import pytest

from lab.fc import FunctionLab
from localcloud.errors import ApiError
from localcloud.faults import Fault

WORKS = """
def handler(event, context):
    print("ran", event.decode())
    if event == b"fails":
        raise RuntimeError("again")
    return "done"
"""
HERE = {"functionName": "works"}
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/{}/messages"
BOTH = {
    "onSuccess": {"destination": QUEUE.format("done")},
    "onFailure": {"destination": QUEUE.format("lost")},
}


async def runs(lab: FunctionLab) -> int:
    """Return how often the function ran."""
    return sum(line.startswith("ran") for line in await lab.log("works"))


async def configure(lab: FunctionLab, **settings: Any) -> Any:
    """Set the configuration."""
    return await lab.call("PutAsyncInvokeConfig", HERE, settings)


async def play(lab: FunctionLab, payload: bytes, seconds: float = 60, step: float = 1) -> None:
    """Accept an invocation and let time go on."""
    await lab.fc.invoke_later("works", payload, request_id="REQ-7")
    for _ in range(int(seconds / step)):
        await lab.fc.drain()
        lab.clock.advance(step)


def outcomes(lab: FunctionLab, queue: str) -> list[Any]:
    """Return what a queue was told."""
    return [json.loads(base64.b64decode(body)) for body in lab.queues[queue]]


async def test_a_default_is_not_answered_until_it_was_said(lab: FunctionLab) -> None:
    """The provider takes a number that it did not send for a change, also after a restart."""
    await lab.create("works", WORKS)
    numbers = {"maxAsyncRetryAttempts", "maxAsyncEventAgeInSeconds"}
    assert not numbers & set(await configure(lab, destinationConfig=BOTH))
    first = await configure(lab, maxAsyncRetryAttempts=3)
    assert numbers & set(first) == {"maxAsyncRetryAttempts"}
    await lab.restart()
    assert numbers & set(await configure(lab, maxAsyncEventAgeInSeconds=60)) == numbers


async def test_a_configuration_is_read_changed_listed_and_deleted(lab: FunctionLab) -> None:
    """What a change leaves out stays; after the deletion there is none."""
    await lab.create("works", WORKS)
    await configure(lab, maxAsyncRetryAttempts=1, destinationConfig=BOTH)
    changed = await configure(lab, maxAsyncEventAgeInSeconds=120, functionName="works")
    assert changed["maxAsyncRetryAttempts"] == 1
    assert changed["maxAsyncEventAgeInSeconds"] == 120
    assert changed["destinationConfig"] == BOTH
    assert await lab.call("GetAsyncInvokeConfig", HERE) == changed
    for params in ({}, {"functionName": "works"}):
        listed = await lab.call("ListAsyncInvokeConfigs", params=params)
        assert listed == {"configs": [changed]}
    await lab.call("DeleteAsyncInvokeConfig", HERE)
    with pytest.raises(ApiError) as failure:
        await lab.call("GetAsyncInvokeConfig", HERE)
    assert (failure.value.code, failure.value.status) == ("AsyncConfigNotExists", 404)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"maxAsyncRetryAttempts": 9}, "InvalidArgument"),
        ({"maxAsyncRetryAttempts": True}, "InvalidArgument"),
        ({"maxAsyncEventAgeInSeconds": 0}, "InvalidArgument"),
        ({"maxAsyncEventAgeInSeconds": 604_801}, "InvalidArgument"),
        ({"asyncTask": True}, "InvalidArgument"),
        ({"retries": 1}, "InvalidArgument"),
        ({"destinationConfig": {**BOTH, "onSuccess": {}}}, "InvalidDestinationResources"),
        ({"destinationConfig": {"onFailure": {}, "onSuccess": {}}}, "InvalidDestinationResources"),
        (
            {"destinationConfig": {"onFailure": {"destination": QUEUE.format("a")[:-9]}}},
            "InvalidDestinationResources",
        ),
    ],
)
async def test_what_is_no_configuration_is_refused(
    lab: FunctionLab, settings: dict[str, Any], code: str
) -> None:
    """Numbers out of range, unknown settings and an empty half are refused."""
    await lab.create("works", WORKS)
    with pytest.raises(ApiError) as failure:
        await configure(lab, **settings)
    assert failure.value.code == code


@pytest.mark.parametrize(("retries", "expected"), [(0, 1), (2, 3), (None, 4)])
async def test_a_function_that_fails_is_repeated_as_configured(
    lab: FunctionLab, retries: int | None, expected: int
) -> None:
    """No repetition, two, or the three of the default; then the failure's destination is told."""
    lab.queues = {"done": [], "lost": []}
    await lab.create("works", WORKS)
    limit = {} if retries is None else {"maxAsyncRetryAttempts": retries}
    await configure(lab, destinationConfig=BOTH, **limit)
    await play(lab, b"fails")
    assert await runs(lab) == expected
    (told,) = outcomes(lab, "lost")
    assert told["requestPayload"] == "fails"
    assert told["requestContext"]["requestId"] == "REQ-7"
    assert told["requestContext"]["approximateInvokeCount"] == expected
    assert told["responseContext"] == {
        "statusCode": 200,
        "functionError": "UnhandledInvocationError",
    }
    assert "again" in told["responsePayload"]
    assert lab.queues["done"] == []


async def test_a_success_is_told_to_its_own_destination(lab: FunctionLab) -> None:
    """The record of a success holds what was asked and what was answered."""
    lab.queues = {"done": [], "lost": []}
    await lab.create("works", WORKS)
    await configure(lab, destinationConfig=BOTH)
    await play(lab, b"hello", seconds=2)
    (told,) = outcomes(lab, "done")
    assert (told["requestPayload"], told["responsePayload"]) == ("hello", "done")
    assert lab.queues["lost"] == []


async def test_a_function_is_a_destination_too(lab: FunctionLab) -> None:
    """The function that is named gets the record as its event."""
    await lab.create("works", WORKS)
    await lab.create("hears", "def handler(event, context):\n    print('heard', event.decode())\n")
    arn = "acs:fc:cn-hangzhou:1234567890123456:functions/hears"
    await configure(lab, destinationConfig={"onSuccess": {"destination": arn}})
    await play(lab, b"hello", seconds=2)
    (line,) = [one for one in await lab.log("hears") if one.startswith("heard")]
    assert json.loads(line.removeprefix("heard "))["requestPayload"] == "hello"


@pytest.mark.parametrize("lost", ["permission", "queue"])
async def test_an_outcome_that_cannot_be_written_is_lost(lab: FunctionLab, lost: str) -> None:
    """The function's own role writes; without the right or the queue only a log line is left."""
    lab.queues = {"lost": []} if lost == "permission" else {}
    if lost == "permission":
        lab.denied.add(("mns:SendMessage", QUEUE.format("lost")))
    await lab.create("works", WORKS)
    await configure(lab, destinationConfig=BOTH, maxAsyncRetryAttempts=0)
    await play(lab, b"fails", seconds=3)
    assert lab.queues.get("lost", []) == []
    assert await runs(lab) == 1
    assert any("was not sent to" in line for line in await lab.log("works"))


async def test_a_trigger_s_calls_have_no_destination(lab: FunctionLab) -> None:
    """What a timer called and what failed is told nowhere."""
    lab.queues = {"done": [], "lost": []}
    await lab.create("works", WORKS)
    await configure(lab, destinationConfig=BOTH, maxAsyncRetryAttempts=0)
    config = {"cronExpression": "@every 1m", "enable": True, "payload": "x"}
    await lab.call(
        "CreateTrigger",
        HERE,
        {"triggerName": "t", "triggerType": "timer", "triggerConfig": json.dumps(config)},
    )
    lab.clock.advance(60)
    await lab.fc.drain()
    assert await runs(lab) == 1
    assert lab.queues == {"done": [], "lost": []}


@pytest.mark.parametrize("status", ["500", "503"])
async def test_an_error_of_the_service_is_not_repeated(lab: FunctionLab, status: str) -> None:
    """Internal errors and a lack of resources end an invocation at once."""
    lab.queues = {"done": [], "lost": []}
    await lab.create("works", WORKS)
    await configure(lab, destinationConfig=BOTH)
    lab.faults.set(Fault("function:works", error=status))
    await play(lab, b"hello")
    assert await runs(lab) == 0
    (told,) = outcomes(lab, "lost")
    assert told["responseContext"]["statusCode"] == int(status)


async def test_what_is_throttled_waits_longer_each_time(lab: FunctionLab) -> None:
    """Repetitions come after 0.5, 1, 2, 4 seconds, and do not count as the function's failures."""
    await lab.create("works", WORKS)
    await configure(lab, maxAsyncRetryAttempts=0)
    lab.faults.set(Fault("function:works", times=4, error="429"))
    await lab.fc.invoke_later("works", b"hello", request_id="REQ-7")
    left = []
    for seconds in (0, 0.4, 0.1, 0.9, 0.1, 1.9, 0.1, 3.9, 0.1):
        lab.clock.advance(seconds)
        await lab.fc.drain()
        fault = lab.faults.take("function:works")
        left.append(fault.times if fault else 0)
        if fault:
            lab.faults.set(fault)
    assert left == [3, 3, 2, 2, 1, 1, 0, 0, 0]
    assert await runs(lab) == 1


async def test_what_stays_throttled_is_given_up_after_five_hours(lab: FunctionLab) -> None:
    """Until then it is repeated; then the failure's destination is told of status 429."""
    lab.queues = {"done": [], "lost": []}
    await lab.create("works", WORKS)
    await configure(lab, destinationConfig=BOTH)
    lab.faults.set(Fault("function:works", times=1000, error="429"))
    await play(lab, b"hello", seconds=5 * 3600 - 60, step=60)
    assert lab.queues["lost"] == []
    await play(lab, b"", seconds=0)
    for _ in range(10):
        lab.clock.advance(3600)
        await lab.fc.drain()
    told = outcomes(lab, "lost")[0]
    assert told["responseContext"]["statusCode"] == 429
    assert await runs(lab) == 0


async def test_an_event_that_became_too_old_is_dropped(lab: FunctionLab) -> None:
    """It is neither run nor told to a destination."""
    lab.queues = {"done": [], "lost": []}
    await lab.create("works", WORKS)
    await configure(lab, destinationConfig=BOTH, maxAsyncEventAgeInSeconds=30)
    await lab.fc.invoke_later("works", b"hello", request_id="REQ-7")
    lab.clock.advance(31)
    await lab.fc.drain()
    assert await runs(lab) == 0
    assert lab.queues == {"done": [], "lost": []}
    assert lab.fc.asynchronous.under_way.total() == 0


async def test_reserved_concurrency_refuses_what_is_more(lab: FunctionLab) -> None:
    """A call above the limit is answered with 429 at once; when the first has ended, it runs."""
    slow = "import time\ndef handler(event, context):\n    time.sleep(1)\n    print('ran')\n"
    await lab.create("works", slow)
    await lab.call("PutConcurrencyConfig", HERE, {"reservedConcurrency": 1})
    for number in range(3):
        await lab.fc.invoke_later("works", b"", request_id=f"REQ-{number}")
    await lab.fc.drain()
    assert await runs(lab) == 1
    assert lab.fc.asynchronous.throttled == {"works": 2}
    lab.clock.advance(0.5)
    await lab.fc.drain()
    assert await runs(lab) == 2
    lab.clock.advance(1)
    await lab.fc.drain()
    assert await runs(lab) == 3
