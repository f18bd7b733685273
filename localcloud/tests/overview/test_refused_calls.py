"""What was refused lately is kept with the texts in which a request's ids are found."""

from localcloud.api import ApiCall, Caller
from localcloud.environment import ManualClock
from localcloud.errors import ApiError
from localcloud.overview.refusals import Refusals

CALLER = Caller("acs:ram::1:role/r", "key")


def test_a_refused_action_keeps_what_it_said() -> None:
    """Its reason, its time, and its parameters; whoever listens is told."""
    told: list[int] = []
    refusals = Refusals(ManualClock(7.0), lambda: told.append(1))
    params = {"Tag.1.Value": "event-1", "CommandContent": "x" * 5_000}
    call = ApiCall("ecs", "InvokeCommand", CALLER, "R", params)
    refusals.of_api(call, ApiError("InvalidCmdId.NotFound", "no such command", 404))
    (kept,) = refusals
    assert kept == (
        "ecs:InvokeCommand",
        7.0,
        "InvalidCmdId.NotFound",
        "no such command",
        ("event-1",),
    )
    assert told == [1]


def test_an_http_api_is_asked_with_the_events_id_and_perhaps_a_number() -> None:
    """Both are looked for."""
    refusals = Refusals(ManualClock(), lambda: None)
    refusals.of_http_api("hr", "event-1-2", 503, "away")
    (kept,) = refusals
    assert (kept.by, kept.code, kept.texts) == ("hr", "HTTP 503", ("event-1-2", "event-1"))


def test_only_the_last_are_kept() -> None:
    """A caller that tries again for hours fills nothing up."""
    refusals = Refusals(ManualClock(), lambda: None)
    for number in range(3_000):
        refusals.of_http_api("hr", str(number), 503, "away")
    assert len(list(refusals)) == 1_000
