"""A stack that the first version of this project deployed becomes one of today by ``up``.

``upgrade/first-version.tar.xz`` holds what that version's program needs: components, functions,
scripts, settings. Under the engine it makes the old state, in the state and in the cloud.
"""

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.loop import Loop, event
from demo.play import CONFIGURATION
from lab import running_cloud as lab
from lab.running_cloud import RunningCloud
from ops.prune.command import Pruned
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, Project
from tests.e2e.test_engine_running_command import hold, names, pruned, run_by_hand

pytestmark = ENGINE

SETTINGS = "ecs-provisioning-loop:settings"
ARCHIVE = Path(__file__).parent / "upgrade/first-version.tar.xz"
GONE = {
    f"loop-chats-{chat}-{kind}-rule"
    for chat in ("ops", "people")
    for kind in ("completed", "failed")
}
"""The rules of chats that the function serves: one rule puts the results of all into its queue."""
MADE_ANEW = {
    "loop-deprovision-command",
    "loop-provision-command",
    "loop-requests-run-command-attachment",
    "loop-requests-run-command-policy",
}
"""A command cannot be changed, and the policy that allows the old one goes last."""
OLD_READINGS = {"unlinked_source": "with-url", "event_ids": "any"}
"""What the first version needs of a cloud: its sources were not linked, and its ids had colons."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud that is read as the first version read the documentation."""
    folder = tmp_path_factory.mktemp("cloud")
    around = {**yaml.safe_load(CONFIGURATION.read_text()), "readings": OLD_READINGS}
    (folder / "cloud.yaml").write_text(yaml.safe_dump(around))
    with lab.running_cloud(folder / "data", config=folder / "cloud.yaml") as cloud:
        yield cloud


def deploy_first_version(
    project: Project, folder: Path, edit: Callable[[dict[str, Any]], object] = lambda _: None
) -> None:
    """Bring a stack to where the first version left it; nothing of today is in the way.

    Args:
        project: the stack; its secrets are the first version's as well.
        folder: where the first version is unpacked.
        edit: makes the settings of its stack file those of a company.
    """
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    old = yaml.safe_load((folder / f"Pulumi.{project.stack}.yaml").read_text())["config"]
    own = {key: value for key, value in old.items() if not key.startswith("alicloud:")}
    edit(own[SETTINGS])

    def as_it_was(config: dict[str, Any], _: Path) -> None:
        for key in [key for key in config if not key.startswith("alicloud:")]:
            if "secure" not in config[key]:
                del config[key]
        config.update(own)

    project.change(as_it_was)
    with project.program(folder / "stacks", packages=folder):
        project.up()
    project.reset()


def name_of(urn: str) -> str:
    """Return the name of a resource."""
    return urn.rpartition("::")[2]


def make_up(cloud: RunningCloud, project: Project) -> "subprocess.CompletedProcess[str]":
    """Run ``make up STACK=local`` on the state of a project."""
    command = [sys.executable, "-m", "ops", "up", "--stack", "local"]
    return subprocess.run(
        [*command, "--endpoint", cloud.endpoint, "--state", str(project.folder / "state")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def resources(project: Project) -> dict[str, str]:
    """Return the id of each resource of the state, by the URN; of a component, nothing."""
    state = json.loads(project.run("stack", "export").stdout)
    found: list[dict[str, Any]] = state["deployment"]["resources"]
    own = [r for r in found if "::pulumi:" not in r["urn"] and not r.get("delete")]
    return {r["urn"]: str(r.get("id", "")) for r in own}


def in_the_cloud(found: Mapping[str, str]) -> dict[str, str]:
    """Return the id of each resource that is no component, by its name.

    It keeps its name where it moves out of a component.
    """
    return {name_of(urn): own for urn, own in found.items() if own}


def test_an_old_stack_becomes_a_new_one_and_loses_no_request(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    """A request that runs under the old script while all else is replaced is told once."""
    project = Project(tmp_path / "project", cloud.endpoint)
    deploy_first_version(project, tmp_path / "first")
    before, had = project.outputs(), resources(project)
    loop = Loop(cloud.ready, before)
    (old,) = names(cloud)
    seen = loop.last_message("ops")
    hold(cloud, loop)
    loop.post("dingtalk.approval", event("dingtalk-approval"))
    loop.wait("the run to begin", lambda: old in str(loop.invocations()))

    done = make_up(cloud, project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.outputs()["webhooks"] == before["webhooks"]
    assert len(names(cloud)) == 2
    assert pruned(cloud, project).running == [old]
    had, has = in_the_cloud(had), in_the_cloud(resources(project))
    assert had.keys() - has.keys() == GONE
    assert {name for name in had.keys() & has.keys() if had[name] != has[name]} == MADE_ANEW

    run_by_hand(cloud, "touch /tmp/go")
    assert "E123" in loop.next_message("ops", seen)["text"]
    loop.settle()
    assert project.up() == {}
    assert pruned(cloud, project) == Pruned([old], [])

    told = [message["text"] for message in loop.messages("ops", seen)]
    assert len([text for text in told if "E123" in text]) == 1
    again = json.loads(event("dingtalk-approval"))
    again["detail"] |= {"emp_id": "E124", "request_id": "after-1"}
    loop.post("dingtalk.approval", json.dumps(again).encode())
    loop.wait("the next approval", lambda: loop.account("i-local0001", "emp-e124"))
