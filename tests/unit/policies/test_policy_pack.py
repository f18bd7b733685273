"""What the engine is given: a policy for each rule, configured."""

import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import _NotApplicableError

from provisioning_policies import engine, rules, tokens
from provisioning_policies.configuration import parse, settings

FOLDER = Path(engine.__file__).parents[1]
CHOSEN = settings(rules.ALL, True, parse({}, rules.ALL, "nothing"))
POLICIES = {policy.name: policy for policy in engine.policies_of(rules.ALL, CHOSEN)}


def options() -> PolicyResourceOptions:
    """Return the options of a resource that is not protected."""
    return PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), ["url"])


def judged(
    name: str, token: str, props: dict[str, Any], config: dict[str, Any] | None = None
) -> list[str]:
    """Return what a policy reports about a resource."""
    said: list[str] = []

    def report(message: str, _: str | None = None) -> None:
        said.append(message)

    policy = POLICIES[name]
    if isinstance(policy, StackValidationPolicy):
        resource = PolicyResource(token, props, "urn:one", "one", options(), None, None, [], {})
        policy.validate(StackValidationArgs([resource], config), report)
    elif isinstance(policy, ResourceValidationPolicy):
        args = ResourceValidationArgs(token, props, "urn:one", "one", options(), None, config)
        policy.validate(args, report)
    return said


def test_a_policy_reports_what_its_rule_says() -> None:
    """A rule about a resource is asked about its types only."""
    props = {"retentionPeriod": 6}
    assert len(judged("log-retention", tokens.LOG_STORE, props)) == 1
    assert not judged("log-retention", tokens.FUNCTION, props)


def test_a_stack_policy_reports_what_its_rule_says() -> None:
    """A rule about a stack sees its resources; the configuration may exempt one of them."""
    props = {"eventSourceName": "a", "eventBusName": "b"}
    exemption = {"resource": "one", "reason": "another stack has the rule for it"}
    assert len(judged("source-has-rule", tokens.EVENT_SOURCE, props)) == 1
    assert not judged("source-has-rule", tokens.EVENT_SOURCE, props, {"exemptions": [exemption]})


def test_the_engines_configuration_reaches_the_rule() -> None:
    """Options that the engine hands over win over the defaults."""
    props = {"retentionPeriod": 6}
    assert not judged("log-retention", tokens.LOG_STORE, props, {"minimumDays": 6})


def test_an_exempt_resource_is_reported_as_not_applicable() -> None:
    """The engine hears the reason of an exemption."""
    exemption = {"resource": "o*", "reason": "a minute is enough for this"}
    with pytest.raises(_NotApplicableError) as error:
        judged("log-retention", tokens.LOG_STORE, {}, {"exemptions": [exemption]})
    assert exemption["reason"] == error.value.reason


def test_a_rule_sees_options_and_provider() -> None:
    """Protection, secret outputs and the provider's inputs come with a resource."""
    provider = PolicyProviderResource(tokens.PROVIDER, {"region": "cn-hangzhou"}, "urn:p", "p")
    args = ResourceValidationArgs("t", {"a": 1}, "urn:one", "one", options(), provider)
    seen = engine.resource_of(args)
    assert (
        seen.protected,
        tuple(seen.secret_outputs),
        seen.provider,
    ) == (False, ("url",), {"region": "cn-hangzhou"})


def test_the_pack_is_configured_for_every_rule() -> None:
    """The engine is told the level and the options of each rule."""
    config = engine.initial_config(CHOSEN)
    assert set(config) == set(POLICIES) == {rule.name for rule in rules.ALL}
    assert {"enforcementLevel": CHOSEN["log-retention"].level, "minimumDays": 90} == config[
        "log-retention"
    ]


def test_only_the_pack_itself_starts_a_server() -> None:
    """Building a PolicyPack starts a server, so one module does it and nothing imports that."""
    users = [path.name for path in FOLDER.rglob("*.py") if "PolicyPack(" in path.read_text()]
    assert users == ["__main__.py"]


def test_no_module_of_the_pack_hides_one_of_python() -> None:
    """The engine puts the pack's folder first on the search path of modules."""
    names = {path.stem for path in FOLDER.glob("*.py")} | {path.name for path in FOLDER.iterdir()}
    assert not names & set(sys.stdlib_module_names)
