"""A slip in a component's arguments is answered with one line, before anything is made."""

from typing import Any

import pulumi
import pytest

from components import (
    ArgumentError,
    DeploymentProvider,
    DeploymentRole,
    ProvisioningLoop,
    defaults,
)
from tests.unit.fake_engine import FakeEngine


def smallest() -> dict[str, Any]:
    """Return the arguments that have no default."""
    return {
        "region": "cn-hangzhou",
        "account_id": "1234567890123456",
        "sources": [{"name": "dingtalk.approval", "platform": "dingtalk"}],
        "chats": [{"name": "ops", "platform": "dingtalk", "webhook": "https://chat.example"}],
        "roles": [{"role": "devops", "instance_ids": ["i-a"]}],
    }


def said(args: dict[str, Any]) -> str:
    """Return what a loop answers to these arguments."""
    engine = FakeEngine()
    with pytest.raises(ArgumentError) as caught:
        engine.run(lambda: ProvisioningLoop("loop", args))  # type: ignore[arg-type]
    assert engine.made == []
    return str(caught.value).removeprefix("ProvisioningLoop 'loop': ")


def without(key: str) -> dict[str, Any]:
    """Return the smallest arguments, one of them left out."""
    return {name: value for name, value in smallest().items() if name != key}


def source(**more: Any) -> dict[str, Any]:
    """Return a source of approvals."""
    return {"name": "s", "platform": "lark", **more}


def member(**more: Any) -> dict[str, Any]:
    """Return a source of new members, and what is called for each."""
    return {"source": "m", "endpoint": "https://hr.example", **more}


def chat(platform: str, **more: Any) -> dict[str, Any]:
    """Return a chat to which EventBridge itself is to post."""
    return {"name": "ops", "platform": platform, "delivery": "webhook", "webhook": "w", **more}


@pytest.mark.parametrize("key", sorted(smallest()))
def test_what_is_missing_is_named(key: str) -> None:
    """The five arguments without a default are needed."""
    assert said(without(key)) == f"argument '{key}' is missing"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"acount_id": "1"}, "there is no argument 'acount_id'; did you mean 'account_id'? acc"),
        ({"bus": {"protected": True}}, "there is no argument 'bus.protected'; did you mean 'pro"),
        (
            {"chats": [{"name": "ops", "platform": "lark", "webhok": "w"}]},
            "there is no argument 'chats[0].webhok'; did you mean 'webhook'? accepted: delivery, ",
        ),
        ({"chats": [{"name": "o", "platform": "lark"}]}, "argument 'chats[0].webhook' is missing"),
        (
            {"sources": [{"name": "s", "platform": "dingtak"}]},
            "argument 'sources[0].platform' is 'dingtak'; did you mean 'dingtalk'? "
            "accepted: dingtalk, lark",
        ),
        ({"retry": "often"}, "argument 'retry' is 'often'; accepted: BACKOFF_RETRY, EXPONENTIAL"),
        ({"region": None}, "argument 'region' must be a string, not None (leave it out instead)"),
        ({"account_id": 1234}, "argument 'account_id' must be a string, not a number"),
        ({"command": {"timeout_seconds": "300"}}, "argument 'command.timeout_seconds' must be a n"),
        ({"command": {"timeout_seconds": True}}, "argument 'command.timeout_seconds' must be a n"),
        ({"bus": {"protect": "yes"}}, "argument 'bus.protect' must be true or false, not a string"),
        ({"roles": {"devops": "i-a"}}, "argument 'roles' must be a list, not a mapping"),
        ({"tags": {"app": 1}}, "argument 'tags[\"app\"]' must be a string, not a number"),
        ({"sources": []}, "argument 'sources' is empty; one at least is needed"),
        ({"chats": []}, "argument 'chats' is empty; one at least is needed"),
        ({"default_chat": "op"}, "argument 'default_chat' is 'op'; did you mean 'ops'?"),
        (
            {"sources": [{"name": "s", "platform": "lark", "chat": "board"}]},
            "argument 'sources[0].chat' is 'board'; accepted: ops",
        ),
        ({"roles": [{"role": "dba"}]}, "argument 'roles[0]' needs either instance_ids or instance"),
        (
            {"roles": 2 * [{"role": "dba", "instance_ids": ["i-a"]}]},
            "argument 'roles' names 'dba' twice",
        ),
        (
            {"sources": [source(allowed_ips=["10.0.0.1"], allowed_referers=["a.b"])]},
            "source 's': a source checks either IP addresses or referers, not both",
        ),
        (
            {"sources": [source(allowed_ips=["10.0.0.1"] * 6)]},
            "source 's': a source checks at most 5 IP addresses or referers",
        ),
        (
            {"onboarding": member(allowed_ips=["10.0.0.1"], allowed_referers=["a.b"])},
            "source 'm': a source checks either IP addresses or referers, not both",
        ),
        (
            {"chats": [chat("lark", signing_secret="s")]},
            "chat 'ops': EventBridge cannot sign for Lark; let the function deliver",
        ),
        (
            {"chats": [chat("dingtalk")]},
            "chat 'ops': EventBridge's DingTalk target needs the robot's signing secret",
        ),
        ({"roles": [{"role": "devop", "instance_ids": []}]}, "the catalogue has no role devop"),
        ({"catalogue": "roles: ["}, "the catalogue of roles is not YAML"),
    ],
)
def test_a_slip_is_answered_in_one_line(changes: dict[str, Any], message: str) -> None:
    """The argument, what is accepted and the nearest of it; nothing is made."""
    assert message in said({**smallest(), **changes}).splitlines()[0]


def test_a_secret_is_never_repeated() -> None:
    """What is of the wrong kind may be a secret in the wrong place."""
    assert "s3cret" not in said({**smallest(), "chats": "s3cret"})


def test_what_must_be_known_may_be_no_output() -> None:
    """A list of sources decides which resources there are."""
    engine = FakeEngine()
    with pytest.raises(ArgumentError, match="'name_prefix' must be known before anything is made"):
        engine.run(
            lambda: ProvisioningLoop(
                "loop",
                {**smallest(), "name_prefix": pulumi.Output.from_input("x")},  # type: ignore[typeddict-item]
            )
        )


def test_the_components_that_stand_alone_check_too() -> None:
    """A role for workflows and the provider of its tokens."""
    with pytest.raises(ArgumentError, match="DeploymentRole 'deploy': there is no argument 'rol'"):
        FakeEngine().run(lambda: DeploymentRole("deploy", {"rol": "r"}))  # type: ignore[typeddict-item]
    with pytest.raises(ArgumentError, match="'github': argument 'provider_name' is missing"):
        FakeEngine().run(lambda: DeploymentProvider("github", {}))  # type: ignore[typeddict-item]


def test_what_is_left_out_has_a_default() -> None:
    """The smallest loop says of everything else what the settings of a stack say."""
    engine = FakeEngine()
    engine.run(lambda: ProvisioningLoop("approvals", smallest()))  # type: ignore[arg-type]
    assert engine.one("EventBus").inputs == {
        "eventBusName": "approvals",
        "description": defaults.BUS_DESCRIPTION,
    }
    assert engine.one("Project").inputs["projectName"] == "approvals-logs"
    assert [command.inputs["timeout"] for command in engine.all("Command")] == [300, 300]
    days = {store.inputs["logstoreName"]: store.inputs for store in engine.all("Store")}
    assert {name: inputs["retentionPeriod"] for name, inputs in days.items()} == {
        "events": 30,
        "functions": 14,
    }
    letters = engine.one("ServiceQueue", queueName="approvals-dead-letters").inputs
    assert letters["messageRetentionPeriod"] == 345_600
