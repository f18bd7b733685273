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
FLOCK = "/usr/local/sbin/flock"
WAITING = f"""mkdir -p {FLOCK.rpartition("/")[0]}; cat >{FLOCK} <<'END'
#!/bin/bash
echo held >/tmp/held
until [[ -e /tmp/go ]]; do sleep 0.2; done
PATH="${{PATH#*/usr/local/sbin:}}" exec flock "$@"
END
chmod +x {FLOCK}"""
"""Puts a tool before the scripts' own that takes the lock once somebody has said so."""


def hold(cloud: RunningCloud, loop: Loop) -> None:
    """Let every run of a script wait until there is a file `/tmp/go`."""
    run_by_hand(cloud, WAITING)
    loop.wait("the tool that waits", lambda: "exec" in loop.file("i-local0001", FLOCK))
    loop.settle()


def run_by_hand(cloud: RunningCloud, script: str) -> None:
    """Run a script on the instance, which is none of the stack's."""
    asked = {
        "Type": "RunShellScript",
        "CommandContent": base64.b64encode(script.encode()).decode(),
        "InstanceId.1": "i-local0001",
    }
    cloud.client().rpc(ECS, "RunCommand", asked)


def names(cloud: RunningCloud, stack: str = "local") -> list[str]:
    """Return the commands of a stack that grant a role."""
    found = cloud.client().rpc(ECS, "DescribeCommands", {})["Commands"]["Command"]
    return [c["Name"] for c in found if c["Name"].startswith(f"provisioning-{stack}-provision-")]


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
    hold(cloud, loop)
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
