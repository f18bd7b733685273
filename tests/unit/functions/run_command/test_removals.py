"""A removal reaches every host, or its end is told."""

import json
from typing import Any

import pytest

from functions.cloud.errors import TemporaryError
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.report import notes
from functions.request import tags as names
from functions.run_command.act import RunCommand
from functions.run_command.clients import Clients
from functions.run_command.noise import Noise
from functions.run_command.removals import GIVES_UP_SECONDS, pause
from tests.unit.functions.run_command.test_noise import TIMER
from tests.unit.functions.run_command.test_run_command import Stage
from tests.unit.functions.samples import LOOP, http_event, loop_with, run, settings

QUEUES = {"LATER_QUEUE": "later", "DEAD_LETTER_QUEUE": "dead"}
WIDE = {
    "devops": {"instances": ["i-1", "i-2"]},
    "dba": {"tags": {"role": "db"}},
    "auditor": {"instances": ["i-2", "i-3"]},
}
LEAVER = {"emp_id": "E123", "request_id": "leave-1"}
DAY = 86_400


class Leaving(Stage):
    """The function with hosts of three roles and a queue."""

    def __init__(self, **states: str) -> None:
        super().__init__(LOOP=loop_with(roles=WIDE), **QUEUES)
        self.hosts.states = {name.replace("_", "-"): state for name, state in states.items()}

    def leave(self, event_id: str = "event-1", **changes: Any) -> list[dict[str, Any]]:
        """Serve a removal."""
        posted = {**LEAVER, **changes}
        return self.serve(http_event(posted, kind="DeprovisionRequest", event_id=event_id))

    def wait(self, seconds: float) -> None:
        """Let time pass, with the timer that comes every minute."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 60, end)
            self.serve(TIMER.encode())

    def end(self, **changes: Any) -> None:
        """Let every run that is under way end."""
        self.commands.earlier = [
            i._replace(
                runs=tuple(r if r.is_finished else run(r.instance_id, **changes) for r in i.runs)
            )
            for i in self.commands.earlier
        ]

    @property
    def waiting(self) -> int:
        """How many removals are looked after."""
        return len(self.queues.messages.get("later", []))

    def calls(self) -> list[tuple[tuple[str, ...], str, str]]:
        """Return of each call the instances, the attempt and which hosts are not reached."""
        return [
            (tuple(c["instance_ids"]), c["tags"][names.ATTEMPT], c["tags"].get(names.UNREACHED, ""))
            for c in self.commands.started
        ]

    @property
    def statuses(self) -> list[str]:
        """What was told."""
        return [d["InvocationStatus"] for d in self.bus.details]


def test_a_leaver_is_removed_everywhere() -> None:
    """Without a role it is every host of every role, by id and by tags, in one call."""
    stage = Leaving()
    stage.leave()
    assert stage.calls() == [(("i-1", "i-2", "i-3", "i-9"), "1", "")]
    assert stage.commands.started[0]["parameters"]["role"] == ""
    assert stage.waiting == 1
    stage.end()
    stage.wait(DAY)
    assert (stage.waiting, len(stage.calls()), stage.statuses) == (0, 1, [])


def test_with_a_role_it_is_that_roles_hosts() -> None:
    """As before."""
    stage = Leaving()
    stage.leave(role="auditor")
    assert stage.calls() == [(("i-2", "i-3"), "1", "")]


def test_giving_needs_a_role() -> None:
    """Nobody is given every role."""
    stage = Leaving()
    stage.serve(http_event(LEAVER))
    assert stage.told["data"]["detail"]["ReasonCode"] == "missing"


def test_a_source_of_some_roles_may_not_remove_all() -> None:
    """Its limits hold for what it does not say, too."""
    sources = {"dingtalk.approval": {**LOOP["sources"]["dingtalk.approval"], "roles": ["dba"]}}
    stage = Stage(LOOP=loop_with(sources={**LOOP["sources"], **sources}))
    stage.serve(http_event(LEAVER, kind="DeprovisionRequest"))
    assert stage.told["data"]["detail"]["ReasonCode"] == "not-for-source"


def test_a_stopped_host_is_removed_when_it_is_back() -> None:
    """The others at once; that one within minutes of its start, as a part of the same attempt."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    stage.end()
    stage.wait(3 * 3600)
    assert stage.calls() == [(("i-1", "i-3", "i-9"), "1", "i-2")]
    del stage.hosts.states["i-2"]
    stage.wait(3600)
    assert stage.calls()[1:] == [(("i-2",), "1-1", "")]
    first, second = stage.commands.started
    assert first["parameters"] == second["parameters"]
    stage.end()
    stage.wait(DAY)
    assert (stage.waiting, len(stage.calls()), stage.statuses) == (0, 2, [])


def test_hosts_that_come_back_one_by_one() -> None:
    """Each is a part of its own; the last one leaves nothing open."""
    stage = Leaving(i_1="Stopped", i_2="no agent")
    stage.leave()
    for host in ("i-1", "i-2"):
        stage.end()
        stage.wait(7200)
        del stage.hosts.states[host]
        stage.wait(7200)
    assert stage.calls() == [
        (("i-3", "i-9"), "1", "i-1,i-2"),
        (("i-1",), "1-1", "i-2"),
        (("i-2",), "1-2", ""),
    ]


def test_no_host_at_all_is_told_as_open() -> None:
    """And is not forgotten."""
    stage = Leaving(i_1="Stopped", i_2="Stopped", i_3="no agent", i_9="Stopped")
    (line,) = stage.leave()
    assert line["decision"] == "unreached"
    told = stage.told["data"]["detail"]
    assert (told["InvocationStatus"], told["ReasonCode"]) == ("Unreached", "still-open")
    stage.hosts.states.clear()
    stage.wait(600)
    assert stage.calls() == [(("i-1", "i-2", "i-3", "i-9"), "1", "")]


@pytest.mark.parametrize(("days", "noted"), [(0.9, 0), (1.2, 1), (6.0, 1)])
def test_the_watcher_hears_of_what_is_open_for_a_day(days: float, noted: int) -> None:
    """With the hosts that are left, for some hours; the watcher tells it once."""
    stage = Leaving(i_2="Stopped", i_3="Stopped")
    stage.function = RunCommand(
        settings(LOOP=loop_with(roles=WIDE), WATCH_QUEUE="watch", **QUEUES),
        Clients(stage.commands, stage.hosts, stage.bus, stage.queues),
        Noise(),
        lambda: stage.now,
    )
    stage.leave()
    stage.end()
    stage.wait(days * DAY)
    left = [notes.read(message.body) for _, message in stage.queues.messages["watch"]]
    owed = {note for note in left if isinstance(note, notes.Owed)}
    assert len(owed) == noted
    assert {note.hosts for note in owed} <= {("i-2", "i-3")}


def test_seven_days_are_told() -> None:
    """Once, with what was never reached."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    stage.end()
    stage.wait(9 * DAY)
    assert (stage.statuses, stage.waiting) == (["GivenUp"], 0)
    assert "i-2; remove the account there by hand" in stage.told["data"]["detail"]["Reason"]
    assert stage.told["data"]["message"]["markdown"]["text"].startswith("### [ECS] ❌")


def test_a_host_that_is_released_ends_it() -> None:
    """There is nothing left to remove, which is told because it was open."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    stage.end()
    stage.wait(3600)
    stage.hosts.states["i-2"] = "released"
    stage.wait(7200)
    assert (stage.statuses, stage.waiting) == (["Released"], 0)


def test_a_host_that_was_gone_before_is_nobodys_business() -> None:
    """The others are the whole removal."""
    stage = Leaving(i_2="released")
    stage.leave()
    assert stage.calls() == [(("i-1", "i-3", "i-9"), "1", "")]
    stage.end()
    stage.wait(DAY)
    assert (stage.statuses, stage.waiting) == ([], 0)


@pytest.mark.parametrize("code", ["InstanceNotRunning", "ClientNotRunning", "DeliveryTimeout"])
def test_a_run_that_the_host_never_heard_of_is_made_again(code: str) -> None:
    """It looked fine when the call was made; the platform says later that it was not."""
    stage = Leaving()
    stage.leave(role="devops")
    stage.end(status="Failed", exit_code=None, error=f"{code} the instance is not running")
    stage.wait(600)
    assert stage.calls() == [(("i-1", "i-2"), "1", ""), (("i-1", "i-2"), "1-1", "")]


def test_a_run_that_failed_on_the_host_is_not() -> None:
    """The host has said why, and the chat knows; people decide."""
    stage = Leaving()
    stage.leave()
    stage.end(status="Failed", exit_code=11, error="ExitCodeNonzero")
    stage.wait(DAY)
    assert (len(stage.calls()), stage.waiting) == (1, 0)


def test_while_it_runs_nothing_is_started() -> None:
    """However long the script takes."""
    stage = Leaving()
    stage.leave()
    stage.wait(7200)
    assert (len(stage.calls()), stage.waiting) == (1, 1)


def test_a_call_that_never_came_is_made_later() -> None:
    """The promise comes before the call, so a function that dies in between loses nothing."""
    stage = Leaving()
    stage.commands.failures = [ApiTroubleError("InvokeCommand", "Throttling.User")]
    with pytest.raises(TemporaryError):
        stage.leave()
    stage.wait(600)
    assert stage.calls() == [(("i-1", "i-2", "i-3", "i-9"), "1", "")]
    assert stage.leave()[0]["decision"] == "already-started"


def test_an_attempt_that_was_cut_off_is_made_whole() -> None:
    """Between two calls: what is left is the second part, so that the whole has one result."""
    stage = Leaving()
    stage.hosts.by_tags[(("role", "db"),)] = [f"i-{n}" for n in range(10, 150)]
    stage.commands.failures = [None, ApiTroubleError("InvokeCommand", "Throttling.User")]
    with pytest.raises(TemporaryError):
        stage.leave()
    stage.wait(600)
    parts = [call["tags"][names.PART] for call in stage.commands.started]
    assert parts == ["1/2", "2/2"]
    assert {call["tags"][names.ATTEMPT] for call in stage.commands.started} == {"1"}


def test_without_a_promise_nothing_is_started() -> None:
    """A queue that cannot be reached makes the event come again."""
    stage = Leaving()
    stage.queues.failure = ApiTroubleError("SendMessage", "Timeout")
    with pytest.raises(TemporaryError):
        stage.leave()
    assert stage.calls() == []


def test_two_promises_are_one_removal() -> None:
    """An event that is delivered twice before anything is shown."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    ((_, message),) = stage.queues.messages["later"]
    stage.queues.send("later", message.body)
    del stage.hosts.states["i-2"]
    stage.end()
    stage.wait(600)
    stage.end()
    stage.wait(DAY)
    assert [ids for ids, _, _ in stage.calls()] == [("i-1", "i-3", "i-9"), ("i-2",)]
    assert stage.waiting == 0


def test_a_new_attempt_has_a_promise_of_its_own() -> None:
    """The old one ends in silence."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    stage.end(status="Failed", exit_code=11)
    stage.leave("event-2")
    assert [attempt for _, attempt, _ in stage.calls()] == ["1", "2"]
    stage.wait(7200)
    assert stage.waiting == 1


def test_what_cannot_be_started_now_is_tried_later() -> None:
    """A refusal while the timer works stops neither the timer nor the removal."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    stage.end()
    del stage.hosts.states["i-2"]
    stage.commands.failures = [
        ApiTroubleError("InvokeCommand", "Throttling.User"),
        ApiRefusedError("InvokeCommand", "InvalidInstance.NotFound"),
    ]
    stage.wait(3600)
    assert stage.calls()[1:] == [(("i-2",), "1-1", "")]


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"request":{"action":"provision"},"attempt":1,"hosts":["i-1"]}']
)
def test_what_is_no_removal_is_buried(body: str) -> None:
    """It goes to the dead letters with the reason, and nothing runs."""
    stage = Leaving()
    stage.queues.send("later", body)
    stage.wait(120)
    assert (stage.waiting, stage.calls()) == (0, [])
    ((_, letter),) = stage.queues.messages["dead"]
    assert json.loads(letter.body)["body"] == body


def test_pauses_grow_to_an_hour() -> None:
    """Five minutes first, longer than a call tries again by itself; at least hourly."""
    assert [pause(n) for n in range(6)] == [300, 600, 1200, 2400, 3600, 3600]
    assert pause(10_000) == 3600
    assert GIVES_UP_SECONDS + 3600 < 7 * DAY


def test_without_a_queue_it_says_so() -> None:
    """A stack that has no queue removes what it reaches and promises nothing."""
    stage = Stage(LOOP=loop_with(roles=WIDE))
    stage.hosts.states = dict.fromkeys(("i-1", "i-2", "i-3", "i-9"), "Stopped")
    stage.serve(http_event(LEAVER, kind="DeprovisionRequest"))
    assert stage.told["data"]["detail"]["ReasonCode"] == "unreached"


@pytest.mark.parametrize("call", ["delete", "again"])
def test_a_message_that_cannot_be_put_back_stops_no_other(call: str) -> None:
    """A receipt that is no longer valid, a queue that does not answer."""
    stage = Leaving(i_2="Stopped")
    stage.leave()
    stage.leave("event-2", request_id="leave-2", role="auditor")
    stage.end()
    real, failures = getattr(stage.queues, call), [ApiRefusedError(call, "ReceiptHandleError")]

    def fail(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(*given)

    setattr(stage.queues, call, fail)
    stage.wait(3600)
    del stage.hosts.states["i-2"]
    stage.wait(7200)
    stage.end()
    stage.wait(7200)
    assert (stage.waiting, failures) == (0, [])
    assert sorted(attempt for _, attempt, _ in stage.calls()) == ["1", "1", "1-1", "1-1"]
