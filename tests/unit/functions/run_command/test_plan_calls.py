"""Which calls of InvokeCommand a request needs, and what an earlier run of it changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud.cloud_assistant import Invocation
from functions.request import tags as names
from functions.request.fields import Request
from functions.run_command import plan
from tests.unit.functions.samples import LOOP, invocation, loop_with, patient, run, settings

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


def loop_of(instances: int) -> str:
    """Return settings whose role devops has so many instances."""
    roles = {**LOOP["roles"], "devops": {"instances": [f"i-{n}" for n in range(instances)]}}
    return loop_with(roles=roles)


@patient
@given(st.integers(1, 450))
def test_more_instances_than_one_call_takes_are_split(count: int) -> None:
    """Each instance is in exactly one call, no call has more than 100, no token comes twice."""
    parts = plan.parts(REQUEST, settings(LOOP=loop_of(count)))
    assert [i for part in parts for i in part.instance_ids] == [f"i-{n}" for n in range(count)]
    assert all(len(part.instance_ids) <= 100 for part in parts)
    assert len(parts) == len({part.client_token for part in parts}) == -(-count // 100)
    assert parts[-1].tags[names.PART] == f"{len(parts)}/{len(parts)}"


def test_an_instance_that_is_named_twice_runs_once() -> None:
    """A repeated id in the settings does not run the command twice at the same time."""
    roles = {**LOOP["roles"], "devops": {"instances": ["i-1", "i-2", "i-1"]}}
    (part,) = plan.parts(REQUEST, settings(LOOP=loop_with(roles=roles)))
    assert part.instance_ids == ("i-1", "i-2")


def test_a_role_by_tags_is_resolved_by_cloud_assistant() -> None:
    """A role with tags sends the tags and no ids."""
    (part,) = plan.parts(REQUEST._replace(role="dba"), settings())
    assert (part.instance_ids, part.resource_tags) == ((), (("role", "db"),))


def test_a_role_without_either_runs_on_all_of_the_stacks_instances() -> None:
    """The seed's InstanceIds are what a role falls back on."""
    (part,) = plan.parts(REQUEST._replace(role="all"), settings())
    assert part.instance_ids == ("i-1", "i-2")


def test_the_tags_carry_everything_that_the_completion_needs() -> None:
    """What is known of the request travels as tags of the invocation; what is not, does not."""
    (part,) = plan.parts(REQUEST, settings())
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
    assert part.tags == expected
    assert len(part.tags) <= 20


def test_client_tokens_are_as_ecs_wants_them() -> None:
    """A token is ASCII and at most 64 characters long."""
    (part,) = plan.parts(REQUEST, settings())
    assert part.client_token.isascii()
    assert len(part.client_token) == 64


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"event_id": "event-2"}, True, id="another event"),
        pytest.param({"chat": "people"}, True, id="another chat"),
        pytest.param({"emp_id": "E124"}, False, id="another employee"),
        pytest.param({"role": "dba"}, False, id="another role"),
        pytest.param({"request_id": "20261122-0002"}, False, id="another request"),
        pytest.param({"action": "deprovision"}, False, id="the opposite"),
        pytest.param({"source": "lark.approval"}, False, id="another source"),
    ],
)
def test_a_client_token_stands_for_one_request(changes: dict[str, str], same: bool) -> None:
    """The token is the same exactly if source, id, action, employee and role are."""
    (first,) = plan.parts(REQUEST, settings())
    (second,) = plan.parts(REQUEST._replace(**changes), settings())
    assert (first.client_token == second.client_token) == same


def test_giving_and_removing_use_their_own_commands() -> None:
    """The same request id gives with one command and removes with the other."""
    (given_part,) = plan.parts(REQUEST, settings())
    (removed,) = plan.parts(REQUEST._replace(action="deprovision"), settings())
    assert (given_part.command_id, removed.command_id) == ("c-provision", "c-deprovision")


def test_nothing_earlier_means_start() -> None:
    """A new request starts all its parts."""
    wanted = plan.parts(REQUEST, settings(LOOP=loop_of(250)))
    assert plan.Start(wanted) == plan.compare(REQUEST, settings(LOOP=loop_of(250)), [])


def test_the_same_event_again_does_nothing() -> None:
    """An event that is delivered again after it had started everything is done."""
    found = plan.compare(REQUEST, settings(), [invocation(tags=SAME_EVENT)])
    assert found == plan.Started("t-1")


def test_another_event_with_the_same_request_is_a_repeat() -> None:
    """A request that was run for an earlier event is not run again."""
    earlier = invocation(tags=OTHER_EVENT)
    found = plan.compare(REQUEST, settings(), [earlier])
    assert plan.Repeat((earlier,)) == found


@pytest.mark.parametrize("event", [SAME_EVENT, OTHER_EVENT])
def test_missing_parts_are_started(event: dict[str, str]) -> None:
    """What a throttled attempt did not get to is started by whoever comes next."""
    wanted = plan.parts(REQUEST, settings(LOOP=loop_of(250)))
    earlier = invocation(tags={**event, names.PART: "2/3"})
    assert plan.Start((wanted[0], wanted[2])) == plan.compare(
        REQUEST, settings(LOOP=loop_of(250)), [earlier]
    )


def test_a_repeat_after_the_instances_changed_runs_nothing() -> None:
    """Parts of another division cannot be completed, and the request was run: it is a repeat."""
    earlier = invocation(tags=OTHER_EVENT)
    assert plan.Repeat((earlier,)) == plan.compare(REQUEST, settings(LOOP=loop_of(250)), [earlier])


@pytest.mark.parametrize(
    "parameters", [{"emp_id": "E124", "role": "devops"}, {"emp_id": "E123", "role": "dba"}]
)
def test_another_request_of_the_same_id_is_another_request(parameters: dict[str, str]) -> None:
    """Whoever reuses an id neither blocks the real request nor learns of it."""
    earlier = invocation(parameters=parameters)
    assert plan.compare(REQUEST, settings(), [earlier]) == plan.Start(
        plan.parts(REQUEST, settings())
    )


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
    found = plan.compare(again, settings(), [failed(1, "event-0")])
    assert isinstance(found, plan.Start)
    (part,) = found.parts
    assert (part.tags[names.ATTEMPT], part.parameters["moment"]) == ("2", "1000")
    (first,) = plan.parts(again._replace(moment="1000"), settings())
    assert part.client_token != first.client_token
    third = plan.compare(again, settings(), [failed(1, "event-0"), failed(2, "event-9")])
    assert isinstance(third, plan.Start)
    assert third.parts[0].tags[names.ATTEMPT] == "3"


def test_the_same_event_never_starts_a_second_attempt() -> None:
    """The platform delivers it again; only a person's new event is another try."""
    earlier = [failed(1, "event-1"), failed(2, "event-9")]
    assert plan.compare(REQUEST, settings(), earlier) == plan.Started("t-2")


def test_while_an_attempt_runs_no_other_begins() -> None:
    """Its own completion tells the chat."""
    running = invocation(run("i-1", "Running", exit_code=None), tags=OTHER_EVENT)
    found = plan.compare(REQUEST, settings(), [running])
    assert isinstance(found, plan.Repeat)
    assert not found.is_finished


def test_the_first_failure_stands_for_several_instances() -> None:
    """A repeat is answered with what went wrong, if anything did, and with the counts."""
    first = invocation(run("i-1"), run("i-2", "Timeout"), run("i-3", "Failed"))
    assert plan.decisive([first])[1].instance_id == "i-2"
    assert plan.count([first]) == (("Success", 1), ("Timeout", 1), ("Failed", 1))


def test_one_instance_needs_no_counts() -> None:
    """A single run is told as it is."""
    assert plan.count([invocation()]) == ()
    assert plan.decisive([invocation()])[1].instance_id == "i-1"


def test_a_long_list_of_ids_may_stand_in_a_file() -> None:
    """Settings are the same from a variable as from the archive."""
    assert json.loads(loop_of(2))["roles"]["devops"]["instances"] == ["i-0", "i-1"]
