"""What the components declare, as the tests of several of them look at it."""

import json
from typing import Any

from tests.unit.fake_engine import FakeEngine, Made

ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/"
LOGS = "acs:log:cn-hangzhou:1234567890123456:project/loop-logs/logstore/"
BUS = "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/loop"
ECS = "acs:ecs:cn-hangzhou:1234567890123456"
MNS = "acs:mns:cn-hangzhou:1234567890123456:/queues/"
RECEIVE = [
    "mns:ReceiveMessage",
    "mns:BatchReceiveMessage",
    "mns:DeleteMessage",
    "mns:BatchDeleteMessage",
    "mns:ChangeMessageVisibility",
]


def policy_of(engine: FakeEngine, role: str) -> Made:
    """Return the policy of a role: it has the role's name, and may have a hash behind it."""
    attached = engine.one("RolePolicyAttachment", roleName=role).inputs["policyName"]
    return engine.one("Policy", policyName=attached)


def allowed(engine: FakeEngine, policy: str) -> list[tuple[list[str], list[str]]]:
    """Return actions and resources of each statement of a policy."""
    document = json.loads(policy_of(engine, policy).inputs["policyDocument"])
    return [(s["Action"], s["Resource"]) for s in document["Statement"]]


def target(rule: Made) -> dict[str, Any]:
    """Return the only target of a rule."""
    (found,) = rule.inputs["targets"]
    return dict(found)
