"""Asks the policies of the pack about the resources of a stack, as the engine does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_policy import (
    EnforcementLevel,
    Policy,
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
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from provisioning_policies import tokens
from provisioning_policies.configuration import EXEMPTIONS, Setting, accepted
from provisioning_policies.engine import policies_of
from provisioning_policies.rule import AnyRule, Resource


@dataclass(frozen=True)
class Finding:
    """A violation of a policy by a resource."""

    policy: Policy
    resource: Resource
    message: str

    @property
    def is_mandatory(self) -> bool:
        """Whether an update would be stopped."""
        return self.policy.enforcement_level is EnforcementLevel.MANDATORY


@dataclass(frozen=True)
class Accepted:
    """Something that would have been found without an exemption."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Undecided:
    """A policy that could not judge, because a value is not known before the update."""

    policy: Policy
    resource: Resource | None
    reason: str


def judge(
    resources: Sequence[Resource], policies: Sequence[Policy]
) -> Iterator[Finding | Undecided]:
    """Yield what the policies find, policy by policy."""
    one_by_one = [(resource, _for_a_resource_policy(resource)) for resource in resources]
    whole_stack = StackValidationArgs([_for_a_stack_policy(resource) for resource in resources])
    for policy in policies:
        if policy.enforcement_level is EnforcementLevel.DISABLED:
            continue
        if isinstance(policy, ResourceValidationPolicy):
            for resource, args in one_by_one:
                yield from _judge_one(policy, resource, args)
        elif isinstance(policy, StackValidationPolicy):
            yield from _judge_all(policy, resources, whole_stack)


def exempted(
    resources: Sequence[Resource], rules: Sequence[AnyRule], settings: Mapping[str, Setting]
) -> Iterator[Accepted]:
    """Yield what the exemptions hide: what their policies find without them."""
    exempting = [rule for rule in rules if settings[rule.name].options.get(EXEMPTIONS)]
    strict = {
        rule.name: replace(
            settings[rule.name], options={**settings[rule.name].options, EXEMPTIONS: []}
        )
        for rule in exempting
    }
    for found in judge(resources, policies_of(exempting, strict)):
        if isinstance(found, Finding):
            reason = accepted(settings[found.policy.name].options, found.resource.name)
            if reason is not None:
                yield Accepted(found, reason)


def _for_a_resource_policy(resource: Resource) -> ResourceValidationArgs:
    return ResourceValidationArgs(
        resource.type,
        unknown_checking_proxy(dict(resource.props)),
        resource.urn,
        resource.name,
        _options(resource),
        _provider(resource),
    )


def _for_a_stack_policy(resource: Resource) -> PolicyResource:
    return PolicyResource(
        resource.type,
        unknown_checking_proxy(dict(resource.props)),
        resource.urn,
        resource.name,
        _options(resource),
        _provider(resource),
        None,
        [],
        {},
    )


def _judge_one(
    policy: ResourceValidationPolicy, resource: Resource, args: ResourceValidationArgs
) -> Iterator[Finding | Undecided]:
    messages: list[str] = []

    def report(message: str, _urn: str | None = None) -> None:
        messages.append(message)

    try:
        policy.validate(args, report)
    except UnknownValueError as error:
        yield Undecided(policy, resource, error.message)
    except _NotApplicableError:
        return
    yield from (Finding(policy, resource, message) for message in messages)


def _judge_all(
    policy: StackValidationPolicy, resources: Sequence[Resource], args: StackValidationArgs
) -> Iterator[Finding | Undecided]:
    by_urn = {resource.urn: resource for resource in resources}
    found: list[Finding] = []

    def report(message: str, urn: str | None = None) -> None:
        found.append(Finding(policy, by_urn[urn or ""], message))

    try:
        policy.validate(args, report)
    except UnknownValueError as error:
        yield Undecided(policy, None, error.message)
    yield from found


def _options(resource: Resource) -> PolicyResourceOptions:
    return PolicyResourceOptions(
        protect=resource.protected,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=list(resource.secret_outputs),
    )


def _provider(resource: Resource) -> PolicyProviderResource:
    return PolicyProviderResource(tokens.PROVIDER, dict(resource.provider), "", "")
