"""Applies rules to the resources of a stack without the engine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UnknownValueError

from provisioning_policies.configuration import Setting, accepted
from provisioning_policies.rule import AnyRule, Resource, Rule


@dataclass(frozen=True)
class Finding:
    """Something that a rule says about a resource."""

    rule: AnyRule
    level: EnforcementLevel
    resource: Resource
    message: str
    accepted: str | None = None
    """The reason for which the configuration accepts it."""

    @property
    def stops(self) -> bool:
        """Whether an update would be stopped."""
        return self.level is EnforcementLevel.MANDATORY and self.accepted is None


@dataclass(frozen=True)
class Undecided:
    """A rule that could not judge, because a value is not known before the update."""

    rule: AnyRule
    resource: Resource | None
    reason: str


def judge(
    resources: Sequence[Resource], rules: Iterable[AnyRule], settings: Mapping[str, Setting]
) -> Iterator[Finding | Undecided]:
    """Yield what the rules find, rule by rule."""
    for rule in rules:
        setting = settings[rule.name]
        if setting.level is EnforcementLevel.DISABLED:
            continue
        if isinstance(rule, Rule):
            for resource in resources:
                if resource.type in rule.types:
                    yield from _judge_one(rule, resource, setting)
        else:
            try:
                for resource, message in rule.check(resources, setting.options):
                    yield _finding(rule, resource, message, setting)
            except UnknownValueError as error:
                yield Undecided(rule, None, error.message)


def _judge_one(rule: Rule, resource: Resource, setting: Setting) -> Iterator[Finding | Undecided]:
    try:
        for message in rule.check(resource, setting.options):
            yield _finding(rule, resource, message, setting)
    except UnknownValueError as error:
        yield Undecided(rule, resource, error.message)


def _finding(rule: AnyRule, resource: Resource, message: str, setting: Setting) -> Finding:
    reason = accepted(setting.options, resource.name)
    return Finding(rule, setting.level, resource, message, reason)
