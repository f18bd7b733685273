"""One call after another: what the chats then show, and what is left in the queues."""

import json
from itertools import pairwise
from typing import Any

import pytest

from functions.cloud.errors import SettingError, UnreachableError
from functions.report import messages
from functions.report.i18n.table import Words
from functions.report.result import Result
from tests.unit.functions.post_to_chat.world import (
    CHATS,
    NAMES,
    TAKEN,
    World,
    employees,
    event,
    noise,
    result,
)

PERHAPS = "may have been sent before"


def test_one_result_is_told_at_once_in_a_message_of_its_own() -> None:
    """When it is calm nobody waits: the result goes out in the call that it wakes."""
    world = World()
    world.publish(result("E1"))
    world.call()
    (text,) = world.texts("ops")
    assert "✅ Provisioned E1" in text
    assert world.shown[0].at - world.deployment.stale_after_seconds < world.time
    assert world.queues["chats"] == []


def test_many_results_are_one_digest() -> None:
    """What waits together is told together: counts first, then who failed, then everybody."""
    world = World()
    for emp_id in employees(30):
        world.publish(result(emp_id))
    world.publish(result("E9999", status="Failed", Reason="no space left", ReasonCode=""))
    world.call()
    (text,) = world.texts("ops")
    assert text.index("1 failed, 30 provisioned") < text.index("no space left")
    assert text.index("no space left") < text.index("E0000")
    assert all(emp_id in text for emp_id in employees(30))


def test_results_stand_in_the_order_of_their_requests() -> None:
    """A queue does not keep the order; a digest does."""
    world = World()
    for minute, emp_id in ((3, "E3"), (1, "E1"), (2, "E2")):
        world.publish(result(emp_id, requested_at=f"2026-01-01T00:0{minute}:00Z"))
    world.call()
    (text,) = world.texts("ops")
    assert text.index("E1") < text.index("E2") < text.index("E3")


@pytest.mark.parametrize("count", [200, 1000])
def test_a_monday_morning_names_everybody_within_the_budget(count: int) -> None:
    """However many approvals come, each is told soon and no robot is sent too much."""
    world = World()
    for number, emp_id in enumerate(employees(count)):
        world.publish(result(emp_id), after=number * 0.05)
    for number in range(60):
        refused = result(f"X{number}", status="Rejected", ReasonCode="malformed", Reason="bad")
        world.publish(refused, after=number * 0.05)
    last = world.time + count * 0.05
    world.call_until_empty()
    texts = "".join(world.texts("ops"))
    assert all(emp_id in texts for emp_id in employees(count))
    assert world.most_in("ops", 60) <= 16
    named = next(s.at for s in world.shown if f"E{count - 1:04}" in s.text)
    assert named - last <= 15
    assert world.queues["dead"] == []


def test_refusals_never_stand_before_results() -> None:
    """A flood of refused requests does not fill the message in which a result is told."""
    world = World()
    for number in range(600):
        reason = f"reason number {number} " * 6
        world.publish(
            result(f"X{number}", status="Rejected", ReasonCode=f"r{number}", Reason=reason)
        )
    world.publish(result("E1"))
    world.call_until_empty()
    first = next(i for i, text in enumerate(world.texts("ops")) if "E1 " in text)
    assert first <= 1
    assert world.most_in("ops", 60) <= 16


def test_refusals_for_one_reason_are_summed_up() -> None:
    """Twenty are told one by one, of the others how many there were and why."""
    world = World()
    for number in range(120):
        world.publish(result(f"X{number}", status="Rejected", ReasonCode="malformed", Reason="bad"))
    world.call()
    (text,) = world.texts("ops")
    assert "120 rejected" in text
    assert "100 more: bad" in text


def test_equal_ids_are_told_once() -> None:
    """The same event may lie in the queue twice, also after it was told."""
    world = World()
    world.publish(result("E1"))
    world.publish(result("E1"))
    world.call()
    world.publish(result("E1"))
    world.call()
    assert len(world.texts("ops")) == 1
    assert world.queues["chats"] == []


def test_a_dead_webhook_holds_up_nobody() -> None:
    """Another chat is told although one does not answer; what that one missed comes later."""
    world = World()
    world.answers["people"] = lambda _: UnreachableError("no whole answer", "Timeout")
    world.publish(result("E1", "people"))
    world.publish(result("E2"))
    world.call()
    assert len(world.texts("ops")) == 1
    del world.answers["people"]
    world.call_until_empty()
    (text,) = world.texts("people")
    assert "此消息可能已发送过" in text


def test_a_robot_that_is_full_is_left_alone() -> None:
    """After "too many" nothing is sent for a minute, then all of it."""
    world = World()
    world.answers["ops"] = lambda _: {"errcode": 130101, "errmsg": "send too fast"}
    for emp_id in employees(5):
        world.publish(result(emp_id))
    world.call()
    blocked = world.time
    world.answers.clear()
    world.call_until_empty()
    assert world.shown[0].at - blocked >= 59
    assert all(emp_id in world.texts("ops")[0] for emp_id in employees(5))
    assert PERHAPS not in world.texts("ops")[0]
    assert world.queues["dead"] == []


def refusing(code: int, unless: str) -> Any:
    """Return a DingTalk that refuses messages with a code unless their type is another."""
    return lambda message: (
        TAKEN if message["msgtype"] == unless else {"errcode": code, "errmsg": "words"}
    )


@pytest.mark.parametrize("code", [400402, 400403, 430101, 430102, 430103, 430104, 40035, 460101])
def test_a_refused_form_falls_back_to_plain_text(code: int) -> None:
    """What DingTalk does not take as markdown it is sent as text."""
    world = World()
    world.answers["ops"] = refusing(code, "text")
    world.publish(result("E1", status="Failed", Reason="disk full", OutputTail="secret words"))
    world.call()
    (text,) = world.texts("ops")
    assert "E1" in text
    assert ("secret words" in text) is (code in {400402, 400403, 40035})


def test_larks_refused_card_falls_back_to_plain_text() -> None:
    """230099 says that the card could not be made."""
    world = World()
    world.answers["people"] = lambda message: (
        TAKEN if message["msg_type"] == "text" else {"code": 230099, "msg": "ErrCode: 200621"}
    )
    world.publish(result("E1", "people"))
    world.call()
    (text,) = world.texts("people")
    assert "E1" in text


def test_one_request_that_is_not_let_pass_holds_up_no_other() -> None:
    """The halves of a refused digest find out which; the others are told."""
    world = World()
    world.answers["ops"] = lambda message: (
        {"errcode": 430104, "errmsg": "not suitable"} if "E0003" in json.dumps(message) else TAKEN
    )
    for emp_id in employees(8):
        world.publish(result(emp_id))
    world.call_until_empty()
    texts = "".join(world.texts("ops"))
    assert [e for e in employees(8) if e not in texts] == ["E0003"]
    (letter,) = world.queues["dead"]
    assert json.loads(letter.body)["reason"]["errorMessage"].endswith("not suitable")


def test_what_is_refused_for_good_is_a_dead_letter_and_the_default_chat_hears_of_it() -> None:
    """With the platform's own words; once an hour, however many there are."""
    world = World()
    world.answers["ops"] = lambda _: {"errcode": 310000, "errmsg": "sign not match"}
    for emp_id in employees(3):
        world.publish(result(emp_id))
    world.call()
    for emp_id in employees(3, 10):
        world.publish(result(emp_id))
    world.call_until_empty()
    reasons = [json.loads(m.body)["reason"] for m in world.queues["dead"]]
    assert {(r["errorCode"], r["errorMessage"]) for r in reasons} == {
        ("310000", "chat ops (dingtalk): sign not match")
    }
    assert len(reasons) == 6
    (alarm,) = world.texts("audit")
    assert "3 个结果无法发送" in alarm
    assert "sign not match" in alarm
    world.time += 3600
    world.call()
    assert "3 个结果无法发送" in world.texts("audit")[1]


def test_once_an_hour_holds_over_cold_starts() -> None:
    """Each instance finds a note of when the default chat heard, and leaves one to the next."""
    world = World()
    world.answers["ops"] = lambda _: {"errcode": 310000, "errmsg": "sign not match"}
    told: list[float] = []
    for minute in range(125):
        world.publish(result(f"E{minute:04}"))
        world.call()
        if len(world.texts("audit")) > len(told):
            told.append(world.time)
        world.cold_start()
        world.time += 60 - world.time % 60
    assert [round((b - a) / 60) for a, b in pairwise(told)] in ([60, 60], [61, 61], [60, 61])


def test_a_chats_wrong_setting_silences_no_other() -> None:
    """What goes to a chat without a webhook is a dead letter; the others are told."""
    world = World()
    world.known["people"] = wrong_setting("people")
    world.publish(result("E1", "people"))
    world.publish(result("E2"))
    world.publish(result("E3", "nowhere"))
    world.publish("not an event")
    world.call()
    assert len(world.texts("ops")) == 1
    codes = [json.loads(m.body)["reason"]["errorCode"] for m in world.queues["dead"]]
    assert codes == ["Setting", "NoChat", "NoEvent"]


def test_noise_is_told_once_a_minute_and_never_kept() -> None:
    """Posts without the right token are summed up; one that is refused is no dead letter."""
    world = World()
    for number in range(40):
        world.publish(noise(5, number=number), after=number * 2.0)
    world.publish(result("E1"), after=70)
    world.call_until_empty()
    about = [text for text in world.texts("ops") if "without the right token" in text]
    assert len(about) == 3
    assert world.most_in("ops", 59) == 2
    assert sum(int(text.split("[ECS] ")[1].split()[0]) for text in about) == 200
    world.answers["ops"] = lambda _: {"errcode": 310000, "errmsg": "no"}
    world.time += 100
    world.publish(noise(1, number=99))
    world.call_until_empty()
    assert world.queues["dead"] == []


def test_an_old_result_is_given_up() -> None:
    """A chat that was out of reach for a day gets no more attempts."""
    world = World()
    world.answers["ops"] = lambda _: UnreachableError("no connection", "gaierror")
    world.publish(result("E1"))
    world.time += 86_500
    world.call()
    (letter,) = world.queues["dead"]
    assert json.loads(letter.body)["reason"]["errorCode"] == "gaierror"


def story(world: World) -> None:
    """Publish what a busy minute brings to two chats."""
    for number, emp_id in enumerate(employees(12)):
        world.publish(result(emp_id), after=number * 0.3)
    world.publish(result("P1", "people"))
    world.publish(noise(3), after=1.0)


def operations() -> int:
    """Return how many operations the story takes when nothing dies."""
    world = World()
    story(world)
    world.call_until_empty()
    return world.operations


@pytest.mark.parametrize("acts_last", [False, True])
def test_death_at_any_point_repeats_at_most_one_message_and_says_so(acts_last: bool) -> None:
    """Wherever the instance ends, everything is told, and what may be a repetition says it is."""
    for number in range(1, operations() + 1):
        world = World()
        world.dies_at, world.acts_last = number, acts_last
        story(world)
        world.call_until_empty()
        for chat, ids in (("ops", list(employees(12))), ("people", ["P1"])):
            repeated = []
            for emp_id in ids:
                texts = [text for text in world.texts(chat) if emp_id in text]
                assert texts, f"{emp_id} is not told after a death at {number}"
                repeated += texts[1:]
            assert len(set(repeated)) <= 1
            assert all(PERHAPS in t or "此消息可能已发送过" in t for t in repeated), number
        assert world.most_in("ops", 60) <= 16
        assert world.queues["dead"] == []


def test_an_instance_that_dies_again_and_again_keeps_the_budget() -> None:
    """Each of many cold starts finds the notes of those before it."""
    world = World()
    for number, emp_id in enumerate(employees(200)):
        world.publish(result(emp_id), after=number * 0.4)
    for _ in range(60):
        world.dies_at = world.operations + 14
        world.acts_last = True
        world.call()
        world.cold_start()
    assert len(world.texts("ops")) > 8
    assert world.most_in("ops", 60) <= 16


def test_without_notes_the_budget_holds_as_well() -> None:
    """An instance that cannot read what was sent begins with an empty budget."""
    world = World()
    for number, emp_id in enumerate(employees(100)):
        world.publish(result(emp_id), after=number * 0.4)
    world.call()
    world.queues["sent"] = []
    world.cold_start()
    world.loses_notes = True
    for emp_id in employees(100, 100):
        world.publish(result(emp_id))
    world.call_until_empty()
    assert world.most_in("ops", 60) <= 16


def wrong_setting(name: str) -> SettingError:
    """Return what is wrong with a chat's setting."""
    return SettingError("CHATS", f"$.{name}.webhook must be an http(s) URL")


def test_an_event_of_which_no_message_can_be_made_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is wrong with it, it is a dead letter, and the others are told."""
    headline = messages.headline

    def broken(told: Result, language: Words) -> str:
        if told.emp_id == "E1":
            raise KeyError(told.emp_id)
        return headline(told, language)

    monkeypatch.setattr(messages, "headline", broken)
    world = World()
    world.publish(result("E1"))
    world.publish(result("E2"))
    world.call()
    assert "E2" in "".join(world.texts("ops"))
    (letter,) = world.queues["dead"]
    assert json.loads(letter.body)["reason"]["errorCode"] == "Unwritable"


def test_an_event_without_detail_is_no_crash() -> None:
    """Whatever lies in the queue, the others are told."""
    world = World()
    world.publish(event("x", "provisioning:InvocationResult", {"origin": {"chat": "ops"}}))
    world.publish(result("E1"))
    world.call_until_empty()
    assert "E1" in "".join(world.texts("ops"))
    assert NAMES.chats in world.queues
    assert set(CHATS) == set(world.known)
