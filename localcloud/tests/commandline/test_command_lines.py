"""What a user can do wrong with any command ends in one line on stderr."""

import subprocess
import sys

import pytest

import lab
from localcloud.commandline.command import run
from localcloud.commandline.errors import UserError


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
    assert (raising(error), capsys.readouterr().err) == (code, line)


def test_a_bug_keeps_its_traceback() -> None:
    """Nothing that only we can mend is hidden."""
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


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
        env={**lab.environment(), **environment},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"is not the endpoint of a local cloud" in done.stderr
