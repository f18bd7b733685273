"""Queue, log stores, roles, service-linked roles: what each asks the provider for."""

import json

import pytest

from components.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from components.log_stores import LogStores
from components.service_linked_roles import ServiceLinkedRoles
from components.service_role import ServiceRole
from tests.unit.fake_engine import FakeEngine

STACK = "urn:pulumi:test::ecs-provisioning-loop::"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        pytest.param(None, 345_600, id="four days by default"),
        pytest.param(60, 60, id="as the caller says"),
    ],
)
def test_dead_letters_wait(engine: FakeEngine, said: int | None, seconds: int) -> None:
    """A dead letter waits as long as the caller asked, or four days."""
    args: DeadLetterQueueArgs = {
        "queue_name": "q",
        "region": "cn-hangzhou",
        "account_id": "1",
        "tags": {"a": "b"},
    }
    if said is not None:
        args["retention_seconds"] = said
    engine.run(lambda: DeadLetterQueue("dead", args))
    queue = engine.one("ServiceQueue")
    assert queue.inputs == {"queueName": "q", "messageRetentionPeriod": seconds, "tags": {"a": "b"}}
    assert f"{STACK}provisioning:index:DeadLetterQueue$alicloud:message/" in queue.urn


def test_a_rule_names_the_queue_with_a_slash(engine: FakeEngine) -> None:
    """A dead-letter setting takes ``/queues/``, unlike the ARN of a target."""
    found = engine.run(
        lambda: {
            "arn": DeadLetterQueue(
                "dead", {"queue_name": "q", "region": "cn-hangzhou", "account_id": "1"}
            ).arn
        }
    )
    assert found["arn"] == ("acs:mns:cn-hangzhou:1:/queues/q", False)


def test_events_and_logs_are_kept_for_their_own_time(engine: FakeEngine) -> None:
    """Each of the two stores of the project has its own retention."""
    engine.run(
        lambda: LogStores(
            "logs",
            {
                "project_name": "p",
                "archive_days": 180,
                "function_logs_days": 14,
                "tags": {"a": "b"},
            },
        )
    )
    assert {
        store.inputs["logstoreName"]: store.inputs["retentionPeriod"]
        for store in engine.all("Store")
    } == {"events": 180, "functions": 14}
    assert {store.inputs["projectName"] for store in engine.all("Store")} == {"p"}
    project = engine.one("Project")
    assert (project.inputs["projectName"], project.inputs["tags"]) == ("p", {"a": "b"})
    assert f"{STACK}provisioning:index:LogStores$alicloud:log/" in project.urn


def test_a_role_is_for_one_service_and_one_policy(engine: FakeEngine) -> None:
    """The service may take the role on, the policy lists what it may do, and both are tied."""
    found = engine.run(
        lambda: {
            "arn": ServiceRole(
                "part",
                {
                    "role_name": "loop-part",
                    "service": "fc.aliyuncs.com",
                    "description": "d",
                    "permissions": [{"actions": ["a:B"], "resources": ["acs:a:b"]}],
                    "tags": {"a": "b"},
                },
            ).role_arn
        }
    )
    assert found["arn"][0] == "acs:ram::1234567890123456:role/loop-part"
    role, policy = engine.one("Role"), engine.one("Policy")
    assert json.loads(role.inputs["assumeRolePolicyDocument"]) == {
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                # A list: on a plain text the provider crashes when it reads the role back.
                "Principal": {"Service": ["fc.aliyuncs.com"]},
            }
        ],
        "Version": "1",
    }
    assert json.loads(policy.inputs["policyDocument"]) == {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": ["a:B"], "Resource": ["acs:a:b"]}],
    }
    assert engine.one("RolePolicyAttachment").inputs == {
        "policyName": "loop-part",
        "policyType": "Custom",
        "roleName": "loop-part",
    }
    assert role.inputs["tags"] == {"a": "b"}
    assert "provisioning:index:ServiceRole$alicloud:ram/role:Role" in role.urn


def test_eventbridge_may_call_functions_and_fill_the_queue(engine: FakeEngine) -> None:
    """The two service-linked roles that the loop's targets need are made."""
    engine.run(lambda: ServiceLinkedRoles("linked", {}))
    assert {role.inputs["productName"] for role in engine.all("ServiceLinkedRole")} == {
        "AliyunServiceRoleForEventBridgeSendToFC",
        "AliyunServiceRoleForEventBridgeSendToMNS",
    }


def test_a_service_linked_role_that_is_there_is_taken_into_the_stack(engine: FakeEngine) -> None:
    """It was made by somebody else, and making it again would be refused; it stays in any case."""
    engine.roles = {"AliyunServiceRoleForEventBridgeSendToFC", "Other"}
    engine.run(lambda: ServiceLinkedRoles("linked", {}))
    found = {role.inputs["productName"]: role for role in engine.all("ServiceLinkedRole")}
    assert {name: role.imported for name, role in found.items()} == {
        "AliyunServiceRoleForEventBridgeSendToFC": "AliyunServiceRoleForEventBridgeSendToFC",
        "AliyunServiceRoleForEventBridgeSendToMNS": "",
    }
    assert all(role.retained for role in found.values())
