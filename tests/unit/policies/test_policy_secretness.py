"""Rules see which values Pulumi keeps secret, in the engine and under mocks."""

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from provisioning_policies import secretness
from provisioning_policies.redaction import kind_of
from provisioning_policies.secretness import SecretText, deserialize, is_secret
from provisioning_policies.sensitive import plain_secrets

SIGNATURE = "4dabf18193072939515e22adb298388d"


def secret(value: Any) -> dict[str, Any]:
    """Wrap a value as the engine does."""
    return {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def test_a_secret_text_is_a_text_with_a_mark() -> None:
    """Everything inside of a secret is secret, everything else is not."""
    props = deserialize(
        {"plain": "a", "hidden": secret("b"), "map": secret({"deep": ["c", 1.5, None]})}
    )
    assert props == {"plain": "a", "hidden": "b", "map": {"deep": ["c", 1.5, None]}}
    assert [
        is_secret(value) for value in (props["plain"], props["hidden"], *props["map"]["deep"][:2])
    ] == [False, True, True, False]


def test_a_secret_that_is_unknown_is_unknown() -> None:
    """The mark does not hide that a value is not known yet."""
    props = unknown_checking_proxy(deserialize({"url": secret(UNKNOWN_STRING_VALUE)}))
    with pytest.raises(UnknownValueError):
        props["url"]


def test_the_policy_sdk_hands_the_mark_to_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy can tell a secret with the pack's unwrapping, and cannot with the SDK's own."""
    seen: list[bool] = []
    policy = ResourceValidationPolicy(
        "look", "looks", lambda args, _: seen.append(is_secret(args.props["url"]))
    )
    servicer: Any = sdk._PolicyAnalyzerServicer(
        "pack", "0.0.1", [policy], EnforcementLevel.ADVISORY
    )
    properties = struct_pb2.Struct()
    json_format.ParseDict({"url": secret("https://example.com/?token=x")}, properties)
    request = analyzer_pb2.AnalyzeRequest(type="t", urn="u", name="n", properties=properties)
    # Set to what it is, so that it is put back at the end.
    monkeypatch.setattr(sdk, "deserialize_properties", vars(sdk)["deserialize_properties"])
    servicer.Analyze(request, None)
    secretness.install()
    servicer.Analyze(request, None)
    servicer.Remediate(request, None)
    assert seen == [False, True]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=abc", "a DingTalk webhook URL"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/0f-1", "a Lark webhook URL"),
        (
            "https://1.eventbridge.cn-hangzhou.aliyuncs.com/webhook/putEvents?token=8a5c",
            "the webhook URL of an event source",
        ),
        ("SEC" + "0a" * 32, "a DingTalk signing secret"),
        ("key LTAI5tExampleExample", "an access key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        ("Bearer 0123456789", "an authorization header"),
        ("mysql://app:hunter2@db/app", "a URL with a password"),
        ("https://example.com/hook?channel=1&token=abc", "a URL with a token"),
    ],
)
def test_secrets_are_recognised_by_their_look(text: str, kind: str) -> None:
    """What a secret looks like gives it away, wherever it stands."""
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "https://hr.example.com/api/employees",
        "acs:ram::1234567890123456:role/SECURITY",
        "SECTION",
        "cn-hangzhou",
        "Bearer",
        "$.data.token",
        "i-bp1prod0bastion0a",
    ],
)
def test_ordinary_values_are_left_alone(text: str) -> None:
    """What only resembles a secret is none."""
    assert kind_of(text) is None


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("SOURCE_TOKENS", {"a": "x"}, ["something called SOURCE_TOKENS.a"]),
        ("SOURCES", {"a": "x"}, []),
        ("HR_TOKEN_NAME", "prod/hr", []),
        ("HR_TOKEN_NAME", "a8Fk29dkLq03mZ", ["something called HR_TOKEN_NAME"]),
        ("TOKEN_URL", "https://sso.example.com/token", []),
        ("TOKEN_TTL_SECONDS", "3600", []),
        ("SECRET_ARN", "x y", ["something called SECRET_ARN"]),
        ("DB", '{"password": 12345}', ["something called password"]),
        ("DB_PASSWORD", "x", ["something called DB_PASSWORD"]),
        ("signingSecret", "x", ["something called signingSecret"]),
        ("secretName", "prod/db", []),
        ("TOKEN_FILE", "/run/token", []),
        ("PASSWORD", "", []),
        ("PASSWORD", SecretText("x"), []),
        ("CHATS", '{"ops": {"secret": "x"}}', ["something called secret"]),
        ("CHATS", SecretText('{"ops": {"secret": "x"}}'), []),
        ("TOKENS", ["x", SecretText("y")], ["something called TOKENS"]),
        ("TOKENS", "[broken", ["something called TOKENS"]),
        ("LIMITS", 5, []),
    ],
)
def test_secrets_are_recognised_by_their_name(name: str, value: Any, found: list[str]) -> None:
    """What is called a secret is one, unless the name says that it is about one."""
    assert list(plain_secrets(name, value)) == found
