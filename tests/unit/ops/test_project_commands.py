"""Every command of the project ends in one line where a user did something wrong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.commandline.command import load, run

ROOT = Path(__file__).parents[3]
COMMANDS = {
    "demo": "demo.__main__",
    "localcloud": "localcloud.cli",
    "behaviour": "ops.behaviour.__main__",
    "drift": "ops.review.drift",
    "policies": "ops.policy.__main__",
    "provision": "scripts.provision.__main__",
    "replay": "ops.replay.__main__",
    "review": "ops.review.__main__",
    "smoke": "ops.smoke.__main__",
    "stack": "ops.stack.__main__",
}


@pytest.mark.parametrize(("prog", "module"), COMMANDS.items())
def test_an_unknown_option_is_one_line(
    capsys: pytest.CaptureFixture[str], prog: str, module: str
) -> None:
    """It names the option, and the command that lists the accepted ones.

    Behind its own arguments ``stack`` hands on what it does not know: those are pulumi's.
    """
    assert 2 == run(load(module, prog), ["--banana"], prog)
    out, err = capsys.readouterr()
    assert ("", 1) == (out, err.count("\n"))
    wrong = "invalid value for 'action': '--banana'" if prog == "stack" else "no such option: --"
    assert err.startswith(f"{prog}: {wrong}")
    assert "--banana" in err
    assert "; see '" in err


@pytest.mark.parametrize("module", COMMANDS.values())
def test_a_command_is_started_before_it_is_loaded(module: str) -> None:
    """Whatever it imports, a Ctrl-C meanwhile is handled."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    entry = ROOT / "localcloud/src/localcloud/__main__.py" if module == "localcloud.cli" else path
    statements = ast.parse(entry.read_text()).body
    first = ast.unparse(statements[1])
    assert "from localcloud.commandline.launch import launch" in first


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
    assert 1 == done.returncode
    assert "provision: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
