"""Names that change, under the real engine: logical ones with an alias, physical ones by settings.

A logical name that changes without an alias makes a second bus beside the first, whose name is
taken; a physical one that changes replaces everything that carries it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.loop import Loop, event
from lab.running_cloud import RunningCloud
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, LOCAL, Project, planned
from tests.unit.stacks.conftest import run_stack
from tests.unit.stacks.urns import aliases, committed

pytestmark = ENGINE

SETTINGS = "ecs-provisioning-loop:settings"
RENAMED = f"""
import runpy

import pulumi
from components import event_intake, provisioning_loop


class Door(event_intake.EventIntake):
    def __init__(self, name, args, opts):
        known = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=old) for old in {{aliases}}])
        super().__init__(
            name.replace("-intake", "-door"), args, pulumi.ResourceOptions.merge(opts, known)
        )


provisioning_loop.EventIntake = Door
runpy.run_path({str(ROOT / "stacks")!r}, run_name="__main__")
"""
"""The stack's program, with its intake under another name."""


@pytest.fixture(scope="module")
def deployed(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the stack as ``up`` left it."""
    project = Project(tmp_path_factory.mktemp("engine") / "project", cloud.endpoint)
    project.up()
    return project


@pytest.fixture
def project(deployed: Project) -> Iterator[Project]:
    """Return the stack with the committed settings and the committed program."""
    yield deployed
    deployed.reset()


def renamed(folder: Path, *aliases: str) -> Path:
    """Write the program with the renamed intake, which accepts these names as its old ones."""
    (folder / "__main__.py").write_text(RENAMED.format(aliases=list(aliases)))
    return folder


def state_of(project: Project) -> list[dict[str, Any]]:
    """Return the resources of the stack's state."""
    found: list[dict[str, Any]] = exported(project)["deployment"]["resources"]
    return found


def exported(project: Project) -> dict[str, Any]:
    """Return the stack's whole state."""
    return dict(json.loads(project.run("stack", "export").stdout))


def test_the_snapshot_is_what_the_engine_calls_the_resources(project: Project) -> None:
    """What the mocks name is what is in a real state, of components and of resources."""
    urns = {resource["urn"] for resource in state_of(project)}
    own = {urn for urn in urns if "::pulumi:" not in urn}
    assert committed(LOCAL) - aliases(run_stack(LOCAL)[0]).keys() == own


def test_a_stack_of_the_snapshot_is_taken_over(project: Project, tmp_path: Path) -> None:
    """From a state that has every name of the snapshot the program makes and replaces nothing."""
    old = {urn: alias for alias, urn in aliases(run_stack(LOCAL)[0]).items()}
    before = exported(project)
    text = json.dumps(before)
    for urn, alias in old.items():
        if alias in committed(LOCAL):
            text = text.replace(json.dumps(urn)[1:-1], json.dumps(alias)[1:-1])
    (tmp_path / "state.json").write_text(text)
    project.run("stack", "import", "--file", str(tmp_path / "state.json"))
    assert planned(project.preview()) == {}
    (tmp_path / "state.json").write_text(json.dumps(before))
    project.run("stack", "import", "--file", str(tmp_path / "state.json"))


def test_a_renamed_component_is_made_a_second_time(project: Project, tmp_path: Path) -> None:
    """Without an alias the engine takes the bus and its sources for new ones."""
    with project.program(renamed(tmp_path)):
        plan = planned(project.preview())
    assert (plan["loop-door-bus"], plan["loop-intake-bus"]) == ("create", "delete")


def test_an_alias_of_the_component_keeps_everything(project: Project, tmp_path: Path) -> None:
    """Its children inherit the alias: nothing is made, replaced or deleted."""
    with project.program(renamed(tmp_path, "loop-intake")):
        summary = json.loads(project.run("preview", "--json").stdout)["changeSummary"]
    own = committed(LOCAL) - aliases(run_stack(LOCAL)[0]).keys()
    assert {"same": 1 + len(own)} == summary, "every resource, and the stack itself"


def test_a_chat_may_be_delivered_in_another_way(project: Project) -> None:
    """Its own rules go, and the rule of all chats that the function serves takes its results."""
    project.change(lambda config, _: config[SETTINGS]["chats"]["audit"].update(delivery="function"))
    done = project.up()
    assert done["loop-chats-audit-completed-rule"] == "delete"
    assert done["loop-chats-audit-failed-rule"] == "delete"
    assert done["loop-chats-results-rule"] == "update"
    project.reset()
    assert project.up()["loop-chats-audit-failed-rule"] == "create"


def test_webhooks_work_after_the_bus_was_renamed(cloud: RunningCloud, project: Project) -> None:
    """Sources keep their names on a new bus; their new URLs lead to it, and a request runs."""
    project.change(lambda config, _: config[SETTINGS].update(name_prefix="renamed"))
    assert project.up()["loop-intake-bus"] == "replace"
    outputs = project.outputs()
    assert outputs["bus_name"] == "renamed"
    loop = Loop(cloud.ready, outputs)
    seen = loop.last_message("ops")
    loop.post("dingtalk.approval", event("dingtalk-approval"))
    assert "Provisioned" in loop.next_message("ops", seen)["text"]
    assert project.refresh() == {}
    assert planned(project.preview()) == {}
