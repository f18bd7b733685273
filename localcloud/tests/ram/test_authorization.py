"""RAM policies: what they allow, and to whom."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.ram.access.authorization import AccessRequest, Policy, TrustPolicy, decide
from localcloud.ram.access.conditions import OPERATORS, is_like, parse_conditions

INSTANCE = "acs:ecs:cn-hangzhou:1234567890123456:instance/i-local0001"
OTHER_INSTANCE = "acs:ecs:cn-hangzhou:1234567890123456:instance/i-local0002"
SERVICE = "fc.aliyuncs.com"
ACCOUNT = "acs:ram::1234567890123456"


def _policy(*statements: dict[str, Any], name: str = "run-command") -> Policy:
    return Policy.parse(json.dumps({"Version": "1", "Statement": statements}), name)


def _statement(effect: str = "Allow", **changes: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "ecs:InvokeCommand", "Resource": INSTANCE, **changes}


def _allows(
    policy: Policy, action: str = "ecs:InvokeCommand", resource: str = INSTANCE, **context: str
) -> bool:
    return decide([policy], AccessRequest(action, resource, context)).allowed


def test_nothing_is_allowed_by_default() -> None:
    """Without a policy a request is denied implicitly, and the reason names what was asked."""
    decision = decide([], AccessRequest("ecs:InvokeCommand", INSTANCE))
    assert decision.reason == f"no statement allows ecs:InvokeCommand on {INSTANCE}"
    assert not decision.allowed
    expected = "ImplicitDeny"
    assert decision.no_permission_type == expected


def test_a_statement_allows_its_action_on_its_resource_only() -> None:
    """A statement allows exactly the actions on the resources it lists."""
    policy = _policy(_statement(Action=["ecs:InvokeCommand", "ecs:RunCommand"]))
    assert _allows(policy)
    assert _allows(policy, "ecs:RunCommand")
    assert not _allows(policy, "ecs:StopInvocation")
    assert not _allows(policy, resource=OTHER_INSTANCE)


def test_a_denial_wins_over_all_that_allows() -> None:
    """A statement that denies wins, in whatever policy and order, and is named."""
    allowing = _policy(_statement(Action="*", Resource="*"), name="administrator")
    denying = _policy(_statement("Deny"), name="guard")
    for policies in ([allowing, denying], [denying, allowing]):
        decision = decide(policies, AccessRequest("ecs:InvokeCommand", INSTANCE))
        assert not decision.allowed
        expected = "ExplicitDeny"
        assert decision.no_permission_type == expected
        assert decision.reason.startswith("statement 1 of policy guard denies ecs:InvokeCommand")
    assert decide([allowing, denying], AccessRequest("ecs:StopInvocation", INSTANCE)).allowed


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "ecs:InvokeCommand", True),
        ("ecs:*", "ecs:InvokeCommand", True),
        ("ecs:Invoke*", "ecs:InvokeCommand", True),
        ("ecs:*Command", "ecs:InvokeCommand", True),
        ("ecs:InvokeComman?", "ecs:InvokeCommand", True),
        ("ecs:InvokeCommand?", "ecs:InvokeCommand", False),
        ("ram:*", "ecs:InvokeCommand", False),
        ("ecs:invokecommand", "ecs:InvokeCommand", True),
        ("*:InvokeCommand", "ecs:InvokeCommand", True),
    ],
)
def test_wildcards_in_actions(pattern: str, action: str, expected: bool) -> None:
    """`*` is any text and `?` one character; an action's case does not matter."""
    assert _allows(_policy(_statement(Action=pattern)), action) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        ("acs:ecs:*:*:instance/*", True),
        ("acs:ecs:*:1234567890123456:*", True),
        ("acs:ecs:cn-hangzhou:*:instance/i-local000?", True),
        ("acs:ecs:*:*:command/*", False),
        ("acs:ecs:cn-beijing:*:instance/*", False),
        ("acs:ecs:*:*:instance/I-LOCAL0001", False),
        ("acs:ecs:*:*:instance/i-local", False),
    ],
)
def test_wildcards_in_resources(pattern: str, expected: bool) -> None:
    """A resource is compared as a whole, with wildcards over all its parts, in its case."""
    assert _allows(_policy(_statement(Resource=pattern))) is expected


def test_not_action_covers_every_other_action() -> None:
    """NotAction covers all actions but those it lists, to allow or to deny."""
    but_ram = _policy({"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"})
    assert _allows(but_ram)
    assert not _allows(but_ram, "ram:CreateUser")
    only_ecs = _policy(
        _statement(Action="*", Resource="*"),
        {"Effect": "Deny", "NotAction": "ecs:*", "Resource": "*"},
    )
    assert _allows(only_ecs)
    assert not _allows(only_ecs, "oss:GetObject")


def test_not_resource_covers_every_other_resource() -> None:
    """NotResource covers all resources but those it lists."""
    policy = _policy({"Effect": "Allow", "Action": "ecs:*", "NotResource": [INSTANCE]})
    assert not _allows(policy)
    assert _allows(policy, resource=OTHER_INSTANCE)


@pytest.mark.parametrize(
    ("operator", "values", "given", "expected"),
    [
        ("StringEquals", "app", "app", True),
        ("StringEquals", "app", "App", False),
        ("StringEquals", ["db", "app"], "app", True),
        ("StringEquals", "a*", "app", False),
        ("StringNotEquals", "app", "app", False),
        ("StringNotEquals", ["db", "app"], "app", False),
        ("StringNotEquals", ["db", "web"], "app", True),
        ("StringEqualsIgnoreCase", "APP", "app", True),
        ("StringNotEqualsIgnoreCase", "APP", "app", False),
        ("StringLike", "a?*", "app", True),
        ("StringLike", "A*", "app", False),
        ("StringNotLike", "a*", "app", False),
        ("StringNotLike", "b*", "app", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, "11", False),
        ("NumericNotEquals", "10", "10.0", False),
        ("NumericLessThan", "10", "9.99", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericEquals", "10", "ten", False),
        ("NumericNotEquals", "10", "ten", True),
        ("DateLessThan", "2026-01-01T00:00:00+08:00", "2025-12-31T15:59:59Z", True),
        ("DateLessThan", "2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z", False),
        ("DateLessThanEquals", "2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z", True),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", True),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", False),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("IpAddress", ["192.168.0.0/16", "203.0.113.7"], "203.0.113.7", True),
        ("IpAddress", "10.0.0.0/8", "11.0.0.1", False),
        ("IpAddress", "10.0.0.0/8", "2001:db8::1", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "10.0.0.0/8", "no address", False),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
        ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", True),
    ],
)
def test_condition_operators(operator: str, values: Any, given: str, expected: bool) -> None:
    """An operator holds if any of its values matches; a negated one if none does."""
    policy = _policy(_statement(Condition={operator: {"acs:Key": values}}))
    assert _allows(policy, **{"acs:Key": given}) is expected


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_key_that_is_not_in_the_request(operator: str) -> None:
    """What is not there equals nothing: only the negated operators hold."""
    samples = {"Numeric": "1", "Date": "2026-01-01T00:00:00Z", "Bool": "true"}
    value = next((v for name, v in samples.items() if operator.startswith(name)), "10.0.0.1")
    policy = _policy(_statement(Condition={operator: {"acs:Key": value}}))
    assert _allows(policy) is ("Not" in operator)


def test_all_operators_and_all_keys_must_hold() -> None:
    """Conditions are combined with AND, over operators and over keys."""
    policy = _policy(
        _statement(
            Condition={
                "StringEquals": {"acs:ResourceTag/role": "app", "acs:ResourceTag/env": "dev"},
                "IpAddress": {"acs:SourceIp": "10.0.0.0/8"},
            }
        )
    )
    context = {
        "acs:ResourceTag/role": "app",
        "acs:ResourceTag/env": "dev",
        "acs:SourceIp": "10.1.1.1",
    }
    assert _allows(policy, **context)
    for key in context:
        assert not _allows(policy, **{**context, key: "203.0.113.7"})


def test_one_of_several_given_values_is_enough() -> None:
    """A key with several values in the request holds if one of them matches."""
    policy = _policy(_statement(Condition={"StringEquals": {"acs:TagKeys": ["team", "env"]}}))
    request = AccessRequest("ecs:InvokeCommand", INSTANCE, {"acs:TagKeys": ["x", "env"]})
    assert decide([policy], request).allowed
    refused = _policy(_statement(Condition={"StringNotEquals": {"acs:TagKeys": "env"}}))
    assert not decide([refused], request).allowed


def test_a_failing_condition_is_named() -> None:
    """The reason of a denial names the condition that kept a statement from allowing."""
    policy = _policy(_statement(Condition={"StringEquals": {"acs:ResourceTag/role": "app"}}))
    request = AccessRequest("ecs:InvokeCommand", INSTANCE, {"acs:ResourceTag/role": "db"})
    expected = (
        f"no statement allows ecs:InvokeCommand on {INSTANCE}; statement 1 of policy run-command "
        "would, but StringEquals acs:ResourceTag/role wants 'app', is 'db'"
    )
    assert decide([policy], request).reason == expected


def test_a_denial_with_a_condition_applies_only_when_it_holds() -> None:
    """A conditional denial leaves other requests to the statements that allow."""
    policy = _policy(
        _statement(Resource="*"),
        _statement("Deny", Condition={"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}),
    )
    assert _allows(policy, **{"acs:SourceIp": "10.0.0.9"})
    assert not _allows(policy, **{"acs:SourceIp": "203.0.113.7"})


def test_a_session_policy_narrows_and_never_widens() -> None:
    """In a session both the role's policy and the session's own must allow."""
    role = _policy(_statement(Resource="*"))
    session = role.narrowed_by(_policy(_statement(Action="*"), name="session"))
    assert _allows(session)
    assert not _allows(session, resource=OTHER_INSTANCE)
    assert not _allows(session, "ecs:StopInvocation")
    decision = decide([session], AccessRequest("ecs:InvokeCommand", OTHER_INSTANCE))
    assert "in the session's own policy" in decision.reason


def _trust(principal: Any, **changes: Any) -> TrustPolicy:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **changes}
    return TrustPolicy.parse({"Version": "1", "Statement": [statement]})


@pytest.mark.parametrize(
    ("principal", "who", "expected"),
    [
        ({"Service": [SERVICE]}, SERVICE, True),
        ({"Service": SERVICE}, "ecs.aliyuncs.com", False),
        ({"Service": SERVICE}, f"{ACCOUNT}:root", False),
        ({"RAM": [f"{ACCOUNT}:root"]}, f"{ACCOUNT}:root", True),
        ({"RAM": [f"{ACCOUNT}:root"]}, f"{ACCOUNT}:user/li.lei", True),
        ({"RAM": [f"{ACCOUNT}:root"]}, "acs:ram::6543210987654321:user/li.lei", False),
        ({"RAM": [f"{ACCOUNT}:user/li.lei"]}, f"{ACCOUNT}:user/han.mei", False),
        ({"RAM": [f"{ACCOUNT}:role/a"]}, f"{ACCOUNT}:assumed-role/a/session", True),
        ({"RAM": [f"{ACCOUNT}:role/a"]}, f"{ACCOUNT}:assumed-role/b/session", False),
        ({"RAM": ["*"]}, f"{ACCOUNT}:user/li.lei", True),
        ({"RAM": ["*"]}, SERVICE, False),
        ({"Federated": [f"{ACCOUNT}:saml-provider/idp"]}, f"{ACCOUNT}:saml-provider/idp", True),
        ({"Federated": [f"{ACCOUNT}:saml-provider/idp"]}, f"{ACCOUNT}:root", False),
    ],
)
def test_who_may_assume_a_role(principal: Any, who: str, expected: bool) -> None:
    """A role is assumed by those its trust policy names; an account stands for its identities."""
    assert _trust(principal).trusts(who, {}) is expected


def test_a_trust_policy_checks_its_conditions_and_action() -> None:
    """Trust depends on the statement's conditions and covers its action only."""
    trust = _trust({"Service": SERVICE}, Condition={"StringEquals": {"sts:ExternalId": "x"}})
    assert trust.trusts(SERVICE, {"sts:ExternalId": "x"})
    assert not trust.trusts(SERVICE, {})
    assert not trust.trusts(SERVICE, {"sts:ExternalId": "x"}, "sts:SetSourceIdentity")
    expected = "no statement allows sts:AssumeRole by ecs.aliyuncs.com"
    assert trust.decide("ecs.aliyuncs.com", {}).reason == expected


@given(st.text(alphabet="ab*?[!]", max_size=8), st.text(alphabet="ab[!]", max_size=8))
def test_wildcards_agree_with_their_definition(pattern: str, text: str) -> None:
    """`*` is any text and `?` any character, whatever stands around them."""

    def defined(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return defined(pattern[1:], text) or (bool(text) and defined(pattern, text[1:]))
        return bool(text) and pattern[0] in {"?", text[0]} and defined(pattern[1:], text[1:])

    assert is_like(text, pattern) is defined(pattern, text)


def test_many_wildcards_do_not_keep_the_cloud_busy() -> None:
    """A pattern of many `*` is decided in a number of steps that grows with its length only."""
    assert not is_like("a" * 2000, "a*" * 200 + "b")


@pytest.mark.parametrize("key", ["acs:SourceIp", "acs:sourceip", "ACS:SOURCEIP"])
@pytest.mark.parametrize("given", ["acs:SourceIp", "acs:SOURCEip"])
def test_condition_keys_have_no_case(key: str, given: str) -> None:
    """Neither in the policy nor in what a request says of itself."""
    (condition,) = parse_conditions({"IpAddress": {key: "10.0.0.0/8"}})
    assert condition.holds({given: "10.1.2.3"})
    assert not condition.holds({given: "11.1.2.3"})
    assert "is '10.1.2.3'" in condition.describe({given: "10.1.2.3"})
