"""A script that changes while the old one runs, under the real engine.

The update ends well, the run and its message come to their end, and the old command goes away when
nobody runs it any more.
"""

import base64
import json
from pathlib import Path
from typing import Any

from demo.loop import Loop, event
from lab.running_cloud import RunningCloud
from ops.prune.command import Pruned, commands_of, prune
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, Project
from tests.e2e.test_engine import give_devops_a_package

pytestmark = ENGINE

ECS = "2014-05-26"
HOLDS = "mkdir -p {0}; exec 9>{0}/.lock; flock 9; while [[ ! -e /tmp/go ]]; do sleep 0.2; done"
"""Keeps the lock under which the scripts work, until somebody says so."""


def run_by_hand(cloud: RunningCloud, script: str) -> None:
    """Run a script on the instance, which is none of the stack's."""
    asked = {
        "Type": "RunShellScript",
        "CommandContent": base64.b64encode(script.encode()).decode(),
        "InstanceId.1": "i-local0001",
    }
    cloud.client().rpc(ECS, "RunCommand", asked)


def names(cloud: RunningCloud) -> list[str]:
    """Return the commands of the stack that grant a role."""
    found = cloud.client().rpc(ECS, "DescribeCommands", {})["Commands"]["Command"]
    return [c["Name"] for c in found if c["Name"].startswith("provisioning-local-provision-")]


def pruned(cloud: RunningCloud, project: Project) -> Pruned:
    """Do what `make up` does at its end."""
    state: dict[str, Any] = json.loads(project.run("stack", "export").stdout)
    return prune(project.access(cloud), commands_of(state))


def test_the_old_command_stays_until_its_runs_have_ended(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    """Then the next look takes it away, and finds nothing more the time after."""
    project = Project(tmp_path / "project", cloud.endpoint)
    project.up()
    loop = Loop(cloud.ready, project.outputs())
    (old,) = names(cloud)
    run_by_hand(cloud, HOLDS.format("/var/lib/provisioning"))
    seen = loop.last_message("ops")
    loop.post("dingtalk.approval", event("dingtalk-approval"))
    loop.wait("the run to begin", lambda: old in str(loop.invocations()))

    project.change(give_devops_a_package)
    assert project.up()["loop-provision-command"] == "replace"
    new, still = names(cloud)
    assert still == old != new
    assert pruned(cloud, project) == Pruned([], [old])
    assert project.up() == {}, "the update is done, though the old command is there"

    run_by_hand(cloud, "touch /tmp/go")
    assert "E123" in loop.next_message("ops", seen)["text"]
    loop.settle()
    assert pruned(cloud, project) == Pruned([old], [])
    assert names(cloud) == [new]
    assert pruned(cloud, project) == Pruned([], [])

    project.destroy()
    # Its commands are nobody's now.
    assert [name[:-12] for name in prune(project.access(cloud), ()).deleted] == [
        "provisioning-local-provision-",
        "provisioning-local-deprovision-",
    ]
    left = loop.inspector.get("resources")
    assert set(left) == {"ecs.instance", "eventbridge.bus"}


def test_the_recipe_is_what_make_does() -> None:
    """`make up` and `make destroy` end with it."""
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.partition("\nup destroy:\n")[2].partition("\n\n")[0]
    assert "-m ops prune --stack $(STACK)" in recipe
