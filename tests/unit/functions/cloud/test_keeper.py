"""An event is handled, waits in the function's own queue, or is buried with the reason."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.cloud import retry
from functions.cloud.errors import FunctionError, PermanentError, SettingError, TemporaryError
from functions.cloud.keeper import (
    GIVES_UP_SECONDS,
    LONGEST_SECONDS,
    Keeper,
    Places,
    pause,
)
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.cloud.smq import LARGEST_BODY_BYTES
from functions.request.events import is_wake
from ops.replay import letters
from tests.unit.functions.samples import NOW, FakeQueues

EVENT = json.dumps(
    {
        "id": "event-1",
        "source": "dingtalk.approval",
        "type": "t",
        "aliyuneventbusname": "bus",
        "data": {"中": 1},
    },
    ensure_ascii=False,
)
TIMER = b'{"triggerTime": "t", "triggerName": "every-minute", "payload": "timer"}'
BUSY = TemporaryError("the API is busy", "Busy")
MESSAGE = {"id": "m", "type": "mns:Queue:SendMessage", "data": {"messageBody": "{}"}}
WAKES = {
    "a rule's": b'{"wake": "queue"}',
    "a list of objects": json.dumps([MESSAGE]).encode(),
    "a list of texts": json.dumps([json.dumps(MESSAGE)]).encode(),
    "an object": json.dumps(MESSAGE).encode(),
}
"""What a function may be woken with."""


class Stage:
    """A keeper with a clock, queues, and a function that fails when told to."""

    def __init__(self, **places: str) -> None:
        self.now = NOW
        self.queues = FakeQueues(lambda: self.now)
        self.served: list[str] = []
        self.failure: BaseException | None = None
        """What handling an event raises."""
        self.times = 10**6
        """How often it does."""
        self.seconds = 0.0
        """How long it takes."""
        self.keeper = Keeper(
            "run-command",
            self.queues,
            Places(**{"events": "requests", "dead_letters": "dead", **places}),
            now=lambda: self.now,
            sleep=self.sleep,
            draw=lambda: 1.0,
        )

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def serve(self, payload: bytes) -> str:
        """Handle an event."""
        if payload == TIMER:
            return "timer"
        self.served.append(payload.decode())
        self.now += self.seconds
        if self.failure and self.times and "second" not in self.served[-1]:
            self.times -= 1
            raise self.failure
        return "done"

    def call(self, payload: bytes | str) -> str:
        """Call the function."""
        raw = payload.encode() if isinstance(payload, str) else payload
        return self.keeper.call(raw, self.serve)

    def waiting(self, queue: str = "requests") -> list[str]:
        """Return what is in a queue, visible or not."""
        return [message.body for _, message in self.queues.messages.get(queue, [])]

    @property
    def letter(self) -> dict[str, Any]:
        """The one dead letter."""
        (body,) = self.waiting("dead")
        return dict(json.loads(body))


def bring_directly(stage: Stage) -> None:
    """Call the function with the event."""
    stage.call(EVENT)


def bring_by_queue(stage: Stage) -> None:
    """Put the event into the queue and wake the function."""
    stage.queues.send("requests", EVENT)
    stage.call(WAKES["a list of texts"])


FORMS = pytest.mark.parametrize(
    "bring",
    [pytest.param(bring_directly, id="direct"), pytest.param(bring_by_queue, id="queue")],
)
Bring = Callable[[Stage], None]


@FORMS
def test_an_event_is_handled_once(bring: Bring) -> None:
    """And nothing of it is left."""
    stage = Stage()
    bring(stage)
    assert (stage.served, stage.waiting(), stage.waiting("dead")) == ([EVENT], [], [])


@FORMS
def test_what_fails_for_a_moment_is_tried_again_within_the_call(bring: Bring) -> None:
    """It never waits."""
    stage = Stage()
    stage.failure, stage.times = BUSY, 2
    bring(stage)
    assert (stage.served, stage.waiting()) == ([EVENT] * 3, [])


@FORMS
def test_what_lasts_waits_and_is_done_when_it_is_over(bring: Bring) -> None:
    """The function returns; its timer takes the event up, at growing distances."""
    stage = Stage()
    stage.failure = BUSY
    bring(stage)
    assert stage.waiting() == [EVENT]
    assert stage.now - NOW <= retry.SECONDS
    before = len(stage.served)
    stage.call(TIMER)
    assert len(stage.served) == before, "not due yet"
    stage.failure = None
    stage.now += 60
    stage.call(TIMER)
    assert stage.waiting() == stage.waiting("dead") == []


@FORMS
def test_what_fails_for_a_day_is_buried(bring: Bring) -> None:
    """With the last reason; the event can be published again."""
    stage = Stage()
    stage.failure = BUSY
    bring(stage)
    while not stage.waiting("dead"):
        assert stage.now - NOW < GIVES_UP_SECONDS + 2 * LONGEST_SECONDS
        stage.now += 60
        stage.call(TIMER)
    assert stage.waiting() == []
    assert stage.now - NOW > GIVES_UP_SECONDS
    assert stage.letter["reason"]["errorCode"] == "Busy"
    found = letters.read(json.dumps(stage.letter))
    assert (found.event["data"], found.bus, found.place) == ({"中": 1}, "bus", "run-command")


@FORMS
@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ApiRefusedError("PutEvents", "NoPermission", "no"), "NoPermission", "PutEvents: NoPerm"),
        (PermanentError("it announces nothing", "NoInvocation"), "NoInvocation", "it announces"),
        (SettingError("CommandId", "is missing"), "Setting", "environment variable CommandId"),
        (KeyError("the event's own words"), "KeyError", "the function failed unexpectedly"),
    ],
)
def test_what_will_never_succeed_is_buried_at_once(
    bring: Bring, error: Exception, code: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the function's own hand, after one attempt, and the function returns."""
    stage = Stage()
    stage.failure = error
    bring(stage)
    assert (stage.served, stage.waiting()) == ([EVENT], [])
    assert stage.letter["reason"]["errorCode"] == code
    assert stage.letter["reason"]["errorMessage"].startswith(reason)
    assert "own words" not in json.dumps(stage.letter) + capsys.readouterr().out


@FORMS
def test_one_that_fails_does_not_hold_up_the_others(bring: Bring) -> None:
    """What waits behind it is done in the same call."""
    stage = Stage()
    stage.failure = BUSY
    bring(stage)
    stage.queues.send("requests", "second")
    stage.call(WAKES["a rule's"])
    assert "second" in stage.served
    assert stage.waiting() == [EVENT]


@pytest.mark.parametrize("wake", WAKES.values(), ids=WAKES)
def test_every_form_of_a_wake_is_one(wake: bytes) -> None:
    """A list or one, objects or texts: what it brings is not looked at."""
    stage = Stage()
    stage.queues.send("requests", EVENT)
    stage.call(wake)
    assert (stage.served, stage.waiting()) == ([EVENT], [])


@pytest.mark.parametrize("text", ["", "null", "{", EVENT, '{"wake": 1, "id": "x"}', TIMER.decode()])
def test_an_event_is_no_wake(text: str) -> None:
    """Nor is anything that might be one."""
    assert not is_wake(text)


def test_an_event_that_kills_the_function_is_buried_after_a_day() -> None:
    """It comes again and again, and whoever tries it cannot say so."""
    stage = Stage()
    stage.failure = SystemExit()
    stage.queues.send("requests", EVENT)
    with pytest.raises(SystemExit):
        stage.call(WAKES["a rule's"])
    assert stage.waiting() == [EVENT]
    stage.now += GIVES_UP_SECONDS + 2 * LONGEST_SECONDS + 1
    stage.call(WAKES["a rule's"])
    assert (stage.served, stage.waiting()) == ([EVENT], [])
    assert stage.letter["reason"]["errorCode"] == "GivenUp"


def test_what_can_be_neither_handled_nor_kept_is_raised() -> None:
    """Then Function Compute repeats the call: the last net."""
    stage = Stage()
    stage.failure = BUSY
    stage.queues.failure = ApiTroubleError("SendMessage", "Http503")
    with pytest.raises(FunctionError, match="SendMessage"):
        stage.call(EVENT)


def test_without_a_queue_it_is_raised() -> None:
    """As for whoever deploys a function by itself."""
    stage = Stage(events="", dead_letters="")
    stage.failure = BUSY
    with pytest.raises(TemporaryError):
        stage.call(EVENT)
    stage.failure = KeyError("x")
    with pytest.raises(KeyError):
        stage.call(EVENT)


def test_a_large_event_leaves_at_least_what_it_was() -> None:
    """A dead letter that fits the queue, with the reason."""
    stage = Stage()
    stage.failure = PermanentError("no", "No")
    stage.call(json.dumps({**json.loads(EVENT), "data": {"x": "中" * 40_000}}, ensure_ascii=False))
    (body,) = stage.waiting("dead")
    assert len(body.encode()) < LARGEST_BODY_BYTES
    assert json.loads(body)["event"]["id"] == "event-1"
    assert "too large" in stage.letter["reason"]["errorMessage"]


def test_a_call_ends_in_time() -> None:
    """However much waits, it stops long before the function's own limit."""
    stage = Stage()
    for number in range(200):
        stage.queues.send("requests", f"event {number}")
    stage.seconds = 1.0
    stage.call(WAKES["a rule's"])
    assert 55 <= len(stage.served) <= 65
    assert len(stage.waiting()) == 200 - len(stage.served)


def test_pauses_double_to_an_hour() -> None:
    """From a minute, which is how often the timer comes."""
    assert [pause(times) for times in (0, 1, 2, 3, 7, 99)] == [60, 60, 120, 240, 3600, 3600]
