"""Runs a script, and ends it alone or together with everything that it started.

Each script has a supervisor process, a subreaper: it adopts what the script leaves behind, so that
a process that forks twice and opens a session is still found below it. Where a script may leave
processes behind, as on a real instance, its supervisor stays until they have ended.

Standard library only: the agent of an instance imports this without site packages.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from localcloud.sandbox import linux

_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
_WAITED_FOR = {signal.SIGCHLD, signal.SIGTERM}


def fork_supervisor() -> int:
    """Fork a process in which SIGTERM is blocked until it supervises."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    process = os.fork()
    if process:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


@dataclass(frozen=True)
class Identity:
    """The account that runs a command."""

    user: int
    groups: list[int]
    """The first is the account's own."""


def supervise(
    program: str,
    arguments: list[str],
    environment: Mapping[str, str],
    output: int,
    report: int,
    timeout_seconds: float,
    identity: Identity | None,
    *,
    ends_tree: bool,
) -> None:
    """Run a command until it exits, times out or SIGTERM comes; write how to ``report``.

    Meant to be the last thing that a process from :func:`fork_supervisor` does. It returns when
    nothing that the command started is left, which may be long after the report; a second SIGTERM
    ends that at once.

    Args:
        program: the file that is executed.
        arguments: the command's name and arguments.
        environment: the command's variables.
        output: where the command writes, both streams.
        report: where one JSON object tells how it ended.
        timeout_seconds: when it is killed.
        identity: the account that runs it; None for the one that supervises.
        ends_tree: whether all that it started ends with it, or goes on.
    """
    linux.adopt_orphans()
    linux.die_with_parent(signal.SIGTERM)
    try:
        command = _start(program, arguments, environment, output, identity)
    except OSError as error:
        os.write(output, f"the script could not be started: {error}\n".encode())
        os.write(report, json.dumps({"ended": "finished", "exit_code": 126}).encode())
        return
    os.close(output)
    deadline = time.monotonic() + timeout_seconds
    ended, exit_code = "", -1
    while not ended:
        seen = signal.sigtimedwait(_WAITED_FOR, max(0.0, deadline - time.monotonic()))
        status = reap(command)
        if status is not None:
            # A signal's number is lost: Go, in which the agent is written, knows only -1.
            ended, exit_code = "finished", max(os.waitstatus_to_exitcode(status), -1)
        elif seen is None:
            ended = "timeout"
        elif seen.si_signo == signal.SIGTERM:
            ended = "stopped"
    if ends_tree:
        end_descendants()
    elif ended != "finished":
        send(command, signal.SIGKILL)
    os.write(report, json.dumps({"ended": ended, "exit_code": exit_code}).encode())
    _wait_for_descendants()


def _wait_for_descendants() -> None:
    while _has_children(()):
        seen = signal.sigwaitinfo(_WAITED_FOR)
        if seen.si_signo == signal.SIGTERM:
            end_descendants()


def end_descendants(spared: Sequence[int] = ()) -> None:
    """Kill all that lives below this process, except for the spared children and what is below."""
    while _has_children(spared):
        frozen: set[int] = set()
        # Stopped processes cannot fork: once no new one is found, none can escape.
        while found := _descendants(os.getpid(), spared) - frozen:
            for process in found:
                send(process, signal.SIGSTOP)
            frozen |= found
        for process in frozen:
            send(process, signal.SIGKILL)
        for process in frozen:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)


def _start(
    program: str,
    arguments: list[str],
    environment: Mapping[str, str],
    output: int,
    identity: Identity | None,
) -> int:
    nothing = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    streams = ((nothing, 0), (output, 1), (output, 2))
    if identity is None:
        # Much cheaper than a fork: this process is not copied.
        return os.posix_spawn(
            program,
            arguments,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, *stream) for stream in streams],
            setsid=True,
            setsigmask=(),
            setsigdef=_IGNORED_BY_PYTHON,
        )
    process = os.fork()
    if process:
        return process
    try:
        os.setsid()
        for source, target in streams:
            os.dup2(source, target)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for number in _IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        os.setgroups(identity.groups)
        os.setgid(identity.groups[0])
        os.setuid(identity.user)
        os.execve(program, arguments, environment)  # noqa: S606
    finally:
        os._exit(126)


def reap(command: int = 0) -> int | None:
    """Reap all children that have exited; return the command's status if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == command:
                found = status
            if process == 0:
                break
    return found


def has_ended(child: int) -> bool:
    """Reap all children that have exited; return whether that one is gone."""
    with contextlib.suppress(ChildProcessError):
        while True:
            process, _ = os.waitpid(-1, os.WNOHANG)
            if process == child:
                return True
            if process == 0:
                return False
    return True


def _has_children(spared: Sequence[int]) -> bool:
    if spared:
        return bool(_descendants(os.getpid(), spared))
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _descendants(ancestor: int, spared: Sequence[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with (
                contextlib.suppress(OSError, IndexError, ValueError),
                open(f"/proc/{name}/stat", "rb") as file,
            ):
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                if state not in b"ZX":
                    children.setdefault(int(parent), []).append(int(name))
    found: set[int] = set()
    todo = [ancestor]
    while todo:
        for child in children.get(todo.pop(), []):
            if child not in spared:
                found.add(child)
                todo.append(child)
    return found


def send(process: int, number: signal.Signals) -> None:
    """Signal a process, if it still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
