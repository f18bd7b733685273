"""Ctrl-C ends every command at any moment: exit code 130, no traceback, no process left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import environment

SLOW = """
import sys, time
if __name__ == "__main__":
    from localcloud.commandline.launch import launch
    launch("slow", "slow")
print("loading", flush=True)
time.sleep(float(sys.argv[1]))
from localcloud.commandline import children
def main(loading: float, working: float) -> int:
    with children.serving([sys.executable, "-c", SERVER]) as ready:
        print(ready["pid"], flush=True)
        time.sleep(working)
    return 0
SERVER = (
    "import json, os, time; print(json.dumps({'pid': os.getpid()}), flush=True); "
    "time.sleep(60)"
)
"""


DEFAULTS = ("env", "--default-signal=INT,TERM,HUP")
"""A suite that runs in a shell's background has them ignored, and so would what it starts."""


def ended(process: "subprocess.Popen[str]") -> str:
    """Wait for a command's end; give what it wrote to stderr."""
    try:
        return process.communicate(timeout=30)[1]
    finally:
        process.kill()


def start(tmp_path: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a command that loads and works as long as it is told, with a server beside it."""
    (tmp_path / "slow.py").write_text(SLOW)
    return subprocess.Popen(
        [*DEFAULTS, sys.executable, "-m", "slow", *arguments],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_alive(pid: int) -> bool:
    """Return whether a process is there, and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_while_it_loads(tmp_path: Path) -> None:
    """Imports that take long are ended without a word."""
    with start(tmp_path, "60", "0") as process:
        assert process.stdout
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        assert (ended(process), process.returncode) == ("", 130)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_while_it_works(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """What it has started ends with it, also when only the command itself is told to stop."""
    with start(tmp_path, "0", "60") as process:
        assert process.stdout
        process.stdout.readline()
        server = int(process.stdout.readline())
        os.kill(process.pid, number)
        errors = ended(process)
    assert (errors, process.returncode) == ("", code)
    assert not is_alive(server)


@pytest.mark.parametrize("milliseconds", range(0, 400, 100))
def test_a_blocked_interrupt_waits_until_it_can_be_handled(milliseconds: int) -> None:
    """``make`` starts commands so: no moment of the interpreter's start shows a traceback."""
    held = (*DEFAULTS, "--block-signal=INT")
    process = subprocess.Popen(
        [*held, sys.executable, "-m", "localcloud", "serve", "--port", "0", "--dry-run"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Until `env` runs, it is our own process: it could not block anything yet.
    while not Path(f"/proc/{process.pid}/cmdline").read_text().startswith(("env", sys.executable)):
        time.sleep(0.001)
    time.sleep(0.01 + milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    errors = ended(process)
    assert errors == ""
    assert process.returncode in {0, 130}


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """``nohup``: a command outlives its terminal if it was told to."""
    (tmp_path / "slow.py").write_text(SLOW)
    done = subprocess.run(
        f"trap '' HUP; {sys.executable} -c \"import os, signal; "
        "from localcloud.commandline import launch; launch._on_signals(launch._leave); "
        'os.kill(os.getpid(), signal.SIGHUP); print(1)"',
        shell=True,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("1\n", 0)
