"""Kills a script together with everything that it started.

Each script has a supervisor process, a subreaper: it adopts what the script leaves behind, so that
a process that forks twice and opens a session is still found below it.

Standard library only: the agent of an instance imports this without site packages.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence

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


def supervise(
    arguments: list[str],
    environment: Mapping[str, str],
    output: int,
    report: int,
    timeout_seconds: float,
    identity: tuple[int, int] | None,
) -> None:
    """Run a command until it exits, times out or SIGTERM comes; write how to ``report``.

    Meant to be the last thing that a process from :func:`fork_supervisor` does. Nothing that the
    command started is left when this returns.
    """
    linux.adopt_orphans()
    linux.die_with_parent(signal.SIGTERM)
    try:
        command = _start(arguments, environment, output, identity)
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
            # As a shell reports it: 128 and the signal's number.
            code = os.waitstatus_to_exitcode(status)
            ended, exit_code = "finished", code if code >= 0 else 128 - code
        elif seen is None:
            ended = "timeout"
        elif seen.si_signo == signal.SIGTERM:
            ended = "stopped"
    end_descendants()
    os.write(report, json.dumps({"ended": ended, "exit_code": exit_code}).encode())


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
    arguments: list[str],
    environment: Mapping[str, str],
    output: int,
    identity: tuple[int, int] | None,
) -> int:
    nothing = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    streams = ((nothing, 0), (output, 1), (output, 2))
    if identity is None:
        # Much cheaper than a fork: this process is not copied.
        return os.posix_spawn(
            arguments[0],
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
        user, group = identity
        os.setgroups([group])
        os.setgid(group)
        os.setuid(user)
        os.execve(arguments[0], arguments, environment)  # noqa: S606
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
