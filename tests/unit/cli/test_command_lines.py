"""What a user can do wrong with any command ends in one line on stderr."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.command import load, run
from cli.errors import UserError

ROOT = Path(__file__).parents[3]
COMMANDS = {
    "localcloud": "localcloud.cli",
    "behaviour": "scripts.behaviour.__main__",
    "drift": "scripts.review.drift",
    "policies": "scripts.policy.__main__",
    "provision": "scripts.provision.__main__",
    "replay": "scripts.replay.__main__",
    "review": "scripts.review.__main__",
    "smoke": "scripts.smoke.__main__",
    "stack": "scripts.stack.__main__",
}


def raising(error: BaseException) -> int:
    """Run a command whose function fails; return its exit code."""

    def main() -> None:
        raise error

    return run(main, [], "tool")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("no such role 'dbo'"), 1, "tool: no such role 'dbo'\n"),
        (
            PermissionError(13, "Permission denied", "/etc/shadow"),
            1,
            "tool: /etc/shadow: Permission denied\n",
        ),
        (OSError(28, "No space left on device"), 1, "tool: No space left on device\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_a_user_can_cause_is_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, line: str
) -> None:
    """The name of the command and the message, never a traceback."""
    assert (code, line) == (raising(error), capsys.readouterr().err)


def test_a_bug_keeps_its_traceback() -> None:
    """Nothing that only we can mend is hidden."""
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


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
    entry = ROOT / "localcloud/__main__.py" if module == "localcloud.cli" else path
    statements = ast.parse(entry.read_text()).body
    first = ast.unparse(statements[1])
    assert "from cli.launch import launch" in first


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "gbk"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=["GBK", "C", "ASCII"],
)
def test_what_the_terminal_cannot_show_is_replaced(environment: dict[str, str]) -> None:
    """Help and errors with other characters end as they should, in any encoding."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", "chat", "opérations✓", "--endpoint", "ftp://✓"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert (1, 1) == (done.returncode, done.stderr.count(b"\n"))
    assert b"is not the endpoint of a local cloud" in done.stderr


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
