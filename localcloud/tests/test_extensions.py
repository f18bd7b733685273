"""What a configuration brings along: hosts, views and changes of others, at the cloud's address."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lab
from localcloud import configuration, extension
from localcloud.configuration import ConfigurationError
from localcloud.environment import Environment
from localcloud.extension import Extension, ExtensionError
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import ExtensionSettings


async def _echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, request.body)


def create(options: dict[str, Any], environment: Environment) -> Extension:
    """Return an extension that a test can look at."""
    return Extension(handlers={options["host"]: _echo})


def nothing(options: dict[str, Any], environment: Environment) -> None:
    """Return what is not an extension."""


def test_an_extension_is_created_with_its_options() -> None:
    """The function that is named gets the options, and says what is served."""
    settings = ExtensionSettings(f"{__name__}:create", {"host": "api.example"})
    assert list(extension.load("x", settings, Environment()).handlers) == ["api.example"]


@pytest.mark.parametrize(
    ("create", "options", "reason"),
    [
        ("no.such:module", {}, "No module"),
        (f"{__name__}:missing", {}, "missing"),
        (f"{__name__}:create", {}, "options"),
        (f"{__name__}:nothing", {}, "no Extension"),
    ],
)
def test_an_extension_that_is_none(create: str, options: dict[str, Any], reason: str) -> None:
    """The message says what is wrong, without a traceback."""
    with pytest.raises(ExtensionError, match=reason):
        extension.load("x", ExtensionSettings(create, options), Environment())


@pytest.mark.parametrize(
    "text",
    ["{create: 7}", "{create: no function}", "{create: 'a:b', options: [1]}", "{other: 1}"],
)
def test_a_wrong_extension_in_the_file(tmp_path: Path, text: str) -> None:
    """The place of the mistake is named."""
    file = tmp_path / "localcloud.yaml"
    file.write_text(f"extensions:\n  x: {text}\n")
    with pytest.raises(ConfigurationError, match=r"extensions\.x"):
        configuration.read(file)


def test_what_ends_in_the_background_ends_the_cloud(tmp_path: Path) -> None:
    """One that went on without it would take requests that wait for ever; it says what and why."""
    (tmp_path / "failing.py").write_text(
        "from localcloud.extension import Extension\n\n\n"
        "async def run():\n    raise LookupError('no such tide')\n\n\n"
        "def create(options, environment):\n    return Extension(run=run)\n"
    )
    file = tmp_path / "localcloud.yaml"
    file.write_text("extensions:\n  tides: {create: 'failing:create'}\n")
    served = subprocess.run(
        [sys.executable, "-m", "localcloud", "serve", "--port", "0", "--config", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=lab.environment(tmp_path),
    )
    assert served.returncode == 1
    assert "LookupError: no such tide" in served.stderr
    last = " ".join(served.stderr.rpartition("Traceback")[2].split())
    assert "stopped, as a part of it failed: extension 'tides'; the reason is above" in last
    assert last.endswith("What was accepted is kept: start it again")
