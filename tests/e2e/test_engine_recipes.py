"""What the documents tell a Pulumi engineer to do with a stack, done under the real engine."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.running_cloud import RunningCloud
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, LOCAL, Project, planned

pytestmark = ENGINE

EVENTBRIDGE = "2020-04-01"
BUS = "provisioning-local"
SOURCE = "dingtalk.approval"
ADOPTED = {"loop": "", "loop-intake": "", "loop-intake-bus": BUS, f"loop-intake-{SOURCE}": SOURCE}


@pytest.fixture
def project(cloud: RunningCloud, tmp_path: Path) -> Project:
    """Return the stack with nothing in its state."""
    return Project(tmp_path / "project", cloud.endpoint)


def source_of(cloud: RunningCloud) -> dict[str, Any]:
    """Return what EventBridge says of the source."""
    found = cloud.client().rpc(EVENTBRIDGE, "ListUserDefinedEventSources", {"Limit": 50})
    (source,) = [s for s in found["Data"]["EventSourceList"] if s["Name"] == SOURCE]
    return dict(source)


def make_by_hand(cloud: RunningCloud) -> str:
    """Make a bus with a source, as somebody does in the console; return the source's URL."""
    client = cloud.client()
    client.rpc(EVENTBRIDGE, "CreateEventBus", {"EventBusName": BUS, "Description": "by hand"})
    client.rpc(
        EVENTBRIDGE,
        "CreateEventSource",
        {
            "EventBusName": BUS,
            "EventSourceName": SOURCE,
            "LinkedExternalSource": True,
            "SourceHttpEventParameters": {
                "Type": "HTTPS",
                "Method": ["POST"],
                "SecurityConfig": "none",
                "Ip": [],
                "Referer": [],
            },
        },
    )
    return str(source_of(cloud)["SourceHttpEventParameters"]["PublicWebHookUrl"][0])


def read_outputs(project: Project) -> dict[str, Any]:
    """Run the example of a stack reference as a project of its own; return what it exports."""
    (example,) = re.findall(
        r"```python\n(.*?StackReference.*?)```", (ROOT / "stacks/README.md").read_text(), re.DOTALL
    )
    folder = project.folder / "reader"
    folder.mkdir()
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "reader", "runtime": runtime}))
    (folder / "__main__.py").write_text(example.replace("/prod", f"/{LOCAL}"))
    project.run("stack", "init", LOCAL, folder="reader")
    project.run("up", "--yes", "--skip-preview", folder="reader")
    hidden = json.loads(project.run("stack", "output", "--json", folder="reader").stdout)
    assert hidden["url"] == "[secret]"
    shown = project.run("stack", "output", "--json", "--show-secrets", folder="reader").stdout
    return dict(json.loads(shown))


def test_a_bus_made_by_hand_is_adopted(cloud: RunningCloud, project: Project) -> None:
    """Bus and source keep their URL; nothing of them is made anew, and other programs read it."""
    url = make_by_hand(cloud)
    adopt = project.folder / "adopt.json"
    project.run("preview", "--import-file", str(adopt))
    written = json.loads(adopt.read_text())
    kept = [entry for entry in written["resources"] if entry["name"] in ADOPTED]
    for entry in kept:
        if not entry.get("component"):
            assert entry["id"] == "<PLACEHOLDER>"
            entry["id"] = ADOPTED[entry["name"]]
    adopt.write_text(json.dumps({**written, "resources": kept}))
    options = ("--generate-code=false", "--protect=false", "--yes")
    project.run("import", "--file", str(adopt), *options)

    plan = planned(project.preview())
    assert {name for name in ADOPTED if plan.get(name) not in {None, "update"}} == set()
    assert plan["loop-requests-rule"] == "create"
    project.up()
    outputs = project.outputs()
    assert outputs["webhooks"][SOURCE] == url
    assert read_outputs(project) == {"bus": BUS, "url": url}
