"""The workflows do nothing that a person cannot do with make, and trust nothing unpinned."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(
    re.findall(r"^([a-z]+)(?: [a-z ]+)?:(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
) | {"up"}


def jobs() -> list[Any]:
    """Give every job of every workflow."""
    return [
        pytest.param(job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    ]


@pytest.mark.parametrize("job", jobs())
def test_steps_are_make_targets_and_scripts(job: dict[str, Any]) -> None:
    """Each command is a make target of the project, a script of it, or fills the summary."""
    commands = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    strange = [
        line
        for line in commands
        if not (
            (line.startswith("make ") and line.split()[1] in TARGETS)
            or (line.startswith("scripts/") and (ROOT / line.split()[0]).exists())
            or line == 'cat .review/comment.md >>"$GITHUB_STEP_SUMMARY"'
        )
    ]
    assert [] == strange


@pytest.mark.parametrize("job", jobs())
def test_actions_are_pinned(job: dict[str, Any]) -> None:
    """An action is named by the hash of a commit."""
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [] == [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)]


def test_who_may_write_runs_for_no_fork() -> None:
    """A job of a pull request that has a permission or an environment is not run for a fork."""
    content = yaml.safe_load((ROOT / ".github" / "workflows" / "pull-request.yml").read_text())
    for_forks = [
        name
        for name, job in content["jobs"].items()
        if "head.repo.full_name == github.repository" not in job.get("if", "")
    ]
    with_rights = [
        name
        for name, job in content["jobs"].items()
        if set(job["permissions"].values()) != {"read"} or "environment" in job
    ]
    assert ["check", "test", "judge"] == for_forks
    assert ["plan", "comment"] == with_rights


def test_forks_get_no_rights() -> None:
    """No workflow runs a fork's code with this repository's rights."""
    events = {e for path in WORKFLOWS for e in yaml.safe_load(path.read_text())[True]}
    assert {"pull_request", "push", "schedule", "workflow_dispatch"} == events


def test_deployments_are_never_interrupted() -> None:
    """Only the deployment changes stacks, one at a time, and nothing cancels it."""
    content = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    said = [content["concurrency"], *(job["concurrency"] for job in content["jobs"].values())]
    assert ["deploy", "stack-dev", "stack-prod"] == [each["group"] for each in said]
    assert {False} == {each["cancel-in-progress"] for each in said}
    others = [p.name for p in WORKFLOWS if "make up" in p.read_text()]
    assert ["deploy.yml"] == others
