"""Who hears what nobody else was told of: the watcher, and CloudMonitor as the second witness."""

import json
from typing import Any

import pulumi
import pytest

from components import ArgumentError, ChatPlatform, ProvisioningLoop, ProvisioningLoopArgs
from tests.unit.components.declared import policy_of
from tests.unit.components.test_provisioning_loop import args
from tests.unit.fake_engine import FakeEngine

MNS = "acs:mns:cn-hangzhou:1234567890123456:/queues/"
PREFIX = "provisioning:index:ProvisioningLoop$provisioning:index:Watcher"


def watched(**alarms: Any) -> ProvisioningLoopArgs:
    """Return a loop with alarms; must be called while a program runs."""
    return args(alarms={"chat": "ops", **alarms})


def statements(engine: FakeEngine, role: str) -> list[dict[str, Any]]:
    """Return the statements of a role's policy."""
    document = policy_of(engine, role).inputs["policyDocument"]
    return list(json.loads(document)["Statement"])


def test_the_watcher_comes_every_minute_and_alone(engine: FakeEngine) -> None:
    """It ends before the next one begins, and its notes are hidden for as long as it may take."""
    engine.run(lambda: ProvisioningLoop("loop", watched()))
    function = engine.one("V3Function", functionName="loop-watch")
    trigger = engine.one("V3Trigger", functionName="loop-watch").inputs
    assert json.loads(trigger["triggerConfig"])["cronExpression"] == "@every 1m"
    assert (
        engine.one("V3ConcurrencyConfig", functionName="loop-watch").inputs["reservedConcurrency"]
        == 1
    )
    later = engine.one("V3AsyncInvokeConfig", functionName="loop-watch").inputs
    assert (later["maxAsyncRetryAttempts"], "destinationConfig" in later) == (0, False)
    notes = engine.one("ServiceQueue", queueName="loop-watch").inputs
    assert function.inputs["timeout"] < notes["visibilityTimeout"] < 60
    assert notes["messageRetentionPeriod"] == 604_800
    variables = function.inputs["environmentVariables"]
    assert json.loads(variables["CHATS"]) == {
        "ops": {"platform": "dingtalk", "webhook": "https://chat.example/ops"}
    }
    assert function.is_secret("environmentVariables", "CHATS")
    assert {name: variables[name] for name in variables if name != "CHATS"} == {
        "STACK": "loop",
        "WATCH_QUEUE": "loop-watch",
        "DEAD_LETTER_QUEUE": "loop-dead-letters",
        "CHAT_QUEUE": "loop-chats",
        "CHAT_LANGUAGE": "en",
    }


def test_the_watcher_only_sees_what_is_not_its_own(engine: FakeEngine) -> None:
    """It can take neither a dead letter nor a result, nor read a queue's attributes."""
    engine.run(lambda: ProvisioningLoop("loop", watched()))
    peek, send, receive, log = statements(engine, "loop-watch")
    assert (peek["Action"], peek["Resource"]) == (
        ["mns:PeekMessage"],
        [f"{MNS}loop-dead-letters/messages", f"{MNS}loop-chats/messages"],
    )
    assert send["Action"] == ["mns:SendMessage"]
    assert send["Resource"] == receive["Resource"] == [f"{MNS}loop-watch/messages"]
    assert "mns:ChangeMessageVisibility" not in receive["Action"]
    assert log["Action"] == ["log:PostLogStoreLogs"]


@pytest.mark.parametrize("function", ["run-command", "publish-result"])
def test_two_functions_leave_notes_if_somebody_watches(engine: FakeEngine, function: str) -> None:
    """They may put notes into the watcher's queue, and nothing else with it."""
    engine.run(lambda: ProvisioningLoop("loop", watched()))
    made = engine.one("V3Function", functionName=f"loop-{function}")
    assert made.inputs["environmentVariables"]["WATCH_QUEUE"] == "loop-watch"
    about = [
        s
        for s in statements(engine, f"loop-{function}")
        if f"{MNS}loop-watch/messages" in s["Resource"]
    ]
    assert [s["Action"] for s in about] == [["mns:SendMessage"]]


def test_nobody_watches_if_nobody_is_to_hear(engine: FakeEngine) -> None:
    """No function, no queue, no variable, no alarm."""
    engine.run(lambda: ProvisioningLoop("loop", args()))
    assert "watch" not in json.dumps(
        [made.inputs for made in engine.all("V3Function")], default=str
    )
    assert "loop-watch" not in {made.inputs["queueName"] for made in engine.all("ServiceQueue")}
    assert not engine.all("Alarm")


def test_cloudmonitor_hides_no_single_error(engine: FakeEngine) -> None:
    """One in a minute is enough, of any function, the watcher among them."""
    engine.run(lambda: ProvisioningLoop("loop", watched(contact_groups=["people"])))
    alarms = {made.inputs["metric"]: made.inputs for made in engine.all("Alarm")}
    assert set(alarms) == {"FunctionFunctionErrors", "FunctionServerErrors"}
    for alarm in alarms.values():
        assert alarm["project"] == "acs_fc"
        assert alarm["escalationsCritical"] == {
            "statistics": "Value",
            "comparisonOperator": ">=",
            "threshold": "1",
            "times": 1,
        }
        assert (alarm["period"], alarm["silenceTime"]) == (60, 300)
        assert alarm["contactGroups"] == ["people"]
        watched_functions = json.loads(alarm["metricDimensions"])
        assert [d["functionName"] for d in watched_functions] == [
            "loop-post-to-chat",
            "loop-publish-result",
            "loop-run-command",
            "loop-watch",
        ]
        assert {(d["userId"], d["region"], d["serviceName"]) for d in watched_functions} == {
            ("1234567890123456", "cn-hangzhou", "")
        }
    assert not engine.all("AlarmContact")


def test_cloudmonitor_posts_to_a_robot(engine: FakeEngine) -> None:
    """Its webhook stays a secret, also where the caller forgot to say so."""
    engine.run(lambda: ProvisioningLoop("loop", watched(robot="https://chat.example/robot")))
    contact = engine.one("AlarmContact")
    assert contact.inputs["channelsDingWebHook"] == "https://chat.example/robot"
    assert contact.is_secret("channelsDingWebHook")
    group = engine.one("AlarmContactGroup").inputs
    assert group["contacts"] == [contact.inputs["alarmContactName"]]
    assert {tuple(made.inputs["contactGroups"]) for made in engine.all("Alarm")} == {
        (group["alarmContactGroupName"],)
    }


def test_without_contacts_there_is_no_second_witness(engine: FakeEngine) -> None:
    """An alarm that nobody hears looks like calm."""
    engine.run(lambda: ProvisioningLoop("loop", watched()))
    assert not engine.all("Alarm")


def test_the_chat_of_the_alarms_must_be_one(engine: FakeEngine) -> None:
    """A slip is one line."""
    with pytest.raises(ArgumentError, match="did you mean 'ops'"):
        engine.run(lambda: ProvisioningLoop("loop", args(alarms={"chat": "opps"})))


def test_a_chat_that_eventbridge_posts_to_can_hear_alarms(engine: FakeEngine) -> None:
    """Where no chat has a queue, none is looked at."""

    def program() -> ProvisioningLoop:
        chat = {
            "name": "ops",
            "platform": ChatPlatform.DINGTALK,
            "delivery": "webhook",
            "webhook": pulumi.Output.secret("https://chat.example/ops"),
            "signing_secret": pulumi.Output.secret("s3cret"),
        }
        return ProvisioningLoop("loop", args(chats=[chat], alarms={"chat": "ops"}))

    engine.run(program)
    variables = engine.one("V3Function", functionName="loop-watch").inputs["environmentVariables"]
    assert "CHAT_QUEUE" not in variables
