"""What the program refuses under the real engine, before anything is made, in a preview too."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.running_cloud import RunningCloud
from tests.e2e.deployed import running_cloud
from tests.e2e.pulumi_project import ENGINE, Project
from tests.unit.stacks.conftest import PROJECT, fake_secrets, settings_of

pytestmark = ENGINE

WEBHOOK = f"{PROJECT}:chat-ops-dev-webhook"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud that is the account of stack dev."""
    number = settings_of("dev").account_id
    with running_cloud(tmp_path_factory.mktemp("dev"), "--account", number) as cloud:
        yield cloud


def dev(folder: Path, endpoint: str, *without: str) -> Project:
    """Return stack dev with its secrets, but for some."""
    project = Project(folder / "project", endpoint, stack="dev")
    project.set_secrets({k: v for k, v in fake_secrets("dev").items() if k not in without})
    return project


def refused(project: Project, *command: str) -> str:
    """Return what a command says that must fail without a traceback."""
    done = project.run(*command, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("command", [("preview",), ("up", "--yes", "--skip-preview")])
def test_credentials_of_another_account(
    cloud: RunningCloud, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """One line names both accounts; nothing was made in the wrong one."""
    said = refused(dev(tmp_path, cloud.endpoint), *command)
    (line,) = [line for line in said.splitlines() if "credentials are those of" in line]
    assert settings_of("dev").account_id in line
    assert cloud.ready["account_id"] in line
    buses = cloud.client().rpc("2020-04-01", "ListEventBuses", {})["Data"]["EventBuses"]
    assert [bus["EventBusName"] for bus in buses] == ["default"]


def test_an_account_id_in_the_environment_or_the_file_hides_nothing(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    """The provider would believe both; the cloud is asked."""
    project = dev(tmp_path, cloud.endpoint)
    project.change(
        lambda config, _: config.update({"alicloud:accountId": settings_of("dev").account_id})
    )
    assert "credentials are those of account" in refused(project, "preview")


def test_the_stacks_own_account(account: RunningCloud, tmp_path: Path) -> None:
    """With its credentials the same stack is planned."""
    assert dev(tmp_path, account.endpoint).preview()


def test_a_secret_in_plain_text(account: RunningCloud, tmp_path: Path) -> None:
    """It is named with the command that mends it, and the command does."""
    project = dev(tmp_path, account.endpoint, WEBHOOK)
    value = fake_secrets("dev")[WEBHOOK]
    project.run("config", "set", WEBHOOK, value)
    said = refused(project, "preview")
    assert "chat-ops-dev-webhook: stands in Pulumi.dev.yaml in plain text" in said
    assert value not in said
    (typed,) = [line.strip() for line in said.splitlines() if "pulumi config set" in line]
    words = [word for word in shlex.split(typed)[1:] if word not in {"--stack", "dev"}]
    project.run(*words, value)
    assert project.preview()


def test_settings_that_hide_an_encrypted_value(account: RunningCloud, tmp_path: Path) -> None:
    """The engine would hand it to the program in clear."""
    project = dev(tmp_path, account.endpoint)
    path = f"{PROJECT}:settings.bus.description"
    project.run("config", "set", "--secret", "--path", path, "hidden")
    assert "settings: holds an encrypted value" in refused(project, "preview")


def test_a_subfolder_is_as_good_as_the_project(account: RunningCloud, tmp_path: Path) -> None:
    """``pulumi`` looks upwards for its project, and the program finds its own files."""
    project = dev(tmp_path, account.endpoint)
    (project.folder / "docs" / "adr").mkdir(parents=True)
    assert "loop-intake-bus" in project.run("preview", folder="docs/adr").stdout
