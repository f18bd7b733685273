"""Every command of the project ends in one line where a user did something wrong."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.commandline.command import load, run
from ops.cli import ENGINE_COMMANDS

ROOT = Path(__file__).parents[3]
DOORS = {
    "demo": ("demo.__main__", ROOT / "demo/__main__.py"),
    "localcloud": ("localcloud.cli", ROOT / "localcloud/src/localcloud/__main__.py"),
    "ops": ("ops.cli", ROOT / "ops/__main__.py"),
    "provision": ("scripts.provision.__main__", ROOT / "scripts/provision/__main__.py"),
}
"""The command -> the module with its options, and the file that starts it."""
OPS = ("behaviour", "drift", "policy", "replay", "review", "smoke")
"""The commands of ``ops`` that do not hand on what they do not know."""


@pytest.mark.parametrize(
    ("prog", "arguments"),
    [*((door, ["--banana"]) for door in DOORS), *(("ops", [name, "--banana"]) for name in OPS)],
)
def test_an_unknown_option_is_one_line(
    capsys: pytest.CaptureFixture[str], prog: str, arguments: list[str]
) -> None:
    """It names the option, and the command that lists the accepted ones."""
    assert run(load(DOORS[prog][0], prog), arguments, prog) == 2
    path = " ".join([prog, *arguments[:-1]])
    assert capsys.readouterr() == ("", f"{prog}: no such option: --banana; see '{path} --help'\n")


def test_each_command_of_the_project_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m ops`` lists them, each with a sentence."""
    assert run(load("ops.cli", "ops"), ["--help"], "ops") == 0
    text = capsys.readouterr().out
    for name in (*ENGINE_COMMANDS, *OPS):
        assert re.search(rf"\b{name} +[A-Z]", text)


@pytest.mark.parametrize("door", DOORS)
def test_a_command_is_started_before_it_is_loaded(door: str) -> None:
    """Whatever it imports, a Ctrl-C meanwhile is handled."""
    first = ast.unparse(ast.parse(DOORS[door][1].read_text()).body[1])
    assert "from localcloud.commandline.launch import launch" in first


def test_a_command_loads_nothing_of_another() -> None:
    """Reading the command line costs neither Pulumi nor tables nor an HTTP client."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, ops.cli; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"pulumi", "rich", "httpx", "yaml", "localcloud.client", "functions"}
    assert heavy & set(done.stdout.split()) == set()


def test_a_reader_that_has_enough_is_no_error() -> None:
    """``... | head -n 1``: nothing on stderr."""
    done = subprocess.run(
        f"{sys.executable} -m scripts.provision | true",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_full_disk_is_told() -> None:
    """What cannot be written to stdout is an error in one line."""
    done = subprocess.run(
        f"{sys.executable} -m scripts.provision >/dev/full",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "provision: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
