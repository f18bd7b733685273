"""What nobody pushed, or what is about people: found, confirmed and handed over."""

import json
from typing import Any

import pytest

from functions.cloud.errors import PermanentError
from functions.receive_approval import declared
from functions.receive_approval.platform_api import PlatformBusyError
from functions.receive_approval.settings import Source
from tests.unit.functions.receive_approval.platforms import (
    answer,
    dingtalk_instance,
    lark_instance,
)
from tests.unit.functions.receive_approval.pushes import APPROVED_V2, DINGTALK, LARK, lark
from tests.unit.functions.receive_approval.test_confirmation import INSTANCE, Lab


@pytest.fixture(name="lab")
def fixture_lab() -> Lab:
    """Return the function with one approved instance on each platform, of which nobody heard."""
    lab = Lab()
    lab.platform.instances = {INSTANCE: dingtalk_instance(), "81D31358-EXAMPLE": lark_instance()}
    lab.platform.listed = {"PROC-1": [INSTANCE], "CODE-1": ["81D31358-EXAMPLE"]}
    return lab


def test_lost_pushes_of_both_platforms_are_found(lab: Lab) -> None:
    """One look hands over both; their events are those that the pushes would have led to."""
    lab.function().find_lost()
    found = [event["id"] for event in lab.bus.events]
    pushed = Lab()
    pushed.platform.instances, pushed.platform.listed = lab.platform.instances, lab.platform.listed
    pushed.confirm(DINGTALK)
    pushed.confirm(LARK, "81D31358-EXAMPLE")
    assert found == [event["id"] for event in pushed.bus.events]


def test_what_is_in_the_archive_is_not_found_again(lab: Lab) -> None:
    """Nothing is remembered: the archive of the bus knows what was handed over."""
    lab.function().find_lost()
    lab.archived = {event["id"] for event in lab.bus.events}
    lab.bus.events.clear()
    lab.function().find_lost()
    assert lab.bus.events == []


@pytest.mark.parametrize(
    ("finished", "count"),
    [
        ("2025-12-31T23:54Z", 1),
        ("2025-12-31T23:57Z", 0),  # its push may still be on the way
        ("2025-12-30T23:59Z", 0),  # too old to be carried out
        ("2025-12-31T00:02Z", 1),
    ],
)
def test_the_moment_of_the_decision_counts(lab: Lab, finished: str, count: int) -> None:
    """What is too fresh has a push of its own, what is too old would be refused as stale."""
    lab.platform.instances[INSTANCE]["finishTime"] = finished
    lab.platform.listed["CODE-1"] = []
    lab.function().find_lost()
    assert len(lab.bus.events) == count


def test_a_look_keeps_to_its_budget() -> None:
    """So many calls and no more, of each source; what is left is found in the next round."""
    lab = Lab(DINGTALK._replace(api_calls=10))
    names = [f"i-{n}" for n in range(50)]
    lab.platform.instances = {name: dingtalk_instance() for name in names}
    lab.platform.listed = {"PROC-1": names}
    lab.function().find_lost()
    assert len(lab.platform.calls) == 10
    assert 0 < len(lab.bus.events) < 50


def test_an_outage_of_one_platform_holds_up_no_other(lab: Lab) -> None:
    """The line says which was not asked."""
    lab.platform.failures = [answer({}, 503)]
    assert "not-looked" in lab.function().find_lost()
    assert [event["source"] for event in lab.bus.events] == [LARK.name]


BOTH = pytest.mark.parametrize("source", [DINGTALK, LARK], ids=lambda source: source.name)


def member(lab: Lab, *people: str, joined: bool, source: Source = DINGTALK) -> list[dict[str, Any]]:
    """Confirm that members joined or left; return what came on the bus."""
    data = {"joined": joined, "ids": list(people)}
    lab.hint(source, data, declared.MEMBERS_PUSHED)
    return lab.bus.events


@pytest.mark.parametrize(
    ("source", "pushed", "shown"),
    [
        (DINGTALK, "u1", {}),
        (LARK, "ou_1", {"open_id": "ou_1", "user_id": "u1"}),
        # Without the permission for user_id the open_id is all that is known.
        (LARK, "u1", {"open_id": "u1"}),
    ],
)
def test_a_new_member_is_handed_over_with_the_persons_data(
    lab: Lab, source: Source, pushed: str, shown: dict[str, str]
) -> None:
    """Looked up at the platform; what the company's API need not know stays there."""
    person = {"name": "孙七", "email": "sun@example.com", "mobile": "1", **shown}
    lab.platform.people = {pushed: person}
    (event,) = member(lab, pushed, joined=True, source=source)
    assert (event["type"], event["aliyuneventbusname"]) == (declared.NEW_MEMBER, "approvals")
    assert event["data"]["body"] == {
        "source": source.name,
        "userId": ["u1"],
        "user": {"name": "孙七", "email": "sun@example.com"},
    }


@BOTH
def test_a_member_whom_nobody_knows_is_none(lab: Lab, source: Source) -> None:
    """A push about somebody who is not there is believed no more than any other."""
    with pytest.raises(PermanentError):
        member(lab, "nobody", joined=True, source=source)
    assert lab.bus.events == []


@pytest.mark.parametrize(
    ("source", "people"),
    [
        (DINGTALK, {"stays": {"name": "x"}}),
        (LARK, {"stays": {"name": "x", "status": {"is_resigned": False}}}),
        # Lark shows whoever has resigned for some days more.
        (LARK, {"stays": {"name": "x"}, "left": {"status": {"is_resigned": True}}}),
    ],
)
def test_a_leaver_loses_everything_once_the_platform_says_so(
    lab: Lab, source: Source, people: dict[str, Any]
) -> None:
    """Who is still a member loses nothing, whatever was pushed."""
    lab.platform.people = people
    (event,) = member(lab, "stays", "left", joined=False, source=source)
    body = event["data"]["body"]
    assert (event["type"], body["detail-type"]) == (declared.REQUESTED, "DeprovisionRequest")
    assert set(body["detail"]) == {"emp_id", "request_id"}
    assert body["detail"]["emp_id"] == "left"
    assert event["time"] == "2026-01-01T00:00:00.000Z"


@BOTH
def test_an_outage_is_no_proof_that_somebody_left(lab: Lab, source: Source) -> None:
    """Only the platform's own word for an unknown person counts."""
    lab.memory.tokens.clear()
    lab.platform.failures = [answer({}, 503)]
    with pytest.raises(PlatformBusyError):
        member(lab, "left", joined=False, source=source)
    assert lab.bus.events == []


@pytest.mark.parametrize(
    ("kind", "about", "joined", "who"),
    [
        ("created", {"open_id": "ou_1", "user_id": "u1", "name": "Zhou Ba"}, True, "ou_1"),
        ("created", {"open_id": "ou_1"}, True, "ou_1"),
        ("deleted", {"open_id": "ou_1", "user_id": "u1"}, False, "u1"),
    ],
)
def test_lark_pushes_who_joined_and_who_left(
    kind: str, about: dict[str, str], joined: bool, who: str
) -> None:
    """Authentic, and a hint only where the settings ask for members and leavers."""
    pushed = lark(member_event(kind, about))
    for wanted in (True, False):
        lab = Lab(LARK._replace(members=wanted, leavers=wanted))
        assert lab.function().answer(pushed).http["statusCode"] == 200
        hints = [e["data"] for e in lab.bus.events if e["type"] == declared.MEMBERS_PUSHED]
        assert hints == ([{"joined": joined, "ids": [who]}] if wanted else [])


def test_a_leaver_whose_user_id_the_app_may_not_see_is_said_in_the_log() -> None:
    """Nothing can be taken away from somebody unnamed, and it must not be silent."""
    lab = Lab(LARK._replace(leavers=True))
    answered = lab.function().answer(lark(member_event("deleted", {"open_id": "ou_1"})))
    assert lab.bus.events == []
    assert json.loads(answered.line)["lacks"] == "user_id"


def member_event(kind: str, about: dict[str, str]) -> dict[str, Any]:
    """Return ``contact.user.created_v3`` or ``deleted_v3`` as Lark pushes it."""
    header = {**APPROVED_V2["header"], "event_type": f"contact.user.{kind}_v3"}  # type: ignore[dict-item]
    return {"schema": "2.0", "header": header, "event": {"object": about}}
