"""Time triggers call their functions by the clock, also after the server was away."""

import json
from typing import Any

import pytest

from lab.fc import FunctionLab
from localcloud.errors import ApiError

TELLS = """
def handler(event, context):
    print("told", event.decode())
"""
EVERY_MINUTE = {"cronExpression": "@every 1m", "enable": True, "payload": "timer"}
HERE = {"functionName": "tells", "triggerName": "minute"}


async def create(lab: FunctionLab, config: Any = None, **settings: Any) -> Any:
    """Make a trigger."""
    body = {
        "triggerName": "minute",
        "triggerType": "timer",
        "triggerConfig": json.dumps(EVERY_MINUTE if config is None else config),
        "qualifier": "LATEST",
        **settings,
    }
    return await lab.call("CreateTrigger", {"functionName": "tells"}, body)


async def told(lab: FunctionLab) -> list[Any]:
    """Return the events that the function was called with."""
    lines = await lab.log("tells")
    return [json.loads(line.removeprefix("told ")) for line in lines if line.startswith("told ")]


async def test_a_trigger_fires_once_in_each_interval(lab: FunctionLab) -> None:
    """The first call comes one interval after it was made; the event says when and which."""
    await lab.create("tells", TELLS)
    await create(lab)
    counts = []
    for seconds in (0, 59, 1, 30, 30, 60):
        lab.clock.advance(seconds)
        await lab.fc.drain()
        counts.append(len(await told(lab)))
    assert counts == [0, 0, 1, 1, 2, 3]
    first = (await told(lab))[0]
    assert first == {
        "triggerTime": "2026-01-01T00:01:00Z",
        "triggerName": "minute",
        "payload": "timer",
    }


async def test_a_late_look_does_not_shift_the_next_moment(lab: FunctionLab) -> None:
    """A minute that is noticed 40 seconds late does not delay the one after it."""
    await lab.create("tells", TELLS)
    await create(lab)
    lab.clock.advance(100)
    await lab.fc.drain()
    lab.clock.advance(20)
    await lab.fc.drain()
    assert [event["triggerTime"] for event in await told(lab)] == [
        "2026-01-01T00:01:00Z",
        "2026-01-01T00:02:00Z",
    ]


async def test_what_became_due_while_the_server_was_away_is_done_once(lab: FunctionLab) -> None:
    """A server that comes back after an hour calls once, not sixty times."""
    await lab.create("tells", TELLS)
    await create(lab)
    lab.clock.advance(3600)
    await lab.restart()
    for _ in range(2):
        await lab.fc.drain()
    assert len(await told(lab)) == 1


async def test_a_trigger_is_read_changed_listed_and_deleted(lab: FunctionLab) -> None:
    """A trigger that is switched off is silent; its configuration comes back as it was sent."""
    await lab.create("tells", TELLS)
    made = await create(lab, description="each minute")
    assert made["targetArn"].endswith(":functions/tells")
    assert (made["triggerConfig"], made["httpTrigger"]) == (json.dumps(EVERY_MINUTE), {})
    off = json.dumps({**EVERY_MINUTE, "enable": False})
    changed = await lab.call("UpdateTrigger", HERE, {"triggerConfig": off})
    assert (changed["triggerConfig"], changed["description"]) == (off, "each minute")
    assert await lab.call("GetTrigger", HERE) == changed
    assert await lab.call("ListTriggers", HERE) == {"triggers": [changed]}
    lab.clock.advance(3600)
    await lab.fc.drain()
    assert await told(lab) == []
    await lab.call("DeleteTrigger", HERE)
    for action in ("GetTrigger", "DeleteTrigger", "UpdateTrigger"):
        with pytest.raises(ApiError) as failure:
            await lab.call(action, HERE)
        assert (failure.value.code, failure.value.status) == ("TriggerNotFound", 404)


async def test_triggers_go_with_their_function(lab: FunctionLab) -> None:
    """A function that is deleted is not called any more, and one made anew has no trigger."""
    await lab.create("tells", TELLS)
    await create(lab)
    await lab.call("DeleteFunction", HERE)
    await lab.create("tells", TELLS)
    assert await lab.call("ListTriggers", HERE) == {"triggers": []}


@pytest.mark.parametrize(
    ("config", "settings", "code"),
    [
        pytest.param(
            {"cronExpression": "@every 1s", "enable": True}, {}, "InvalidArgument", id="1s"
        ),
        pytest.param({**EVERY_MINUTE, "enabled": True}, {}, "InvalidArgument", id="unknown"),
        pytest.param({**EVERY_MINUTE, "enable": "true"}, {}, "InvalidArgument", id="text"),
        pytest.param({**EVERY_MINUTE, "payload": {}}, {}, "InvalidArgument", id="payload"),
        pytest.param({**EVERY_MINUTE, "payload": "x" * 131_073}, {}, "InvalidArgument", id="long"),
        pytest.param([], {}, "InvalidArgument", id="list"),
        pytest.param(None, {"triggerType": "http"}, "InvalidArgument", id="http"),
        pytest.param(None, {"triggerType": "clock"}, "InvalidArgument", id="type"),
        pytest.param(None, {"triggerName": "1st"}, "InvalidArgument", id="name"),
        pytest.param(None, {"qualifier": "live"}, "VersionNotFound", id="qualifier"),
        pytest.param(None, {"sourceArn": "acs:x"}, "InvalidArgument", id="source"),
        pytest.param(None, {"role": "r"}, "InvalidArgument", id="setting"),
    ],
)
async def test_what_is_no_trigger_is_refused(
    lab: FunctionLab, config: Any, settings: dict[str, Any], code: str
) -> None:
    """Wrong schedules, settings that nobody defined and other kinds are refused at creation."""
    await lab.create("tells", TELLS)
    with pytest.raises(ApiError) as failure:
        await create(lab, config, **settings)
    assert failure.value.code == code
    assert await lab.call("ListTriggers", HERE) == {"triggers": []}


async def test_a_name_is_taken_once(lab: FunctionLab) -> None:
    """A second trigger of the same name is refused."""
    await lab.create("tells", TELLS)
    await create(lab)
    with pytest.raises(ApiError) as failure:
        await create(lab)
    assert (failure.value.code, failure.value.status) == ("TriggerAlreadyExists", 409)
