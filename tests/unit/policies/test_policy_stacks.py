"""The project's own stacks keep every rule, and no rule is unable to fail on them."""

import dataclasses
import json
from functools import cache
from pathlib import Path

import pytest

from localcloud.dryrun.project import Stack, read
from ops.policy.judge import Finding, Undecided, exempted, judge
from ops.policy.program import Change, Recorder, declared
from provisioning_policies import configuration, rules
from provisioning_policies.engine import policies_of
from provisioning_policies.rule import Resource
from tests.unit.policies.mutations import MUTATIONS, Mutation, Request

ROOT = Path(__file__).parents[3]
OWN = configuration.load(ROOT / "policies" / "configuration.yaml", rules.ALL)


def settings_for(stack: str) -> dict[str, configuration.Setting]:
    """Return how the pack applies its rules to a stack."""
    production = configuration.is_production(stack, OWN)
    return configuration.settings(rules.ALL, production, OWN)


def results(stack: str, resources: list[Resource]) -> list[Finding | Undecided]:
    """Judge resources as the pack judges this stack."""
    return list(judge(resources, policies_of(rules.ALL, settings_for(stack))))


def rows(found: list[Finding | Undecided]) -> list[tuple[str, str, str]]:
    """Return what a failure should show."""
    return [
        (one.policy.name, one.resource.name if one.resource else "", getattr(one, "message", ""))
        for one in found
    ]


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_the_project_keeps_its_own_rules(stack: str) -> None:
    """No rule finds anything in a stack of the project, not even advice."""
    found = rows(results(stack, declared(read(ROOT, stack))))
    assert not found, found


@pytest.mark.parametrize("form", ["direct", "stream"])
def test_it_keeps_them_whichever_way_events_reach_functions(form: str) -> None:
    """In the forms that are not the default as well, in production."""
    stack = read(ROOT, "prod")
    key = f"{stack.project}:settings"
    changed = {**json.loads(stack.config[key]), "function_delivery": form}
    found = rows(
        results(
            "prod",
            declared(dataclasses.replace(stack, config={**stack.config, key: json.dumps(changed)})),
        )
    )
    assert not found, found


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_nothing_of_the_project_is_exempt_but_the_public_trigger(stack: str) -> None:
    """The one exemption is known by name: native approvals come in where anybody may call."""
    found = exempted(declared(read(ROOT, stack)), rules.ALL, settings_for(stack))
    exempt = [
        (one.finding.policy.name, one.finding.resource.name)
        for one in found
        if one.finding.resource
    ]
    door = [("function-trigger-authenticated", "loop-native-http")]
    assert exempt == (door if stack == "local" else [])


def test_every_rule_has_a_mutation() -> None:
    """A rule cannot be added without a program that breaks it."""
    assert sorted(MUTATIONS) == sorted(rule.name for rule in rules.ALL)


@pytest.mark.parametrize("name", list(MUTATIONS))
def test_a_spoilt_program_breaks_exactly_this_rule(name: str, tmp_path: Path) -> None:
    """The production program with one thing wrong is stopped by the rule for it and no other."""
    mutation = MUTATIONS[name]
    if mutation.request:
        resources = resent(mutation.request)
    else:
        resources = declared(spoil(read(ROOT, "prod"), mutation, tmp_path))
    found = results("prod", resources)
    stopping = {one.policy.name for one in found if isinstance(one, Finding) and one.is_mandatory}
    assert stopping == {name}, rows(found)


@cache
def sent() -> tuple[bytes, ...]:
    """Return what the production program sends, resource by resource."""
    requests: list[bytes] = []
    declared(read(ROOT, "prod"), lambda request: requests.append(request.SerializeToString()))
    return tuple(requests)


def resent(change: Change) -> list[Resource]:
    """Return what the production program declares if something in what it sends is different."""
    recorder, touched = Recorder(read(ROOT, "prod").config), False
    for content in sent():
        request = Request.FromString(content)
        change(request)
        touched |= request != Request.FromString(content)
        recorder.note(request)
    assert touched, "the mutation met no resource"
    return recorder.declared


def spoil(stack_file: Stack, mutation: Mutation, directory: Path) -> Stack:
    """Return a stack whose configuration and program are changed as the mutation says."""
    if mutation.config:
        config = dict(stack_file.config)
        for old, new in mutation.config.items():
            assert any(old in text for text in config.values()), f"nothing says {old}"
            config = {key: text.replace(old, new) for key, text in config.items()}
        stack_file = dataclasses.replace(stack_file, config=config)
    if mutation.program:
        program = (stack_file.program / "__main__.py").read_text()
        program = f"{program}\nimport pulumi_alicloud as alicloud\n{mutation.program}"
        (directory / "__main__.py").write_text(program)
        stack_file = dataclasses.replace(stack_file, program=directory)
    return stack_file
