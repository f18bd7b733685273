"""Which calls of InvokeCommand a request needs, and what an earlier run of it changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud.cloud_assistant import Invocation
from functions.request import tags as names
from functions.request.deployment import Role
from functions.request.fields import ACTIONS, Request
from functions.run_command import plan
from tests.unit.functions.samples import invocation, patient, run, settings

REQUEST = Request(
    action="provision",
    event_id="event-1",
    source="dingtalk.approval",
    chat="ops",
    emp_id="E123",
    role="devops",
    request_id="20261122-0001",
    requested_by="李雷",
)
OTHER_EVENT = {names.EVENT: "event-0"}
SAME_EVENT = {names.EVENT: "event-1"}


def token(request: Request, *what: str) -> str:
    """Return the client token of a call."""
    return plan.client_token(request, settings(), *what)


@patient
@given(st.integers(1, 450))
def test_more_instances_than_one_call_takes_are_divided(count: int) -> None:
    """Each instance is in exactly one group, and no group has more than 100."""
    ids = [f"i-{n}" for n in range(count)]
    groups = plan.groups(ids)
    assert [i for group in groups for i in group] == ids
    assert all(len(group) <= 100 for group in groups)
    assert len(groups) == -(-count // 100)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("devops", [Role(("i-1",), ())]),
        ("dba", [Role((), (("role", "db"),))]),
        # The seed's InstanceIds are what a role without instances and tags falls back on.
        ("all", [Role(("i-1", "i-2"), ())]),
        # A leaver: wherever there is any role.
        ("", [Role(("i-1",), ()), Role((), (("role", "db"),)), Role(("i-1", "i-2"), ())]),
    ],
)
def test_where_a_request_runs(role: str, expected: list[Role]) -> None:
    """On the instances of its role, by id or by tags; without a role on those of every role."""
    assert plan.places(REQUEST._replace(role=role), settings()) == expected


def test_the_tags_carry_everything_that_the_completion_needs() -> None:
    """What is known of the request travels as tags of the invocation; what is not, does not."""
    found = plan.part_tags(REQUEST, settings(), "1", "1/1", [])
    expected = {
        "provisioning:request": "20261122-0001",
        "provisioning:action": "provision",
        "provisioning:source": "dingtalk.approval",
        "provisioning:prefix": "provisioning-test",
        "provisioning:event": "event-1",
        "provisioning:part": "1/1",
        "provisioning:attempt": "1",
        "provisioning:chat": "ops",
        "provisioning:by": "李雷",
    }
    assert found == expected


@patient
@given(st.lists(st.from_regex(r"i-[a-z0-9]{1,20}", fullmatch=True), min_size=1, max_size=60))
def test_hosts_that_were_not_reached_fit_into_a_tag(hosts: list[str]) -> None:
    """As many ids as 128 characters hold, and how many more there are."""
    found = plan.part_tags(REQUEST, settings(), "1", "1/1", hosts)
    assert len(found) <= 20
    text = found[names.UNREACHED]
    assert len(text) <= 128
    shown = [part for part in text.split(",") if not part.startswith("+")]
    more = int(text.rpartition("+")[2]) if "+" in text else 0
    assert (shown, len(shown) + more) == (hosts[: len(shown)], len(hosts))


def test_client_tokens_are_as_ecs_wants_them() -> None:
    """A token is ASCII and at most 64 characters long."""
    assert token(REQUEST, "1", "1").isascii()
    assert len(token(REQUEST, "1", "1")) == 64


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"event_id": "event-2"}, True, id="another event"),
        pytest.param({"chat": "people"}, True, id="another chat"),
        pytest.param({"emp_id": "E124"}, False, id="another employee"),
        pytest.param({"role": "dba"}, False, id="another role"),
        pytest.param({"role": ""}, False, id="every role"),
        pytest.param({"request_id": "20261122-0002"}, False, id="another request"),
        pytest.param({"action": "deprovision"}, False, id="the opposite"),
        pytest.param({"source": "lark.approval"}, False, id="another source"),
    ],
)
def test_a_client_token_stands_for_one_request(changes: dict[str, str], same: bool) -> None:
    """The token is the same exactly if source, id, action, employee and role are."""
    assert (token(REQUEST, "1", "1") == token(REQUEST._replace(**changes), "1", "1")) == same


def test_a_client_token_stands_for_one_call() -> None:
    """Another attempt and another part have tokens of their own."""
    calls = [("1", "1"), ("1", "2"), ("2", "1"), ("1-1", "1")]
    assert len({token(REQUEST, *call) for call in calls}) == len(calls)


def test_giving_and_removing_use_their_own_commands() -> None:
    """The same request id gives with one command and removes with the other."""
    found = [plan.command(REQUEST._replace(action=a), settings()) for a in ACTIONS.values()]
    assert found == ["c-provision", "c-deprovision"]


def test_nothing_earlier_means_start() -> None:
    """A new request is the first attempt."""
    assert plan.compare(REQUEST, []) == plan.Start(REQUEST, "1")


def test_the_same_event_again_does_nothing() -> None:
    """An event that is delivered again after it had started everything is done."""
    assert plan.compare(REQUEST, [invocation(tags=SAME_EVENT)]) == plan.Started("t-1")


def test_another_event_with_the_same_request_is_a_repeat() -> None:
    """A request that was run for an earlier event is not run again."""
    earlier = invocation(tags=OTHER_EVENT)
    assert plan.compare(REQUEST, [earlier]) == plan.Repeat((earlier,))


@pytest.mark.parametrize("event", [SAME_EVENT, OTHER_EVENT])
@pytest.mark.parametrize("attempt", ["1", "2"])
def test_what_is_missing_of_an_attempt_is_started(event: dict[str, str], attempt: str) -> None:
    """What a throttled call did not get to is started by whoever comes next."""
    earlier = invocation(tags={**event, names.PART: "1/3", names.ATTEMPT: attempt})
    assert plan.compare(REQUEST, [earlier]) == plan.Start(REQUEST, attempt, (earlier,))
    assert plan.calls([earlier], attempt) == 1


def test_all_parts_are_there_by_what_the_last_one_says() -> None:
    """How many calls there are may have changed between the first and the last."""
    first = invocation(tags={**OTHER_EVENT, names.PART: "1/3"})
    second = invocation(invoke_id="t-2", tags={**OTHER_EVENT, names.PART: "2/2"})
    assert plan.compare(REQUEST, [first, second]) == plan.Repeat((first, second))


def test_what_the_timer_looks_after_is_left_to_it() -> None:
    """A removal that went on later is not started once more by the event that began it."""
    later = invocation(tags={**SAME_EVENT, names.ATTEMPT: "1-1"})
    assert plan.compare(REQUEST, [later]) == plan.Started("t-1")


@pytest.mark.parametrize(
    "parameters", [{"emp_id": "E124", "role": "devops"}, {"emp_id": "E123", "role": "dba"}]
)
def test_another_request_of_the_same_id_is_another_request(parameters: dict[str, str]) -> None:
    """Whoever reuses an id neither blocks the real request nor learns of it."""
    earlier = invocation(parameters=parameters)
    assert plan.compare(REQUEST, [earlier]) == plan.Start(REQUEST, "1")


def failed(attempt: int, event: str, moment: str = "1000") -> Invocation:
    """Return an attempt that failed."""
    return invocation(
        run("i-1", "Failed"),
        invoke_id=f"t-{attempt}",
        tags={names.EVENT: event, names.ATTEMPT: str(attempt)},
        parameters={"emp_id": "E123", "role": "devops", "moment": moment},
    )


def test_what_failed_may_be_made_again_with_the_moment_of_the_first() -> None:
    """A package that was mended: the same approval starts the next attempt, as old as it was."""
    again = REQUEST._replace(moment="5000")
    as_it_was = again._replace(moment="1000")
    assert plan.compare(again, [failed(1, "event-0")]) == plan.Start(as_it_was, "2")
    earlier = [failed(1, "event-0"), failed(2, "event-9")]
    assert plan.compare(again, earlier) == plan.Start(as_it_was, "3")


def test_what_did_not_reach_a_host_may_be_made_again() -> None:
    """Until it has run there, too."""
    partly = invocation(tags={**OTHER_EVENT, names.UNREACHED: "i-2"})
    assert plan.compare(REQUEST, [partly]) == plan.Start(REQUEST, "2")
    later = invocation(run("i-2"), invoke_id="t-2", tags={**OTHER_EVENT, names.ATTEMPT: "1-1"})
    assert plan.compare(REQUEST, [partly, later]) == plan.Repeat((partly, later))


def test_the_same_event_never_starts_a_second_attempt() -> None:
    """The platform delivers it again; only a person's new event is another try."""
    earlier = [failed(1, "event-1"), failed(2, "event-9")]
    assert plan.compare(REQUEST, earlier) == plan.Started("t-2")


def test_while_an_attempt_runs_no_other_begins() -> None:
    """Its own completion tells the chat."""
    running = invocation(run("i-1", "Running", exit_code=None), tags=OTHER_EVENT)
    found = plan.compare(REQUEST, [running])
    assert isinstance(found, plan.Repeat)
    assert not found.is_finished


def test_a_run_that_never_ends_does_not_stand_in_the_way() -> None:
    """Five minutes after its timeout it is told as unknown, and may be made again."""
    running = invocation(
        run("i-1", "Running", exit_code=None), tags=OTHER_EVENT, created=1000.0, timeout_seconds=300
    )
    assert plan.compare(REQUEST, [running], 1600.0) == plan.Repeat((running,), is_finished=False)
    assert plan.compare(REQUEST, [running], 1601.0) == plan.Start(REQUEST, "2")


def test_the_first_failure_stands_for_several_instances() -> None:
    """A repeat is answered with what went wrong, if anything did, and with the counts."""
    first = invocation(run("i-1"), run("i-2", "Timeout"), run("i-3", "Failed"))
    assert plan.decisive([first])[1].instance_id == "i-2"
    assert plan.count([first]) == (("Success", 1), ("Timeout", 1), ("Failed", 1))


def test_one_instance_needs_no_counts() -> None:
    """A single run is told as it is."""
    assert plan.count([invocation()]) == ()
    assert plan.decisive([invocation()])[1].instance_id == "i-1"
