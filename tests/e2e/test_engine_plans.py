"""What is approved is what is applied: ``preview --save-plan``, then ``up --plan``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.running_cloud import RunningCloud
from tests.e2e.deployed import running_cloud
from tests.e2e.pulumi_project import ENGINE, Project
from tests.unit.stacks.conftest import PROJECT, fake_secrets, settings_of

pytestmark = ENGINE

STACK = "dev"
SETTINGS = f"{PROJECT}:settings"
BUS = "provisioning-dev"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud that is the stack's account."""
    number = settings_of(STACK).account_id
    with running_cloud(tmp_path_factory.mktemp("cloud"), "--account", number) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def deployed(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the stack as ``up`` left it; its secrets are encrypted, as in a real stack."""
    folder = tmp_path_factory.mktemp("engine") / "project"
    project = Project(folder, cloud.endpoint, stack=STACK)
    # The local cloud has no CloudMonitor.
    project.change(lambda config, _: config[SETTINGS].pop("alarms"))
    project.set_secrets(fake_secrets(STACK))
    project.up()
    return project


@pytest.fixture
def project(deployed: Project) -> Iterator[Project]:
    """Return the stack with the committed settings."""
    yield deployed
    deployed.reset()
    deployed.up("--refresh")


def plan(project: Project) -> str:
    """Plan the stack as the workflow does; return the file."""
    file = str(project.folder / "plan.json")
    project.run("preview", "--json", "--refresh", "--save-plan", file)
    return file


def apply(project: Project, file: str) -> str:
    """Carry a plan out as the workflow does; return what was said if it failed."""
    options = ("--plan", file, "--refresh", "--yes", "--skip-preview")
    done = project.run("up", *options, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def change(project: Project, description: str) -> None:
    """Change a setting that one resource holds."""
    project.change(lambda config, _: config[SETTINGS].update(bus={"description": description}))


def description(cloud: RunningCloud) -> str:
    """Return what the bus says of itself."""
    found = cloud.client().rpc("2020-04-01", "GetEventBus", {"EventBusName": BUS})
    return str(found["Data"]["Description"])


def test_a_plan_is_carried_out(cloud: RunningCloud, project: Project) -> None:
    """When nothing has moved, what was planned happens."""
    change(project, "approved")
    assert apply(project, plan(project)) == ""
    assert description(cloud) == "approved"


def test_settings_that_moved_stop_it(cloud: RunningCloud, project: Project) -> None:
    """Whoever changes a setting after the approval changes nothing in the cloud."""
    before = description(cloud)
    change(project, "approved")
    file = plan(project)
    change(project, "not approved")
    assert "violates plan" in apply(project, file)
    assert description(cloud) == before


def test_a_cloud_that_moved_stops_it(cloud: RunningCloud, project: Project) -> None:
    """What somebody did by hand after the approval is not overwritten unseen."""
    change(project, "approved")
    file = plan(project)
    moved = {"EventBusName": BUS, "RuleName": "archive", "FilterPattern": '{"source":["no"]}'}
    cloud.client().rpc("2020-04-01", "UpdateRule", moved)
    assert "violates plan" in apply(project, file)


def test_a_plan_holds_no_secret_in_clear(project: Project) -> None:
    """Whoever may read the artifact of a run learns nothing: secrets are encrypted in it."""
    project.change(lambda config, _: config[SETTINGS].update(retry="EXPONENTIAL_DECAY_RETRY"))
    webhooks = project.outputs()["webhooks"].values()
    text = Path(plan(project)).read_text()
    assert "loop-chats-results-rule" in text
    assert [secret for secret in {*fake_secrets(STACK).values(), *webhooks} if secret in text] == []
