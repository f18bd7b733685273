"""A stack under the real Pulumi engine, with settings, secrets and a state of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.running_cloud import RunningCloud
from localcloud.client import access_key_of
from localcloud.commandline.environment import clean
from ops.access import Access
from tests.e2e.deployed import ROOT

LOCAL = "local"
PLUGIN = "pulumi-resource-alicloud"


def why_not() -> str:
    """Tell what of the real engine is missing on this machine; nothing if it is all there."""
    if not shutil.which("pulumi"):
        return "`pulumi` is not on PATH"
    if not shutil.which(PLUGIN) and not list(_plugins().glob(f"resource-alicloud-*/{PLUGIN}")):
        return f"the provider's plugin {PLUGIN} is neither on PATH nor in {_plugins()}"
    return ""


def _plugins() -> Path:
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"


ENGINE = [
    pytest.mark.engine,
    pytest.mark.xdist_group("engine"),
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "the engine is here"),
]
"""The marks of tests that need the real engine."""


class Project:
    """A copy of the project's files for the engine; the program itself is the real one.

    Whatever the stack, its provider is pointed at the local cloud behind ``endpoint``.
    """

    def __init__(
        self,
        folder: Path,
        endpoint: str,
        program: Path = ROOT / "stacks",
        stack: str = LOCAL,
    ) -> None:
        for name in ("state", "home"):
            (folder / name).mkdir(parents=True)
        if _plugins().exists():
            (folder / "home" / "plugins").symlink_to(_plugins())
        self.folder, self.stack = folder, stack
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        project["main"] = str(program)
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        self.file = folder / f"Pulumi.{stack}.yaml"
        self._begin()
        key = access_key_of(endpoint)
        self._environment = {
            **clean(os.environ),
            "ALICLOUD_ACCESS_KEY": key.id,
            "ALICLOUD_SECRET_KEY": key.secret,
            "HTTP_PROXY": endpoint,
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self.run("stack", "init", stack)
        self.keep()

    def _begin(self) -> None:
        """Take the committed settings, with the provider of stack ``local``."""
        shutil.copy(ROOT / f"Pulumi.{self.stack}.yaml", self.file)
        if self.stack != LOCAL:
            provider = {k: v for k, v in _config(LOCAL).items() if k.startswith("alicloud:")}
            self.change(lambda config, _: config.update(provider))
        self.keep()

    def keep(self) -> None:
        """Let this be the configuration to which :meth:`reset` goes back."""
        self._kept = self.file.read_text()

    def reset(self) -> None:
        """Go back to the configuration before the changes."""
        self.file.write_text(self._kept)

    def set_secrets(self, secrets: Mapping[str, str]) -> None:
        """Encrypt secrets in the stack's file, and keep them there."""
        self.run("config", "set-all", *(f"--secret={key}={secrets[key]}" for key in secrets))
        self.keep()

    def change(self, edit: Callable[[dict[str, Any], Path], object]) -> None:
        """Change the configuration; the edit is given its keys and the project's folder."""
        content = yaml.safe_load(self.file.read_text())
        edit(content["config"], self.folder)
        self.file.write_text(yaml.safe_dump(content, allow_unicode=True))

    @contextmanager
    def program(self, folder: Path, packages: Path | None = None) -> Iterator[None]:
        """Let the stack have another program, with packages of its own, while the block lasts."""
        file = self.folder / "Pulumi.yaml"
        before = file.read_text()
        file.write_text(yaml.safe_dump({**yaml.safe_load(before), "main": str(folder)}))
        if packages:
            self._environment["PYTHONPATH"] = str(packages)
        try:
            yield
        finally:
            self._environment.pop("PYTHONPATH", None)
            file.write_text(before)

    def preview(self) -> list[dict[str, Any]]:
        """Return the steps that ``up`` would take."""
        steps: list[dict[str, Any]] = json.loads(self.run("preview", "--json").stdout)["steps"]
        return steps

    def up(self, *arguments: str) -> dict[str, str]:
        """Bring the cloud to what the settings say; give what was done to which resource."""
        return done(self.run("up", "--yes", "--skip-preview", "--json", *arguments).stdout)

    def refresh(self) -> dict[str, str]:
        """Read the cloud into the state; give what was found changed."""
        return done(self.run("refresh", "--yes", "--skip-preview", "--json").stdout)

    def destroy(self) -> None:
        """Delete everything of the stack."""
        self.run("destroy", "--yes", "--skip-preview")

    def access(self, cloud: RunningCloud) -> Access:
        """Return how commands about the stack reach its cloud."""
        key = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.key[0],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.key[1],
            "ALIBABA_CLOUD_ENDPOINT_ECS": cloud.endpoint,
        }
        config = yaml.safe_load(self.file.read_text())["config"]
        settings = config["ecs-provisioning-loop:settings"]
        prefix = f"provisioning-{settings['environment']}"
        return Access(config["alicloud:region"], settings["account_id"], prefix, key)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets revealed: they guard nothing here."""
        found = self.run("stack", "output", "--json", "--show-secrets").stdout
        return dict(json.loads(found))

    def run(
        self, *arguments: str, check: bool = True, folder: str = "."
    ) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi``; unless told otherwise, fail with all that it said if it fails."""
        stack = [] if arguments[:2] == ("stack", "init") else ["--stack", self.stack]
        done = subprocess.run(
            ["pulumi", *arguments, *stack, "--non-interactive", "--color", "never"],
            cwd=self.folder / folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"pulumi {arguments[0]}:\n{done.stdout}\n{done.stderr}"
        return done


def _config(stack: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"])


def planned(steps: list[dict[str, Any]]) -> dict[str, str]:
    """Return the operation on each resource that a plan changes, by the last part of its URN."""
    return _changes((step["urn"], step["op"]) for step in steps)


def done(events: str) -> dict[str, str]:
    """Return the operation on each resource that a run changed, from the engine's events."""
    ended = [
        json.loads(line)["resOutputsEvent"]["metadata"]
        for line in events.splitlines()
        if '"resOutputsEvent"' in line
    ]
    return _changes((step["urn"], step["op"]) for step in ended)


def _changes(steps: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Leave out what stays; a replacement is several steps for the engine and one word here."""
    found: dict[str, str] = {}
    for urn, operation in steps:
        if operation in {"create-replacement", "delete-replaced", "replace"}:
            found[urn.rpartition("::")[2]] = "replace"
        elif operation not in {"same", "read", "refresh"}:
            found[urn.rpartition("::")[2]] = operation
    return dict(sorted(found.items()))
