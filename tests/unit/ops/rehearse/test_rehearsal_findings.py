"""What a rehearsal concludes from what it saw, without a cloud."""

import base64
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from functions.cloud.rpc import ApiRefusedError
from functions.cloud.smq import Received
from localcloud.readings import Readings
from ops.rehearse import probe, record, reference
from ops.rehearse.api import Api, Refused
from ops.rehearse.calls import Calls
from ops.rehearse.findings import Finding, Verdict, look, no, yes
from ops.rehearse.inquiry import Inquiry
from ops.rehearse.questions import QUESTIONS
from ops.rehearse.rules import RETRIED_SECONDS, Rules
from ops.rehearse.stage import Names, Stage, refused
from ops.rehearse.triggers import Triggers

NAMES = Names("provisioning-dev", "cn-hangzhou", "1234567890123456")
ORDER = {"rehearse": {"case": "posted", "do": "return"}}
ROOT = Path(__file__).parents[4]


class Silent:
    """Takes everything and gives nothing back."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Take no events: there is no such bus."""
        raise ApiRefusedError("PutEvents", "EventBusNotExist")

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Return nothing."""
        return []

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete nothing."""
        return []

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Take a message."""
        return "1"


class Time:
    """A clock that moves when somebody sleeps."""

    at = 1000.0

    def now(self) -> float:
        """Return the time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds


class Refusing:
    """An API that refuses everything."""

    def __init__(self, code: str, status: int = 403) -> None:
        self.refusal = Refused("Any", code, "why", status)
        self.asked = 0

    def __getattr__(self, _name: str) -> Any:
        def call(*_: Any, **__: Any) -> Any:
            self.asked += 1
            raise self.refusal

        return call


def stage(api: Refusing | None = None, time: Time | None = None) -> Stage:
    """Return a stage on which nothing has arrived yet."""
    time = time or Time()
    silent = Silent()
    return Stage(
        cast("Api", api or Refusing("NoPermission")),
        silent,
        silent,
        lambda *_: pytest.fail("nothing may be posted"),
        NAMES,
        (),
        now=time.now,
        sleep=time.sleep,
    )


def message(body: Any, *, is_base64: bool = False) -> Received:
    """Return a message of a queue."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Received("1", text, "r", 1, 0.0, is_base64)


def report(case: str, at: float, shape: str = "object") -> Received:
    """Return what the function puts into its queue."""
    return message({"case": case, "at": at, "shape": shape})


def test_every_question_is_answered() -> None:
    """Even if the key may do nothing: then each answer says where to look, and none is no."""
    time = Time()
    found = Inquiry(NAMES, b"").answers(stage(time=time), lambda _: None)
    assert list(found) == list(QUESTIONS)
    assert {name: f for name, f in found.items() if f.verdict is not Verdict.LOOK} == {}


def test_it_ends_where_nothing_ever_arrives() -> None:
    """An account in which nothing can be made is waited for as long as the waits say."""
    time = Time()
    found = Inquiry(NAMES, b"").answers(stage(Refusing("Invalid", 400), time), lambda _: None)
    assert found["function-target"].verdict is Verdict.NO
    assert time.at - 1000 < 600


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([], look("no call arrived")),
        ([1.0], no("not called again within 45 s of the exception")),
        ([1.0, 16.4], yes("called again 15 s after the exception")),
    ],
)
def test_an_exception_counts_if_the_call_comes_again(calls: list[float], expected: Finding) -> None:
    """The second call is the proof, whatever becomes of the event later."""
    seen = stage()
    seen.mail[NAMES.reports] = [report("fail", at) for at in calls]
    assert Rules(NAMES).findings(seen)["sync-exception"] == expected


def test_a_call_that_may_come_again_is_waited_for() -> None:
    """For as long as the first repetition may take, and no longer."""
    time = Time()
    seen = stage(time=time)
    rules = Rules(NAMES)
    with suppress(ApiRefusedError):
        rules.act(seen)
    seen.mail[NAMES.letters] = [message({"event": {"type": "rehearsal:missing"}})]
    seen.mail[NAMES.reports] = [report(case, time.at) for case in ("call", "fail", "constant")]
    seen.mail[NAMES.arrivals] = [message({"type": "rehearsal:unmatched"})]
    assert rules.is_open(seen)
    time.sleep(RETRIED_SECONDS + 1)
    assert not rules.is_open(seen)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"id": "a", "source": "b", "type": "c", "aliyuneventbusname": "bus"}, Verdict.YES),
        (
            {"event": {"id": "a", "source": "b", "type": "c", "aliyuneventbusname": "x"}},
            Verdict.YES,
        ),
        ({"something": "else"}, Verdict.NO),
        ("<xml/>", Verdict.NO),
    ],
)
def test_a_dead_letter_is_judged_by_replay(body: Any, verdict: Verdict) -> None:
    """What ``make replay`` cannot read is a no, with its words."""
    seen = stage()
    seen.mail[NAMES.letters] = [message(body, is_base64=True)]
    assert Rules(NAMES).findings(seen)["dead-letter"].verdict is verdict


@pytest.mark.parametrize(
    ("shape", "recorded", "type_is_async", "is_texts"),
    [
        ("list of string", True, Verdict.YES, Verdict.YES),
        ("list of object", False, Verdict.NO, Verdict.NO),
    ],
)
def test_a_trigger(shape: str, recorded: bool, type_is_async: Verdict, is_texts: Verdict) -> None:
    """An outcome is there only after an asynchronous call."""
    seen = stage()
    seen.mail[NAMES.reports] = [report("triggered", 1.0, shape)]
    payload = json.dumps(
        [json.dumps({"data": {"messageBody": json.dumps({"rehearse": {"case": "triggered"}})}})]
    )
    if recorded:
        seen.mail[NAMES.outcomes] = [message({"requestPayload": payload})]
    found = Triggers(NAMES).findings(seen)
    assert found["async-invocation-type"].verdict is type_is_async
    assert found["stream-elements"].verdict is is_texts


def test_an_outcome_is_that_of_the_call_that_failed() -> None:
    """The record of another call proves nothing."""
    seen = stage()
    calls = Calls(NAMES, b"")
    seen.mail[NAMES.outcomes] = [message({"requestPayload": "{}"})]
    assert calls.findings(seen)["outcome"].verdict is Verdict.LOOK


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("NoPermission", Verdict.LOOK), ("Unreachable", Verdict.LOOK), ("Invalid", Verdict.NO)],
)
def test_a_refusal(code: str, verdict: Verdict) -> None:
    """A key that may not ask answers nothing."""
    assert refused(Refused("CreateRule", code, "why", 403)).verdict is verdict


def test_the_sdks_own_words_are_left_out() -> None:
    """Status and request id stand in the SDK's message; the code is enough."""
    refusal = Refused("A", "Code", "code: 404, it is not there request id: 12-34 more", 404)
    assert str(refusal) == "A: Code: it is not there"


def test_everything_is_removed_in_the_opposite_order() -> None:
    """What cannot be removed is tried for a minute, and named."""
    time = Time()
    rehearsal = Inquiry(NAMES, b"")
    removed, left = rehearsal.remove(stage(Refusing("Busy", 409), time), lambda _: None)
    assert (removed, len(left)) == ([], len(rehearsal.things))
    assert left[-1].startswith("queue provisioning-dev-rehearsal-arrivals: ")
    assert 60 < time.at - 1000 < 90


def test_only_its_own_names() -> None:
    """Nothing that it makes or removes can be a part of the stack, or of another one."""
    things = Inquiry(NAMES, b"").things
    assert [t for t in things if not t.name.startswith("provisioning-dev-rehearsal")] == []
    assert len(set(map(str, things))) == len(things)


@pytest.mark.parametrize(
    "event",
    [
        ORDER,
        {"data": {"body": ORDER}},
        [json.dumps({"data": {"messageBody": json.dumps(ORDER)}})],
        [{"data": {"messageBody": base64.b64encode(json.dumps(ORDER).encode()).decode()}}],
        {"body": json.dumps(ORDER)},
    ],
)
def test_the_function_finds_its_order(event: Any) -> None:
    """However it was called."""
    assert probe.find(event) == ORDER["rehearse"]


def test_the_function_raises_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """After it has reported; a report that cannot be sent is in what it returns."""
    context = SimpleNamespace(account_id="1", region="cn-hangzhou", request_id="r")
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID", raising=False)
    answer = probe.handler(json.dumps(ORDER).encode(), context)
    assert (answer["case"], answer["shape"]) == ("posted", "object")
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in answer["sent"]
    order = {"rehearse": {"case": "a", "do": "raise"}}
    with pytest.raises(probe.ToldToFail):
        probe.handler(json.dumps(order), context)


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """And stands in the table of open questions, with place and date."""
    path = tmp_path / "r.json"
    written = record.Record("2026-12-01", "cn-hangzhou", "abc", {"headers": no("none | of them")})
    written.write(path)
    assert record.read(path) == written
    assert json.loads(path.read_text())["answers"]["headers"]["then"] == QUESTIONS["headers"].if_no
    assert "| no (2026-12-01, cn-hangzhou): none \\| of them |" in reference.page(written)


@pytest.mark.parametrize("text", ["[]", "{}", '{"date": 1, "answers": {"headers": 1}}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    """With its name."""
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(record.RecordError, match=r"r\.json is not the file of a rehearsal"):
        record.read(path)


def test_the_page_is_up_to_date() -> None:
    """``python -m ops.rehearse.reference > docs/open-questions.md``."""
    page = (ROOT / "docs" / "open-questions.md").read_text(encoding="utf-8")
    assert page == reference.page(reference.of(reference.ANSWERS))


def test_no_question_ends_an_approval_in_silence() -> None:
    """Each on its way works under both answers, works after a setting, or stops to be seen."""
    kinds = {name: q.otherwise for name, q in QUESTIONS.items() if q.on_path}
    assert {name: kind for name, kind in kinds.items() if kind != "works"} == {
        "completed-event": "loud",
        "function-target": "setting",
        "headers": "setting",
        "linked-source": "loud",
        "queue-from-function": "loud",
        "tag-grown": "loud",
        "unregistered-source": "loud",
    }


def test_every_reading_of_the_local_cloud_is_a_question() -> None:
    """And the other way round."""
    named = [q.reading for q in QUESTIONS.values() if q.reading]
    assert sorted(named) == sorted(one.name for one in fields(Readings))
