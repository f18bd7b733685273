"""Posts without the right token: counted, told once a minute, and never a failure."""

import json

import pytest

from functions.cloud.errors import FunctionError
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.run_command.noise import SECONDS
from tests.unit.functions.run_command.test_run_command import Stage
from tests.unit.functions.samples import detail, http_event

TIMER = json.dumps({"triggerTime": "2026-01-01T00:00:00Z", "triggerName": "t", "payload": "timer"})
RIGHT = {"X-Provisioning-Token": "right-token"}
WRONG = {"X-Provisioning-Token": "wrong"}


def posted(event_id: str = "event-1", headers: object = None) -> bytes:
    """Return a post to the source that asks for a token."""
    return http_event(detail(), source="lark.approval", event_id=event_id, headers=headers)


def test_one_post_is_told_at_once_as_an_event_of_its_own() -> None:
    """It is no result: nothing was asked that anybody has to be answered."""
    stage = Stage()
    (line,) = stage.serve(posted())
    assert (line["decision"], line["reason"]) == ("untrusted", "no-token")
    event = stage.told
    assert (event["source"], event["type"]) == (
        "ecs.provisioning",
        "provisioning:UnauthenticatedRequests",
    )
    assert event["data"]["detail"] == {
        "InvocationStatus": "Unauthenticated",
        "source": "lark.approval",
        "count": 1,
        "reasons": {"no-token": 1},
        "origin": {"source": "lark.approval", "chat": "people"},
    }
    assert event["id"].replace("-", "").isalnum()


def test_many_posts_are_two_events() -> None:
    """The first is told at once, the others together when the minute is over."""
    stage = Stage()
    for n in range(100):
        stage.serve(posted(f"event-{n}", WRONG if n % 4 else None))
    assert len(stage.bus.events) == 1
    stage.now += SECONDS
    stage.serve(TIMER.encode())
    told = stage.bus.details
    assert [d["count"] for d in told] == [1, 99]
    assert told[1]["reasons"] == {"no-token": 24, "wrong-token": 75}
    assert "99 个请求未提供正确的密钥" in json.dumps(
        stage.bus.events[1]["data"]["message"], ensure_ascii=False
    )
    assert len({event["id"] for event in stage.bus.events}) == 2
    stage.now += SECONDS
    stage.serve(TIMER.encode())
    assert len(stage.bus.events) == 2


def test_a_request_tells_what_was_left() -> None:
    """Whatever the function is called for next, the remainder goes with it."""
    stage = Stage()
    for n in range(3):
        stage.serve(posted(f"event-{n}"))
    stage.now += SECONDS
    assert stage.serve(posted("event-9", RIGHT))[0]["decision"] == "started"
    assert [d["count"] for d in stage.bus.details] == [1, 2]


def test_sources_are_counted_apart() -> None:
    """Each has a minute and a chat of its own; all that are unknown are one."""
    stage = Stage()
    stage.serve(posted())
    for n in range(3):
        stage.serve(http_event(detail(), source=f"unknown-{n}", event_id=f"event-{n}"))
    told = [(d["source"], d["count"], d["origin"]["chat"]) for d in stage.bus.details]
    assert told == [("lark.approval", 1, "people"), ("", 1, "audit")]


def test_a_delivery_that_comes_twice_is_one_event() -> None:
    """Two instances of the function tell it under the same id."""
    ids = []
    for _ in range(2):
        stage = Stage()
        stage.serve(posted())
        ids.append(stage.told["id"])
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    "failure", [ApiTroubleError("PutEvents", "Throttling"), ApiRefusedError("PutEvents", "No")]
)
def test_noise_never_fails(failure: FunctionError) -> None:
    """What could not be told is told later; no dead letter comes of it."""
    stage = Stage()
    stage.bus.failure = failure
    assert stage.serve(posted())[0]["decision"] == "untrusted"
    stage.bus.failure = None
    stage.serve(TIMER.encode())
    assert [d["count"] for d in stage.bus.details] == [1]


def test_what_is_posted_is_no_timer() -> None:
    """A sender writes the body, not the event around it."""
    stage = Stage()
    stage.serve(http_event(body={"triggerName": "t", "detail-type": "x"}))
    assert stage.told["data"]["detail"]["InvocationStatus"] == "Rejected"
