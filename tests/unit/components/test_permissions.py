"""What the functions may do, statement by statement, judged by the local cloud's own evaluation."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from components import Permission
from components.permissions import (
    invoke_commands,
    policy_document,
    put_events,
    read_commands,
    read_instances,
    read_invocations,
    write_logs,
)
from localcloud.ram.access.authorization import AccessRequest, Policy, decide
from tests.unit.fake_engine import FakeEngine

REGION, ACCOUNT = "cn-hangzhou", "1234567890123456"
ECS = f"acs:ecs:{REGION}:{ACCOUNT}"

Permissions = Callable[[], list[Permission]]


def document(engine: FakeEngine, make: Permissions) -> str:
    """Return the policy that grants these permissions."""
    found = engine.run(lambda: {"policy": policy_document(make())})
    return str(found["policy"][0])


def statements(engine: FakeEngine, make: Permissions) -> list[dict[str, Any]]:
    """Return the statements of the policy that grants these permissions."""
    policy = json.loads(document(engine, make))
    assert policy["Version"] == "1"
    return list(policy["Statement"])


def named() -> list[Permission]:
    """Two commands, two named instances."""
    return invoke_commands(REGION, ACCOUNT, ["c-1", "c-2"], ["i-a", "i-b"], [])


def tagged() -> list[Permission]:
    """One command, instances by their tags."""
    tags = [{"role": "db", "environment": "prod"}, {"role": "web"}]
    return invoke_commands(REGION, ACCOUNT, ["c-1"], [], tags)


def test_named_instances_are_all_that_a_command_may_run_on(engine: FakeEngine) -> None:
    """InvokeCommand is allowed on the two commands and the named instances."""
    assert statements(engine, named) == [
        {
            "Effect": "Allow",
            "Action": ["ecs:InvokeCommand"],
            "Resource": [
                f"{ECS}:command/c-1",
                f"{ECS}:command/c-2",
                f"{ECS}:instance/i-a",
                f"{ECS}:instance/i-b",
            ],
        }
    ]


def test_instances_found_by_tags_are_held_to_their_tags(engine: FakeEngine) -> None:
    """Where tags choose, any instance is allowed that carries all of them, and no other."""
    assert statements(engine, tagged) == [
        {"Effect": "Allow", "Action": ["ecs:InvokeCommand"], "Resource": [f"{ECS}:command/c-1"]},
        *(
            {
                "Effect": "Allow",
                "Action": ["ecs:InvokeCommand"],
                "Resource": [f"{ECS}:instance/*"],
                "Condition": {"StringEquals": condition},
            }
            for condition in (
                {"acs:ResourceTag/role": "db", "acs:ResourceTag/environment": "prod"},
                {"acs:ResourceTag/role": "web"},
            )
        ),
    ]


@pytest.mark.parametrize(
    ("make", "action", "resource", "allowed"),
    [
        pytest.param(named, "ecs:InvokeCommand", "command/c-1", True, id="our command"),
        pytest.param(named, "ecs:InvokeCommand", "command/c-9", False, id="another command"),
        pytest.param(named, "ecs:InvokeCommand", "instance/i-a", True, id="our instance"),
        pytest.param(named, "ecs:InvokeCommand", "instance/i-z", False, id="another instance"),
        pytest.param(named, "ecs:RunCommand", "instance/i-a", False, id="a script of its own"),
        pytest.param(named, "ecs:DeleteInstance", "instance/i-a", False, id="another action"),
        pytest.param(tagged, "ecs:InvokeCommand", "instance/i-a", False, id="without the tag"),
    ],
)
def test_nothing_else_can_be_run(
    engine: FakeEngine, make: Permissions, action: str, resource: str, allowed: bool
) -> None:
    """The policy allows these commands on these instances; all else stays forbidden."""
    policy = Policy.parse(document(engine, make))
    assert decide([policy], AccessRequest(action, f"{ECS}:{resource}")).allowed == allowed


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        pytest.param({"role": "db", "environment": "prod"}, True, id="all tags of a group"),
        pytest.param({"role": "db"}, False, id="only some of them"),
        pytest.param({"role": "web"}, True, id="all of another group"),
    ],
)
def test_an_instance_needs_all_tags_of_one_group(
    engine: FakeEngine, tags: dict[str, str], allowed: bool
) -> None:
    """One tag of two is not enough."""
    policy = Policy.parse(document(engine, tagged))
    context = {f"acs:ResourceTag/{key}": [value] for key, value in tags.items()}
    request = AccessRequest("ecs:InvokeCommand", f"{ECS}:instance/i-a", context)
    assert decide([policy], request).allowed == allowed


def test_events_may_be_put_on_one_bus(engine: FakeEngine) -> None:
    """PutEvents is allowed on the loop's bus only."""
    assert statements(engine, lambda: [put_events(REGION, ACCOUNT, "loop")]) == [
        {
            "Effect": "Allow",
            "Action": ["eventbridge:PutEvents"],
            "Resource": [f"acs:eventbridge:{REGION}:{ACCOUNT}:eventbus/loop"],
        }
    ]


def test_logs_may_be_written_to_one_store(engine: FakeEngine) -> None:
    """PostLogStoreLogs is allowed on one store of one project only."""
    assert statements(engine, lambda: [write_logs(REGION, ACCOUNT, "logs", "functions")]) == [
        {
            "Effect": "Allow",
            "Action": ["log:PostLogStoreLogs"],
            "Resource": [f"acs:log:{REGION}:{ACCOUNT}:project/logs/logstore/functions"],
        }
    ]


def test_instances_may_be_looked_at(engine: FakeEngine) -> None:
    """Which there are, and whether they run."""
    assert statements(engine, lambda: [read_instances(REGION, ACCOUNT)]) == [
        {
            "Effect": "Allow",
            "Action": ["ecs:DescribeInstances", "ecs:DescribeCloudAssistantStatus"],
            "Resource": [f"{ECS}:instance/*"],
        }
    ]


def test_a_command_may_be_looked_up_by_its_name(engine: FakeEngine) -> None:
    """Any may be the one: the command that pauses a stack is made by hand."""
    assert statements(engine, lambda: [read_commands(REGION, ACCOUNT)]) == [
        {"Effect": "Allow", "Action": ["ecs:DescribeCommands"], "Resource": [f"{ECS}:command/*"]}
    ]


def test_past_runs_may_be_looked_at_but_not_more(engine: FakeEngine) -> None:
    """Runs of any command may be read, since earlier scripts had other ids."""
    assert statements(engine, lambda: [read_invocations(REGION, ACCOUNT)]) == [
        {
            "Effect": "Allow",
            "Action": ["ecs:DescribeInvocations"],
            "Resource": [f"{ECS}:command/*", f"{ECS}:instance/*"],
        }
    ]
