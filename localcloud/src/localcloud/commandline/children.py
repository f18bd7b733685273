"""The commands of this project that another one starts; they end with it however it ends."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from localcloud.commandline.errors import UserError

_GRACE_SECONDS = 10.0
_Process = subprocess.Popen[str]
_running: set[_Process] = set()
_ended = threading.Event()


class ChildError(UserError):
    """A command that another one needs did not do its work."""


class Finished(NamedTuple):
    """How a command ended, and its output."""

    exit_code: int
    output: str
    errors: str
    """What it wrote to stderr, if that was caught."""


@contextmanager
def serving(
    command: Sequence[str], *, cwd: Path | None = None, env: dict[str, str] | None = None
) -> Iterator[Any]:
    """Run a server beside this command and yield the JSON line that it prints when it is ready.

    Raises:
        ChildError: if it ends before.
    """
    with _child(command, cwd=cwd, env=env) as process:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise ChildError("the server did not start; its error is above")
        yield json.loads(line)


def finished(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    text: str | None = None,
    catch_errors: bool = False,
) -> Finished:
    """Run a command to its end; ``text`` is what it reads on stdin."""
    options = {"cwd": cwd, "env": env}
    stdin = subprocess.PIPE if text is not None else None
    stderr = subprocess.PIPE if catch_errors else None
    with _child(command, stdin=stdin, stderr=stderr, **options) as process:
        output, errors = process.communicate(text)
    return Finished(process.returncode, output, errors or "")


def end_all() -> None:
    """Tell all children to stop, and start no other; whoever waits for one of them goes on."""
    _ended.set()
    for process in tuple(_running):
        process.terminate()


@contextmanager
def _child(command: Sequence[str], **options: Any) -> Iterator[_Process]:
    """Start a process with SIGINT blocked, which :func:`.launch.launch` takes back.

    A Ctrl-C in the moment in which its interpreter starts would show a traceback.
    """
    if _ended.is_set():
        raise ChildError("interrupted")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace", **options
        )
        _running.add(process)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield process
    finally:
        _end(process)


def _end(process: _Process) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        _running.discard(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
