"""Each rule speaks when it is broken, is silent when it is kept, and says when it cannot know."""

import inspect
import re
from collections.abc import Iterator

import pytest
from pulumi_policy.proxy import UnknownValueError

from provisioning_policies import rules
from provisioning_policies.rule import AnyRule, Rule, StackRule
from provisioning_policies.rules import (
    commands,
    confidential,
    coverage,
    functions,
    keeping,
    permissions,
    queues,
    routing,
    sources,
    trust,
    wiring,
)
from tests.unit.policies.cases import CASES
from tests.unit.policies.sample_stack import Changes, stack, with_unknowns

BY_NAME = {rule.name: rule for rule in rules.ALL}


def messages(rule: AnyRule, changes: Changes) -> list[str]:
    """Return what a rule of production says about the changed sample stack."""
    return list(_messages(rule, changes))


def _messages(rule: AnyRule, changes: Changes) -> Iterator[str]:
    resources = [with_unknowns(resource) for resource in stack(changes).values()]
    options = rule.defaults(production=True)
    if isinstance(rule, StackRule):
        yield from (message for _, message in rule.check(resources, options))
        return
    for resource in resources:
        if rule.judges(resource.type):
            yield from rule.check(resource, options)


def numbered(kind: str) -> list[object]:
    """Return each broken or kept case with a readable name."""
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name, cases in CASES.items()
        for number, case in enumerate(getattr(cases, kind), start=1)
    ]


@pytest.mark.parametrize(("name", "case"), numbered("broken"))
def test_a_broken_rule_says_what_is_wrong(name: str, case: tuple[Changes, str]) -> None:
    """A rule names what is wrong with the value that it found."""
    changes, part = case
    found = messages(BY_NAME[name], changes)
    assert [part] == [part for message in found if part in message][:1], found


@pytest.mark.parametrize(("name", "changes"), numbered("kept"))
def test_a_kept_rule_is_silent(name: str, changes: Changes) -> None:
    """A rule has nothing to say about what keeps it."""
    found = messages(BY_NAME[name], changes)
    assert not found, found


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.unknown])
def test_what_is_unknown_is_not_judged(name: str) -> None:
    """A rule raises when the value on which it depends is not known before the update."""
    with pytest.raises(UnknownValueError):
        messages(BY_NAME[name], CASES[name].unknown)


def test_every_rule_has_its_cases() -> None:
    """No rule is without cases, and no case without a rule."""
    assert sorted(BY_NAME) == sorted(CASES)


def test_only_an_option_of_the_resource_is_always_known() -> None:
    """Two rules look at no value that could be unknown."""
    always_known = {name for name, case in CASES.items() if not case.unknown}
    assert always_known == {"event-bus-protected", "resource-type-known"}


def test_every_rule_is_listed() -> None:
    """A rule that is written down in a module is also applied."""
    modules = (
        commands,
        confidential,
        coverage,
        functions,
        keeping,
        permissions,
        queues,
        routing,
        sources,
        trust,
        wiring,
    )
    written = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Rule | StackRule)
    ]
    # One rule is made of all others: it has to know what they look at.
    names = [*(rule.name for rule in written), "resource-type-known"]
    assert sorted(names) == sorted(rule.name for rule in rules.ALL)
    assert len(BY_NAME) == len(rules.ALL)


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.name)
def test_every_rule_explains_itself(rule: AnyRule) -> None:
    """A rule has a name for configuration files, whole sentences, and a documented check."""
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", rule.name)
    assert not rule.summary.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.source.title
    assert inspect.getdoc(rule.check)
    assert inspect.isgeneratorfunction(rule.check)


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.name)
def test_no_message_shows_a_secret(rule: AnyRule) -> None:
    """What looks like a secret is described and never repeated."""
    secrets = ("0123456789abcdef", "0" * 64, "x1", "0123-4567")
    for changes, _ in CASES[rule.name].broken:
        said = " ".join(messages(rule, changes))
        assert not any(secret in said for secret in secrets), said
