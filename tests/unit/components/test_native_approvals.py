"""Native approvals: nothing without them; with them one door, one writer, no new way for others."""

import json
from typing import Any

import pulumi
import pytest

from components import ApprovalKind, ArgumentError, ProvisioningLoop, ProvisioningLoopArgs
from tests.unit.components.test_provisioning_loop import args
from tests.unit.fake_engine import FakeEngine

BUS = "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/loop-approvals"


def native(**changes: Any) -> ProvisioningLoopArgs:
    """Return a loop with one native source; must be called while a program runs."""
    source = {
        "name": "dingtalk.oa",
        "kind": ApprovalKind.DINGTALK,
        "app_id": "app",
        "tenant": "corp",
        "app_secret": pulumi.Output.secret("app-secret"),
        "token": pulumi.Output.secret("token-1"),
        "key": pulumi.Output.secret("k" * 43),
        "definitions": [{"code": "PROC-1", "fields": {"emp_id": "employee"}}],
        **changes,
    }
    return args(native={"sources": [source], "ready_instances": 1})


def test_without_a_native_source_there_is_nothing_of_it(engine: FakeEngine) -> None:
    """No bus, no function, no door."""
    engine.run(lambda: ProvisioningLoop("loop", args()))
    assert [r for r in engine.resources if "native" in r.name or "approvals" in str(r.inputs)] == []


def test_one_role_alone_may_write_to_the_bus(engine: FakeEngine) -> None:
    """Whoever could write there could speak in the platform's name."""
    engine.run(lambda: ProvisioningLoop("loop", native()))
    policies = engine.all("Policy")
    writers = [p.inputs["policyName"] for p in policies if BUS in p.inputs["policyDocument"]]
    assert writers == ["loop-receive-approval"]
    document = engine.one("Policy", policyName="loop-receive-approval").inputs["policyDocument"]
    puts = [s for s in json.loads(document)["Statement"] if "eventbridge:PutEvents" in s["Action"]]
    assert [s["Resource"] for s in puts] == [[BUS]]
    assert [s for s in engine.all("EventSourceV2") if "approvals" in str(s.inputs)] == []


def test_the_door_takes_posts_and_the_secrets_stay_secret(engine: FakeEngine) -> None:
    """Anybody may post; what the function compares with is a secret in its environment only."""
    engine.run(lambda: ProvisioningLoop("loop", native()))
    door = engine.one("V3Trigger", triggerName="http").inputs
    assert (door["triggerType"], json.loads(door["triggerConfig"])) == (
        "http",
        {"authType": "anonymous", "methods": ["POST"], "disableURLInternet": False},
    )
    function = engine.one("V3Function", functionName="loop-receive-approval")
    assert function.is_secret("environmentVariables", "NATIVE_SECRETS")
    assert "app-secret" not in function.inputs["environmentVariables"]["NATIVE"]
    assert engine.one("V3ProvisionConfig").inputs["target"] == 1


def test_requests_go_the_way_of_every_other(engine: FakeEngine) -> None:
    """The rule on the bus of approvals has the targets of the rule on the loop's own."""
    engine.run(lambda: ProvisioningLoop("loop", native()))
    own, other = (
        engine.one("Rule", ruleName="provision-queued", eventBusName=bus).inputs
        for bus in ("loop", "loop-approvals")
    )
    assert other["targets"] == own["targets"]
    assert json.loads(other["filterPattern"]) == {
        "source": ["dingtalk.oa"],
        "type": ["provisioning:ApprovedRequest"],
    }
    loop = engine.one("V3Function", functionName="loop-run-command")
    sources = json.loads(loop.inputs["environmentVariables"]["LOOP"])["sources"]
    assert sources["dingtalk.oa"]["bus"] == "loop-approvals"
    assert "bus" not in sources["dingtalk.approval"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "dingtalk.approval"}, "twice"),
        ({"chat": "other"}, "accepted: ops"),
        ({"members": True}, "onboarding"),
        ({"definitions": [{"code": "P", "fields": {"emp": "x"}}]}, "emp_id"),
        ({"definitions": [{"code": "P", "fields": {}, "action": "remove"}]}, "deprovision"),
        ({"kind": "wecom-approval"}, "dingtalk-approval"),
    ],
)
def test_a_native_source_that_cannot_be(
    engine: FakeEngine, change: dict[str, Any], reason: str
) -> None:
    """The mistake is named before anything is made."""

    def program() -> None:
        with pytest.raises(ArgumentError, match=reason):
            ProvisioningLoop("loop", native(**change))

    engine.run(program)
