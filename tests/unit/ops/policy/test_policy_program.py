"""A stack's program is run without an engine, and what it declares is noted."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest

from localcloud.dryrun.project import ProjectError, read
from ops.policy.judge import Undecided, judge
from ops.policy.program import ProgramError, declared
from provisioning_policies import rules
from provisioning_policies.configuration import settings
from provisioning_policies.engine import policies_of
from provisioning_policies.rule import Resource
from provisioning_policies.secretness import is_secret
from tests.unit.policies.sample_stack import UNKNOWN, stack

Project = Callable[..., Path]


def resources(root: Path) -> dict[str, Resource]:
    """Return what stack ``dev`` of a project declares, by name."""
    return {one.name: one for one in declared(read(root, "dev"))}


def test_a_resource_is_seen_as_the_engine_would_hand_it_over(project: Project) -> None:
    """Type, inputs in camel case, options, provider and URN are there; outputs flow on."""
    bus = resources(project())["bus"]
    expected = Resource(
        type="alicloud:eventbridge/eventBus:EventBus",
        name="bus",
        props={"eventBusName": "letters", "description": "acs:ram::1234567890123456:role/clerk"},
        urn="urn:pulumi:dev::orders::alicloud:eventbridge/eventBus:EventBus::bus",
        protected=True,
        provider={"region": "eu-central-1"},
    )
    assert bus == expected


def test_the_default_provider_is_what_the_configuration_says(project: Project) -> None:
    """A resource without a provider of its own is made in the stack's region."""
    assert resources(project())["letters"].provider == {"region": "cn-hangzhou"}


def test_secrets_are_secret_and_missing_ones_count_as_set(project: Project) -> None:
    """Values from require_secret and get_secret are marked, whether the file holds them or not."""
    variables = resources(project())["clerk-function"].props["environmentVariables"]
    secrets = {name for name, value in variables.items() if is_secret(value)}
    assert secrets == {"API_TOKEN", "API_PASSWORD", "API_SECRET"}
    assert set(variables) - secrets == {"DEAD_LETTER_QUEUE"}
    assert str(variables["API_PASSWORD"]) == "https://placeholder.invalid/password"


def test_what_a_program_prints_does_not_mix_with_the_report(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output of the program goes to stderr."""
    resources(project())
    out, err = capsys.readouterr()
    assert not out
    assert "this goes to people" in err


def test_nothing_is_left_behind(project: Project) -> None:
    """Configuration, search path, directory and Pulumi's methods are as they were."""
    before = (Path.cwd(), list(sys.path), pulumi.Config.get_secret, dict(os.environ))
    resources(project())
    assert (Path.cwd(), sys.path, pulumi.Config.get_secret, dict(os.environ)) == before
    assert pulumi.Config("orders").get("seconds") is None


@pytest.mark.parametrize(
    ("config", "account"),
    [
        ("alicloud:accountId: '1000000000000001'", "1000000000000001"),
        ("orders:settings: {account_id: '1000000000000002'}", "1000000000000002"),
        ("orders:settings: {account: '1000000000000003'}", "1234567890123456"),
    ],
)
def test_the_credentials_are_those_of_the_stacks_account(
    project: Project, config: str, account: str
) -> None:
    """A program that compares the two goes on; what a stack calls its account is its account."""
    folder = project(
        program="import pulumi_alicloud as alicloud\n"
        "alicloud.message.ServiceQueue(\n"
        "    'letters', queue_name=alicloud.get_caller_identity().account_id)\n"
    )
    file = folder / "Pulumi.dev.yaml"
    file.write_text(f"{file.read_text()}  {config}\n")
    assert resources(folder)["letters"].props["queueName"] == account


def test_an_unknown_stack_is_named_with_those_that_exist(project: Project) -> None:
    """A slip in the stack's name is answered with the names."""
    with pytest.raises(ProjectError, match="there is no stack 'test'; there are dev, prod"):
        read(project(), "test")


def test_a_directory_without_a_project_is_refused(tmp_path: Path) -> None:
    """Nothing to judge is an error and no clean report."""
    with pytest.raises(ProjectError, match=r"holds no Pulumi\.yaml"):
        read(tmp_path, "dev")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import pulumi\nraise pulumi.RunError('no region is set')", "^no region is set$"),
        ("1 / 0", "the program of stack 'dev' failed: division by zero"),
    ],
)
def test_a_program_that_fails_is_no_clean_stack(
    project: Project, program: str, message: str
) -> None:
    """A program that stops is reported with its own words."""
    with pytest.raises(ProgramError, match=message):
        resources(project(program=program))


def test_what_cannot_be_judged_is_reported_as_such() -> None:
    """A rule that meets an unknown value neither passes nor fails."""
    sample = stack({"store.retentionPeriod": UNKNOWN, "approved.eventBusName": UNKNOWN})
    chosen = [rule for rule in rules.ALL if rule.name in {"log-retention", "bus-rules-quota"}]
    found = [
        (one.policy.name, one.resource.name if one.resource else None)
        for one in judge(list(sample.values()), policies_of(chosen, settings(chosen, True)))
        if isinstance(one, Undecided)
    ]
    expected = [("log-retention", "store"), ("bus-rules-quota", None)]
    assert found == expected
