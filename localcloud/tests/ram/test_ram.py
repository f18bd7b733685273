"""RAM and STS: roles, policies, who a key belongs to, and what its holder may do."""

import json
from collections.abc import Iterator

import pytest

from localcloud.environment import Environment, ManualClock, counting_ids
from localcloud.errors import ApiError
from localcloud.eventbridge.linked_roles import LinkedRoles
from localcloud.ram.service import ManagedPolicy, Ram
from localcloud.ram.sessions import Session, Sessions
from localcloud.settings import CloudSettings
from localcloud.store import Store

FC = "fc.aliyuncs.com"
BUCKET = "acs:oss:*:*:bucket/a"


def trust(service: str = FC) -> str:
    """Write a trust policy for a service."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": [service]},
    }
    return json.dumps({"Version": "1", "Statement": [statement]})


def allow(action: str, resource: str, effect: str = "Allow") -> str:
    """Write a policy of one statement."""
    statement = {"Effect": effect, "Action": [action], "Resource": [resource]}
    return json.dumps({"Version": "1", "Statement": [statement]})


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still."""
    return ManualClock()


@pytest.fixture
def settings() -> CloudSettings:
    """Return the settings of one account."""
    return CloudSettings()


@pytest.fixture
def ram(clock: ManualClock, settings: CloudSettings) -> Iterator[Ram]:
    """Return an account with the role 'Reader', which Function Compute may assume."""
    store = Store(None)
    ram = Ram(settings, Environment(clock, counting_ids()), store, LinkedRoles(store, clock, list))
    ram.create_role("Reader", trust(), "", 3600, {})
    yield ram
    store.close()


def give(ram: Ram, name: str, document: str) -> None:
    """Make a policy and attach it to 'Reader'."""
    ram.put_policy(ManagedPolicy(name, "2026-01-01T00:00:00Z", {"v1": document}, "v1"))
    role = ram.role("Reader")
    ram.update_role("Reader", policies=[*role.policies, ("Custom", name)])


def code_of(action: object, *arguments: object) -> str:
    """Return the code with which a call fails."""
    with pytest.raises(ApiError) as failure:
        action(*arguments)  # type: ignore[operator]
    return failure.value.code


def test_a_role_may_do_what_its_policies_allow_and_nothing_else(ram: Ram) -> None:
    """Nothing is allowed by default, an attached policy allows, an explicit deny wins."""
    arn = ram.role("Reader").arn
    assert not ram.is_allowed(arn, "oss:GetObject", BUCKET)
    give(ram, "Read", allow("oss:Get*", "acs:oss:*:*:bucket/*"))
    assert ram.is_allowed(arn, "oss:GetObject", BUCKET)
    assert not ram.is_allowed(arn, "oss:PutObject", BUCKET)
    give(ram, "NotThis", allow("oss:*", BUCKET, "Deny"))
    assert not ram.is_allowed(arn, "oss:GetObject", BUCKET)


def test_credentials_are_of_the_role_until_their_time_is_over(ram: Ram, clock: ManualClock) -> None:
    """A service that is trusted gets credentials that stop working when they expire."""
    given = ram.assume(ram.role("Reader").arn, FC, "run", 900)
    secret, caller = ram.caller(given.access_key_id, given.security_token)
    assert given.access_key_secret == secret
    assert caller.arn == "acs:ram::1234567890123456:assumed-role/Reader/run"
    clock.advance(900)
    expired = code_of(ram.caller, given.access_key_id, given.security_token)
    assert expired == "InvalidSecurityToken.Expired"


def test_credentials_outlive_a_restart(
    ram: Ram, clock: ManualClock, settings: CloudSettings
) -> None:
    """Nothing about a session is stored: another process of the same account knows it."""
    given = ram.assume(ram.role("Reader").arn, FC, "run")
    store = Store(None)
    other = Ram(settings, Environment(clock), store, LinkedRoles(store, clock, list))
    other.create_role("Reader", trust(), "", 3600, {})
    secret, _ = other.caller(given.access_key_id, given.security_token)
    assert given.access_key_secret == secret
    store.close()


def test_credentials_are_of_one_account(ram: Ram, clock: ManualClock) -> None:
    """Another local cloud has another key, and so other sessions."""
    given = ram.assume(ram.role("Reader").arn, FC, "run")
    store = Store(None)
    other = Ram(CloudSettings(), Environment(clock), store, LinkedRoles(store, clock, list))
    foreign = code_of(other.caller, given.access_key_id, given.security_token)
    assert foreign == "InvalidSecurityToken.MismatchWithAccessKey"
    store.close()


def test_who_is_not_trusted_gets_nothing(ram: Ram) -> None:
    """A service that the trust policy does not name cannot become the role."""
    arn = ram.role("Reader").arn
    assert code_of(ram.assume, arn, "ecs.aliyuncs.com", "run") == "NoPermission"
    assert code_of(ram.assume, arn + "x", FC, "run") == "EntityNotExist.Role"


def test_a_session_policy_only_narrows(ram: Ram) -> None:
    """A session may do what both its own policy and the role's allow."""
    give(ram, "Read", allow("oss:Get*", "*"))
    narrowed = ram.assume(ram.role("Reader").arn, FC, "run", 900, allow("oss:*", BUCKET))
    _, caller = ram.caller(narrowed.access_key_id, narrowed.security_token)
    assert caller.policies is not None
    assert ram.decide(caller.policies, "oss:GetObject", BUCKET).allowed
    assert not ram.decide(caller.policies, "oss:PutObject", BUCKET).allowed
    assert not ram.decide(caller.policies, "oss:GetObject", "acs:oss:*:*:bucket/b").allowed


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda i, t: (i, t[:-1]), id="a cut token"),
        pytest.param(lambda i, t: (i, "x" + t), id="a changed session"),
        pytest.param(lambda i, t: (i + "x", t), id="another key"),
        pytest.param(lambda i, t: (i, "."), id="no token"),
    ],
)
def test_a_forged_token_is_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    """The token is signed: whoever changes it, or uses it with another key, is refused."""
    sessions = Sessions("key")
    given = sessions.issue(Session("Reader", "run", 10**10))
    key, token = spoil(given.access_key_id, given.security_token)
    assert code_of(sessions.read, key, token, 0) == "InvalidSecurityToken.MismatchWithAccessKey"


def test_what_is_attached_cannot_be_deleted(ram: Ram) -> None:
    """A role with a policy, and a policy of a role, stay until they are detached."""
    give(ram, "Read", allow("oss:Get*", "*"))
    assert code_of(ram.delete_role, "Reader") == "DeleteConflict.Role.Policy"
    assert code_of(ram.delete_policy, "Read") == "DeleteConflict.Policy.Role"
    ram.update_role("Reader", policies=[])
    ram.delete_policy("Read")
    ram.delete_role("Reader")
    assert code_of(ram.role, "Reader") == "EntityNotExist.Role"


def test_documents_that_say_nothing_clear_are_refused(ram: Ram) -> None:
    """A policy or trust policy that RAM cannot read is refused when it is made."""
    for document in ("{", '{"Version":"1","Statement":[{"Effect":"Maybe"}]}'):
        policy = ManagedPolicy("P", "", {"v1": document}, "v1")
        assert code_of(ram.put_policy, policy) == "MalformedPolicyDocument"
        refused = code_of(ram.create_role, "Other", document, "", 3600, {})
        assert refused == "MalformedPolicyDocument"


def test_an_unknown_access_key_is_refused(ram: Ram) -> None:
    """Only the account's key and those of its sessions are known."""
    assert code_of(ram.caller, "LTAIsomebodyelse", "") == "InvalidAccessKeyId.NotFound"
