"""The project is a program: installed nowhere, with one lock that names no registry."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[4]
LOCK = (ROOT / "requirements.lock").read_text()
PROGRAM = (ROOT / "requirements.txt").read_text()


def _pins(text: str) -> dict[str, set[str]]:
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)
    return {
        block.split()[0]: set(re.findall(r"--hash=(\S+)", block))
        for block in blocks
        if "==" in block
    }


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[><=;~ ]", requirement)[0] for requirement in requirements}


def test_nothing_is_built_of_it() -> None:
    """No wheel, so no folder of ours on the top level of anybody's site-packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "build-system" not in project
    assert project["tool"]["uv"]["package"] is False


def test_what_pulumi_installs_is_part_of_the_lock() -> None:
    """``pulumi install`` takes the same files as ``make``, as many as the program needs."""
    lock, program = _pins(LOCK), _pins(PROGRAM)
    assert program.items() <= lock.items()
    assert all(hashes for hashes in lock.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert _names(project["dependencies"]) <= {pin.split("==")[0] for pin in program}


def test_pulumi_can_ask_what_is_installed() -> None:
    """The engine lists an environment's packages with pip, in ours as in its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    assert "pulumi" in {package["name"] for package in json.loads(done.stdout)}


@pytest.mark.parametrize("folder", ["stacks", "components"])
def test_pulumi_finds_it_beside_the_program(folder: str) -> None:
    """Pip is led to it from where Pulumi runs pip: the folder of the program or the plugin."""
    (line,) = (
        line
        for line in (ROOT / folder / "requirements.txt").read_text().splitlines()
        if not line.startswith("#")
    )
    assert (ROOT / folder / line.removeprefix("-r ")).resolve() == ROOT / "requirements.txt"


@pytest.mark.parametrize("text", [LOCK, PROGRAM], ids=["lock", "program"])
def test_no_registry_is_named(text: str) -> None:
    """Where packages come from is the machine's business."""
    assert "://" not in text
    assert "index-url" not in text


def test_every_supported_python_is_tested() -> None:
    """Where one machine has several, and in the workflow, the same ones are tried."""
    script = (ROOT / "ops/dev/test-pythons.sh").read_text()
    (versions,) = re.findall(r"^readonly VERSIONS=\((.*)\)$", script, re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github/workflows/pull-request.yml").read_text())
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == versions.split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={versions.split()[0]}"
