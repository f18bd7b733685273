"""A fault that could never hit anything is refused, with what can."""

import math
from typing import Any

import pytest

from localcloud.faults import Fault, FaultError, parse

TARGETS = {
    "chat": ["ops", "people"],
    "function": [],
    "action": ["ecs:InvokeCommand", "ecs:RunCommand", "fc:InvokeFunction"],
}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": "chat:opps"}, "there is no chat 'opps'; did you mean ops?"),
        ({"target": "chat:zzzzz"}, "there is no chat 'zzzzz'; there are ops, people"),
        ({"target": "function:x"}, "there is no function 'x'; there are none yet"),
        ({"target": "action:foo:Bar"}, "localcloud/README.md lists the actions"),
        ({"target": "action:ecs:InvokeComand"}, "did you mean ecs:InvokeCommand"),
        ({"target": "action"}, "there is no action ''"),
        ({"target": "package:a b"}, "'a b' is not the name of a package"),
        ({"target": "hr"}, "'hr' cannot be made to fail; accepted: chat:NAME"),
        ({"target": "banana"}, "'banana' cannot be made to fail; accepted: chat:NAME"),
        ({"target": "chat:ops", "error": "banana"}, "accepted: a code of the platform"),
        ({"target": "api:hr", "error": "200"}, "accepted: an HTTP status from 400 to 599"),
        ({"target": "action:ecs:RunCommand", "error": "banana"}, "such as Throttling.User"),
        ({"target": "package:nginx", "error": "no network"}, "accepted: one word"),
        ({"target": "chat:ops", "delay_seconds": math.inf}, "must be 0 or more"),
        ({"target": "chat:ops", "delay_seconds": math.nan}, "must be 0 or more"),
        ({"target": "chat:ops", "times": "2"}, "times is '2', which is of another type"),
        ({"target": "chat:ops", "times": True}, "times is True, which is of another type"),
        ({"target": "chat:ops", "delay": 1}, "a fault is a JSON object of target, times"),
        ({}, "only target must be"),
        ([], "only target must be"),
    ],
)
def test_what_cannot_fail_is_refused(given: Any, message: str) -> None:
    """The message names the value and what is accepted."""
    with pytest.raises(FaultError) as caught:
        parse(given, TARGETS)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"target": "chat:ops", "error": "130101", "times": 2},
        {"target": "chat:ops", "error": "-1"},
        {"target": "api:hr", "error": "502", "delay_seconds": 0.5},
        {"target": "action:ecs:InvokeCommand", "error": "Throttling.User", "times": 0},
        {"target": "package:python3.12", "error": "timeout"},
    ],
)
def test_what_can_fail_is_taken(given: dict[str, Any]) -> None:
    """As it is written."""
    assert parse(given, TARGETS) == Fault(**given)
