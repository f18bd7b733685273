"""Hosts that are stopped, released or without an agent never keep the others from being run."""

from typing import Any

import pytest

from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.request import tags as names
from tests.unit.functions.run_command.test_run_command import Stage
from tests.unit.functions.samples import LOOP, detail, http_event, loop_with, run

ROLES = {"devops": {"instances": ["i-1", "i-2", "i-3"]}}


def stage(count: int = 3, **states: str) -> Stage:
    """Return the function with a role on so many instances, some of them in these states."""
    ids = [f"i-{n}" for n in range(1, count + 1)]
    roles = {**LOOP["roles"], "devops": {"instances": ids}}
    made = Stage(LOOP=loop_with(roles=roles))
    made.hosts.states = {name.replace("_", "-"): state for name, state in states.items()}
    return made


def calls(made: Stage) -> list[tuple[tuple[str, ...], str, str]]:
    """Return of each call the instances, the part and which hosts are not reached."""
    return [
        (tuple(c["instance_ids"]), c["tags"][names.PART], c["tags"].get(names.UNREACHED, ""))
        for c in made.commands.started
    ]


@pytest.mark.parametrize("state", ["Stopped", "Starting", "Stopping", "Pending", "no agent"])
def test_the_others_run(state: str) -> None:
    """The call names what can be reached; its tags say what cannot."""
    made = stage(i_2=state)
    made.serve(http_event(detail()))
    assert calls(made) == [(("i-1", "i-3"), "1/1", "i-2")]
    assert made.bus.events == []


def test_a_host_that_is_gone_is_named_where_something_was_to_be_given() -> None:
    """The settings are wrong, and whoever was to get the account has to know."""
    made = stage(i_2="released")
    made.serve(http_event(detail()))
    assert calls(made) == [(("i-1", "i-3"), "1/1", "i-2")]


def test_no_host_at_all_is_told() -> None:
    """Nothing is started; the message says which hosts and that it is not done."""
    made = stage(i_1="Stopped", i_2="no agent", i_3="released")
    (line,) = made.serve(http_event(detail()))
    assert (line["decision"], made.commands.started) == ("unreached", [])
    told = made.told["data"]["detail"]
    assert (told["InvocationStatus"], told["Instances"]) == ("Unreached", {"Unreached": 3})
    assert told["Reason"] == "not running, or without a Cloud Assistant agent: i-1, i-2, i-3"


def test_instances_by_tags_are_looked_up() -> None:
    """However many there are, each call names at most 100 of them."""
    made = stage()
    made.hosts.by_tags[(("role", "db"),)] = [f"i-{n}" for n in range(250)]
    made.hosts.states["i-7"] = "Stopped"
    made.serve(http_event(detail(role="dba")))
    found = [i for ids, _, _ in calls(made) for i in ids]
    assert found == [f"i-{n}" for n in range(250) if n != 7]
    assert [part for _, part, _ in calls(made)] == ["1/3", "2/3", "3/3"]


def test_tags_that_no_instance_carries_are_told() -> None:
    """Nothing would run, so the request is refused with a reason for an administrator."""
    made = stage()
    made.hosts.by_tags = {}
    made.serve(http_event(detail(role="dba")))
    assert made.told["data"]["detail"]["ReasonCode"] == "no-instances"


def test_an_instance_that_is_named_twice_runs_once() -> None:
    """A repeated id in the settings does not run the command twice at the same time."""
    made = Stage(LOOP=loop_with(roles={"devops": {"instances": ["i-1", "i-2", "i-1"]}}))
    made.serve(http_event(detail()))
    assert calls(made) == [(("i-1", "i-2"), "1/1", "")]


def refusing(made: Stage, host: str, code: str) -> None:
    """Let the cloud refuse every call that names a host."""
    invoke = made.commands.invoke

    def refuse(**call: Any) -> str:
        if host in call["instance_ids"]:
            raise ApiRefusedError("InvokeCommand", code, "no")
        return invoke(**call)

    made.commands.invoke = refuse  # type: ignore[method-assign]


@pytest.mark.parametrize("code", ["InvalidInstance.NotFound", "InvalidInstance.NotMatch"])
def test_a_host_that_stops_this_very_moment_is_left_out(code: str) -> None:
    """The call is refused as a whole, so each host is called by itself; one is told."""
    made = stage()
    refusing(made, "i-2", code)
    lines = made.serve(http_event(detail()))
    assert [ids for ids, _, _ in calls(made)] == [("i-1",), ("i-3",)]
    assert [line["decision"] for line in lines] == ["started", "started", "refused"]
    told = made.told["data"]["detail"]
    assert (told["InvocationStatus"], told["InstanceId"]) == ("Failed", "i-2")
    assert len({call["client_token"] for call in made.commands.started}) == 2


def test_what_is_not_about_hosts_is_refused_at_once() -> None:
    """Permissions do not get better by calling a hundred times."""
    made = stage()
    refusing(made, "i-2", "NoPermission")
    lines = made.serve(http_event(detail()))
    assert ([line["decision"] for line in lines], calls(made)) == (["refused"], [])
    assert made.told["data"]["detail"]["Instances"] == {"Failed": 3}


def cut_off() -> Stage:
    """Return a stage where the first of two calls was made before hosts changed their states."""
    made = stage(150)
    made.commands.failures = [None, ApiTroubleError("InvokeCommand", "Throttling.User")]
    with pytest.raises(ApiTroubleError):
        made.serve(http_event(detail()))
    for number in range(101, 151):
        made.hosts.states[f"i-{number}"] = "Stopped"
    return made


def test_hosts_that_stop_between_two_calls_are_told() -> None:
    """Once, whichever event finds out."""
    made = cut_off()
    for event_id in ("event-1", "event-1", "event-2"):
        (line,) = made.serve(http_event(detail(), event_id=event_id))
    assert line["decision"] == "repeat-of-running"
    assert len(calls(made)) == 1
    assert len({event["id"] for event in made.bus.events}) == 1
    told = made.bus.details[0]
    assert (told["InvocationStatus"], told["Instances"]) == ("Unreached", {"Unreached": 50})


@pytest.mark.parametrize("status", ["Success", "Failed"])
def test_what_was_cut_off_can_be_made_again(status: str) -> None:
    """As another attempt, however the first ended on the hosts that it reached."""
    made = cut_off()
    (first,) = made.commands.earlier
    ended = tuple(run(r.instance_id, status) for r in first.runs)
    made.commands.earlier = [first._replace(runs=ended)]
    made.serve(http_event(detail(), event_id="event-2"))
    assert made.commands.started[-1]["tags"][names.ATTEMPT] == "2"
    assert "i-101" in made.commands.started[-1]["tags"][names.UNREACHED]
