"""The role of the workflows: whom it trusts, what it may do, what it refuses to trust."""

import json
from typing import Any, cast

import pytest

from components import (
    DeploymentProvider,
    DeploymentRole,
    DeploymentRoleArgs,
)
from tests.unit.fake_engine import FakeEngine

PROVIDER = "acs:ram::1234567890123456:oidc-provider/github"
PROD = "repo:example/loop:environment:prod"


def args(*subjects: str, **more: Any) -> DeploymentRoleArgs:
    """Return the arguments of a role that may list buses."""
    given: dict[str, Any] = {
        "role_name": "loop-deploys",
        "provider_arn": PROVIDER,
        "subjects": list(subjects),
        "permissions": [{"actions": ["eventbridge:ListEventBuses"], "resources": ["acs:x"]}],
        **more,
    }
    return cast("DeploymentRoleArgs", given)


def test_github_is_made_known(engine: FakeEngine) -> None:
    """The provider takes GitHub's tokens that were signed for Alibaba Cloud, and no others."""
    engine.run(lambda: DeploymentProvider("github", {"provider_name": "github"}))
    assert engine.one("OidcProvider").inputs == {
        "oidcProviderName": "github",
        "issuerUrl": "https://token.actions.githubusercontent.com",
        "clientIds": ["sts.aliyuncs.com"],
        "description": "Tokens of GitHub Actions",
    }
    assert engine.one("OidcProvider").replaced_by_delete_first, "its name is taken until then"


def test_exactly_the_named_jobs_are_trusted(engine: FakeEngine) -> None:
    """Issuer, audience and subject must all be equal to what is written."""
    engine.run(lambda: DeploymentRole("role", args(PROD)))
    document = json.loads(engine.one("Role").inputs["assumeRolePolicyDocument"])
    assert document["Statement"] == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Federated": [PROVIDER]},
            "Condition": {
                "StringEquals": {
                    "oidc:aud": ["sts.aliyuncs.com"],
                    "oidc:iss": ["https://token.actions.githubusercontent.com"],
                    "oidc:sub": [PROD],
                }
            },
        }
    ]


def test_it_may_do_what_is_listed(engine: FakeEngine) -> None:
    """The role's own policy is attached to it, and holds the permissions alone."""
    engine.run(lambda: DeploymentRole("role", args(PROD)))
    document = json.loads(engine.one("Policy").inputs["policyDocument"])
    assert document["Statement"] == [
        {"Effect": "Allow", "Action": ["eventbridge:ListEventBuses"], "Resource": ["acs:x"]}
    ]
    attached = engine.one("RolePolicyAttachment").inputs
    assert (attached["policyName"], attached["roleName"]) == ("loop-deploys", "loop-deploys")


@pytest.mark.parametrize(("said", "seconds"), [(None, 3600), (7200, 7200)])
def test_a_session_is_short(engine: FakeEngine, said: int | None, seconds: int) -> None:
    """A job has the role for an hour unless somebody asks for more."""
    more = {"max_session_seconds": said} if said else {}
    engine.run(lambda: DeploymentRole("role", args(PROD, **more)))
    assert engine.one("Role").inputs["maxSessionDuration"] == seconds


@pytest.mark.parametrize(
    "subject",
    [
        "repo:example/*:environment:prod",
        "repo:example/loop:*",
        "repo:example/loop:pull_request",
        "*",
        "",
    ],
)
def test_a_wide_subject_is_refused(engine: FakeEngine, subject: str) -> None:
    """Whoever could take the role on by opening a pull request does not get it."""
    with pytest.raises(ValueError, match="is not accepted; write repo:<owner>/<name>"):
        engine.run(lambda: DeploymentRole("role", args(subject)))


def test_a_role_for_nobody_is_refused(engine: FakeEngine) -> None:
    """Without a subject the condition would not hold anybody off."""
    with pytest.raises(ValueError, match="at least one subject"):
        engine.run(lambda: DeploymentRole("role", args()))
