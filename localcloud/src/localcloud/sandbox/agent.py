"""The process inside an instance that runs scripts, as the Cloud Assistant agent does.

It is started once per instance, enters the sandbox and then receives runs as lines of JSON over a
socket, which is all that it inherits from the cloud. When the other end of the socket closes, it
exits and everything in the instance is killed, so nothing outlives the cloud, however that ends.

Standard library only, and everything is imported at the start: once inside, the machine's Python
may no longer be visible.
"""

import binascii
import contextlib
import gc
import json
import os
import selectors
import shlex
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from localcloud.sandbox import confined, disk, limits, linux, namespaces, processes, watch
from localcloud.sandbox.control_group import ControlGroup
from localcloud.sandbox.level import Level
from localcloud.sandbox.limits import Limits
from localcloud.sandbox.output import Output

SCRIPTS = "usr/local/share/aliyun-assist/work/script"
"""Where the Cloud Assistant agent puts scripts ("Run Cloud Assistant commands")."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SNAPSHOT_SECONDS = 0.5
_CHUNK = 65536
_FAULTS = "var/lib/localcloud/package-faults"


def main() -> None:
    """Enter the instance that the command line describes and serve runs until the socket closes."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    try:
        agent, notes = _enter(connection, json.loads(sys.argv[2]))
    except (OSError, KeyError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        _send(connection, {"event": "failed", "reason": reason})
        return
    gc.disable()
    gc.freeze()  # pages that no collection touches stay shared with forked supervisors
    _send(connection, {"event": "ready", "notes": notes})
    agent.serve()


def _enter(connection: socket.socket, settings: dict[str, Any]) -> tuple["_Agent", list[str]]:
    """Confine this process; return the agent, and the limits that this machine cannot enforce."""
    folder = Path(settings["folder"])
    level = Level(settings["level"])
    allowed = Limits(*settings["limits"])
    linux.leave_keyring()
    group = ControlGroup(allowed.processes, allowed.memory_bytes)
    meter = disk.Meter(str(folder), allowed.disk_bytes)
    asked = (meter.fileno(), meter.answer)
    file = connection.fileno()
    if level is Level.DIRECTORY:
        notes = confined.enter(folder, file, group, asked)
    else:
        network = settings["packages"] == "machine"
        notes = namespaces.enter(
            level, folder, settings["name"], file, group, asked, network=network
        )
    meter.close()
    # Root inside is the agent's user, but may neither trace the agent nor read its memory.
    linux.be_closed_to_others()
    processes_allowed, note = limits.processes_allowed(allowed, level, group.granted)
    notes += [*limits.restrict(allowed, group.granted), *([note] if note else [])]
    if level is Level.DIRECTORY:
        confined.give_up_rights()
    else:
        namespaces.give_up_rights(level)
    root = folder / "root" if level is Level.DIRECTORY else Path("/")
    agent = _Agent(
        connection, level, root, folder / "standins", disk.Gauge(meter.agents), processes_allowed
    )
    return agent, notes


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    connection.setblocking(True)
    # If the cloud died without closing the connection, the read fails and everything is killed.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(json.dumps(message).encode() + b"\n")


class _RefusedError(Exception):
    """A run that cannot start, with Cloud Assistant's error code."""


class _Run:
    """A script that is running."""

    def __init__(self, name: str, supervisor: int, output: int, report: int) -> None:
        self.name = name
        self.supervisor = supervisor
        self.output = output
        self.report = report
        self.written = Output()
        self.unsent = False
        self.disk_is_full = False
        self.watch: watch.Watch | None = None

    def take(self, data: bytes) -> None:
        """Remember what the script wrote."""
        self.written.add(data)
        self.unsent = True

    def drain(self) -> bool:
        """Read what is available; return whether more can follow."""
        for _ in range(64):
            try:
                data = os.read(self.output, _CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.take(data)
        return True

    def message(self, event: str, **more: Any) -> dict[str, Any]:
        output = binascii.b2a_base64(self.written.kept(), newline=False).decode()
        dropped = self.written.dropped
        return {"event": event, "run": self.name, "output": output, "dropped": dropped, **more}


class _Agent:
    def __init__(
        self,
        connection: socket.socket,
        level: Level,
        root: Path,
        standins: Path,
        gauge: disk.Gauge,
        processes_allowed: int | None,
    ) -> None:
        self._gauge = gauge
        self._processes_allowed = processes_allowed
        self._connection = connection
        self._level = level
        self._root = root
        self._standins = standins
        self._runs: dict[str, _Run] = {}
        self._left: list[_Run] = []
        """Runs that have ended and left processes behind."""
        self._received = b""
        self._selector = selectors.DefaultSelector()
        self._next_snapshot = 0.0
        self._closed = False
        # A user who owns none of the machine's files cannot change their mode or times.
        self._watching = level is Level.DIRECTORY and not confined.is_stranger()

    def serve(self) -> None:
        self._when_readable(self._connection.fileno(), self._receive)
        self._when_readable(self._gauge.fileno(), self._take_measure)
        while not self._closed:
            busy = self._runs or self._left
            for key, _ in self._selector.select(_SNAPSHOT_SECONDS if busy else None):
                # An earlier event may have finished its run.
                if self._selector.get_map().get(key.fd) is key:
                    key.data()
            self._send_snapshots()
            processes.reap()
        processes.end_descendants()

    def _when_readable(self, file: int, react: Callable[[], None]) -> None:
        self._selector.register(file, selectors.EVENT_READ, react)

    def _receive(self) -> None:
        try:
            data = self._connection.recv(_CHUNK)
        except ConnectionResetError:
            data = b""  # the cloud died without closing the connection
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["order"] == "run":
                self._begin(order)
            elif order["run"] in self._runs:
                # It may have exited a moment ago and not have been reaped yet.
                processes.send(self._runs[order["run"]].supervisor, signal.SIGTERM)
        self._closed = not data

    def _begin(self, order: dict[str, Any]) -> None:
        try:
            run = self._start(order)
        except _RefusedError as refusal:
            _send(
                self._connection, {"event": "refused", "run": order["run"], "reason": str(refusal)}
            )
        except OSError as error:
            reason = f"ExecutionException: {error}"
            _send(self._connection, {"event": "refused", "run": order["run"], "reason": reason})
        else:
            self._runs[run.name] = run
            self._when_readable(run.output, partial(self._drain, run))
            self._when_readable(run.report, partial(self._finish, run))
            if run.watch is not None:
                self._when_readable(run.watch.listener, run.watch.answer)

    def _drain(self, run: _Run) -> None:
        if not run.drain():
            self._selector.unregister(run.output)

    def _start(self, order: dict[str, Any]) -> _Run:
        identity, home = self._account(order["username"])
        folder = self._working_folder(order["working_dir"] or home)
        script = self._root / SCRIPTS / f"{order['run']}.sh"
        script.parent.mkdir(parents=True, exist_ok=True)
        content = binascii.a2b_base64(order["script"])
        script.write_bytes(content)
        script.chmod(0o755)
        self._write_faults(order["package_faults"])
        output, writing = os.pipe2(os.O_CLOEXEC)
        report, reporting = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(output, False)
        # As the Cloud Assistant agent does it; on Alibaba Cloud Linux sh is bash, which is then in
        # its POSIX mode for a script without #!.
        arguments = ["sh", "-c", shlex.quote(str(script))]
        environment = self._environment(order, home)
        ours, theirs = socket.socketpair()
        supervisor = processes.fork_supervisor()
        if supervisor:
            os.close(writing)
            os.close(reporting)
            theirs.close()
            run = _Run(order["run"], supervisor, output, report)
            run.watch = self._received_watch(ours)
            return run
        try:
            os.chdir(folder)
            self._connection.close()
            self._gauge.close()
            ours.close()
            if self._processes_allowed is not None:
                limits.restrict_processes(self._processes_allowed)
            if self._watching:
                watch.begin(theirs)
            theirs.close()
            seconds = float(order["timeout_seconds"])
            processes.supervise(
                "/bin/bash",
                arguments,
                environment,
                writing,
                reporting,
                seconds,
                identity,
                ends_tree=order["ends_tree"],
            )
        finally:
            os._exit(0)

    def _received_watch(self, connection: socket.socket) -> watch.Watch | None:
        with connection:
            if not self._watching:
                return None
            _, listeners, _, _ = socket.recv_fds(connection, 1, 1)
        for listener in listeners:
            os.set_inheritable(listener, False)
        return watch.Watch(listeners[0], self._root) if listeners else None

    def _account(self, username: str) -> tuple[processes.Identity | None, str]:
        """Return the account that runs the script; None for root, which needs no change."""
        if username in {"", "root"}:
            return None, "/root"
        for name, _, user, group, _, home, *_ in self._rows("etc/passwd", 7):
            if name == username and user.isdigit() and group.isdigit():
                if self._level is not Level.NAMESPACES:
                    return None, home
                also = [
                    int(number)
                    for _, _, number, members, *_ in self._rows("etc/group", 4)
                    if number.isdigit() and username in members.split(",")
                ]
                return processes.Identity(int(user), [int(group), *also]), home
        raise _RefusedError("AccountNotExists")

    def _rows(self, path: str, width: int) -> Iterator[list[str]]:
        for line in (self._root / path).read_text(errors="replace").splitlines():
            yield [*line.split(":"), *[""] * width]

    def _working_folder(self, path: str) -> str:
        place = path
        if self._level is Level.DIRECTORY:
            place = str(self._root / path.lstrip("/"))
        try:
            if not stat.S_ISDIR(os.stat(place).st_mode):
                raise _RefusedError("DirectoryNotExists")
        except OSError:
            raise _RefusedError("DirectoryNotExists") from None
        return place

    def _environment(self, order: dict[str, Any], home: str) -> dict[str, str]:
        # The agent is a service: nobody has logged in, so there is no USER, LOGNAME or SHELL.
        environment = {"HOME": home, "LANG": "C.UTF-8", "PATH": _PATH, **order["environment"]}
        if self._level is Level.DIRECTORY:
            tools = f"{self._standins}/usr/bin:{self._standins}/usr/sbin"
            environment |= {
                "HOME": f"{self._root}{home}",
                "TMPDIR": f"{self._root}/tmp",  # noqa: S108
                "PATH": f"{tools}:{_PATH}",
                "PROVISION_ROOT": str(self._root),
            }
        return environment

    def _finish(self, run: _Run) -> None:
        """Tell how a run ended, once its supervisor reports it; forget it when that is gone."""
        report = os.read(run.report, _CHUNK)
        if run in self._left:
            self._forget(run)
            return
        if not report:
            # The script killed its supervisor, so its orphans are children of this process now.
            others = [other.supervisor for other in (*self._runs.values(), *self._left)]
            processes.end_descendants([other for other in others if other != run.supervisor])
            report = b'{"ended": "interrupted", "exit_code": -1}'
        run.drain()
        del self._runs[run.name]
        self._left.append(run)
        ended = json.loads(report)
        if run.disk_is_full and ended["ended"] == "stopped":
            ended["ended"] = "interrupted"
            self._gauge.settle()
            run.take(b"the script was ended: the disk of the instance is full\n")
        used = self._used_faults()
        _send(self._connection, run.message("ended", **ended, package_faults=used))

    def _forget(self, run: _Run) -> None:
        self._left.remove(run)
        self._selector.unregister(run.report)
        with contextlib.suppress(KeyError):
            self._selector.unregister(run.output)
        if run.watch is not None:
            self._selector.unregister(run.watch.listener)
            os.close(run.watch.listener)
        os.close(run.output)
        os.close(run.report)

    def _send_snapshots(self) -> None:
        if time.monotonic() < self._next_snapshot:
            return
        self._next_snapshot = time.monotonic() + _SNAPSHOT_SECONDS
        if self._runs or self._left:
            self._gauge.ask()
        for run in self._runs.values():
            run.written.pass_on(time.monotonic())
            if run.unsent:
                run.unsent = False
                _send(self._connection, run.message("output"))

    def _take_measure(self) -> None:
        if self._gauge.is_full():
            for run in (*self._runs.values(), *self._left):
                run.disk_is_full = True
                processes.send(run.supervisor, signal.SIGTERM)

    def _write_faults(self, faults: list[str]) -> None:
        path = self._root / _FAULTS
        if faults or path.exists():
            path.write_text("".join(f"{line}\n" for line in faults))

    def _used_faults(self) -> list[str]:
        used = self._root / f"{_FAULTS}.used"
        try:
            lines = used.read_text(errors="replace").splitlines()
            used.unlink()
        except OSError:
            return []
        return lines
