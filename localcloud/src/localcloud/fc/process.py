"""One worker process of a function: started, given an invocation at a time, killed.

The process shuts itself in as scripts on instances are, gets an environment made for it and nothing
of the local cloud's own, and sees no packages but the standard library and what the real runtime
ships that functions need. What the server started
stands guard over it and ends it, with everything that it started, when the connection is closed.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.fc.worker import FRAME, RESULT_LIMIT
from localcloud.sandbox.fork_server_client import ForkServer
from localcloud.sandbox.level import Level
from localcloud.sandbox.limits import Limits

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of one invocation's output that are kept; what comes after them is dropped."""
PROCESSES = 512
"""How many a function may have at once."""
DISK_BYTES = 256 << 20
"""How much it may write below /tmp; the cloud's own functions have 512 MB."""
_HEADER_LIMIT = 64 * 1024
_OUTPUT_SECONDS = 1.0
"""How long to wait for output that a function may have led elsewhere."""
_START_SECONDS = 60.0
_END_SECONDS = 30.0
_STATUSES = frozenset({"ok", "error", "unloadable", "memory", "started", "unstarted"})
_MOST_KB = 1 << 32
_INTERPRETER = sorted({sys.base_prefix, sys.base_exec_prefix})
_BETWEEN = {Level.DIRECTORY: 1}
"""How many processes lie between the guard and the function's own: with namespaces two."""


@dataclass(frozen=True)
class WorkerSpec:
    """What a worker runs; workers of equal specs can stand in for each other."""

    function: str
    version: str
    revision: str
    """Changes with every change of the function, so that old workers are not used again."""
    code_path: Path
    meta: str
    """JSON for the worker: handler, limits, names."""
    environment: tuple[tuple[str, str], ...] = field(repr=False)
    level: Level
    """How it is kept apart from the machine."""
    memory_mb: int
    port: int
    """The local cloud's, the only one that the function may connect to."""
    packages: Path | None = None
    """The folder of what the runtime has besides the standard library; None if it is left out."""


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended in the process."""

    status: str
    """``ok``, ``error``, ``unloadable``, ``memory``, ``timeout`` or ``exit``."""
    content: bytes
    output: str
    peak_kb: int


class Worker:
    """A running process and the two channels to it."""

    def __init__(
        self,
        spec: WorkerSpec,
        guard: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        output: "_Output",
        output_transport: asyncio.BaseTransport,
    ) -> None:
        self.spec = spec
        self.idle_since = 0.0
        self._may_go_on = True
        self._guard = guard
        self._reader = reader
        self._writer = writer
        self._output = output
        self._output_transport = output_transport

    @classmethod
    async def start(cls, spec: WorkerSpec, fork_server: ForkServer) -> "Worker":
        """Start a process; it loads the function's code with its first invocation."""
        settings = {
            "level": spec.level,
            "code": str(spec.code_path),
            "interpreter": _INTERPRETER,
            "packages": [str(spec.packages)] if spec.packages else [],
            "limits": Limits(PROCESSES, spec.memory_mb << 20, DISK_BYTES),
            "port": spec.port,
        }
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        try:
            guard = await fork_server.fork(settings, theirs.fileno(), write_end)
        except BaseException:
            ours.close()
            os.close(read_end)
            raise
        finally:
            theirs.close()
            os.close(write_end)
        ours.setblocking(False)
        output = _Output()
        try:
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: output, os.fdopen(read_end, "rb", 0)
            )
            reader, writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            # The process ends by itself, because the pair is closed.
            ours.close()
            raise
        worker = cls(spec, guard, reader, writer, output, transport)
        environment = {**dict(spec.environment), "FC_INSTANCE_ID": f"c-{secrets.token_hex(8)}"}
        worker._send({**json.loads(spec.meta), "environment": environment}, b"")
        try:
            reason = await worker._wait_until_started()
        except BaseException:
            await worker.stop()
            raise
        if reason:
            await worker.stop()
            raise OSError(reason)
        return worker

    @property
    def is_usable(self) -> bool:
        """Return whether the process is there and may run another invocation."""
        return self._may_go_on and not self._reader.at_eof()

    async def run(
        self, header: Mapping[str, Any], payload: bytes, limit: asyncio.Timeout
    ) -> Outcome:
        """Run one invocation; a process that takes too long is killed with all it started.

        Args:
            header: ``request_id``, ``qualifier`` and ``credentials``, which may be empty.
            payload: the event.
            limit: the function's time limit; starting the process does not count.
        """
        mark = f"\0end of output {secrets.token_hex(8)}\n"
        self._output.begin(mark.encode())
        self._may_go_on = False
        try:
            async with limit:
                self._send({**header, "end_of_output": mark}, payload)
                await self._writer.drain()
                status, peak, content = await self._receive()
        except TimeoutError:
            return await self._ended("timeout")
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            # It ended, or something else than our worker wrote to its channel.
            return await self._ended("exit")
        try:
            async with asyncio.timeout(_OUTPUT_SECONDS):
                await self._output.ended.wait()
        except TimeoutError:
            pass
        else:
            self._may_go_on = status in {"ok", "error"}
        return Outcome(status, content, self._output.take(), peak)

    async def _wait_until_started(self) -> str:
        """Wait until the process is shut in; give the reason if it can't be."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                status, _, content = await self._receive()
        except TimeoutError:
            return f"it did not start within {_START_SECONDS:g} seconds"
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            return "it ended at once"
        return "" if status == "started" else content.decode(errors="replace")

    async def stop(self) -> None:
        """Kill the process and everything it started, and wait until it is gone."""
        # The guard notices; at once, also when the process does not read what was sent to it.
        self._writer.transport.abort()
        # It is the last that lets go of the output; what was printed last comes before that.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self._output.closed.wait()
        self._output_transport.close()

    def _send(self, header: Mapping[str, Any], payload: bytes) -> None:
        encoded = json.dumps(header).encode()
        self._writer.write(FRAME.pack(len(encoded), len(payload)) + encoded)
        if payload:
            self._writer.write(payload)

    async def _receive(self) -> tuple[str, int, bytes]:
        """Return status, peak memory and content; raise ValueError if it is not a worker's."""
        header_size, size = FRAME.unpack(await self._reader.readexactly(FRAME.size))
        if header_size > _HEADER_LIMIT or size > RESULT_LIMIT:
            raise ValueError("not a frame of the worker")
        try:
            header = json.loads(await self._reader.readexactly(header_size))
            status, peak = header["status"], header["peak_kb"]
            is_right = status in _STATUSES and type(peak) is int and 0 <= peak <= _MOST_KB
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("not a header of the worker") from error
        if not is_right:
            raise ValueError("not a header of the worker")
        return status, peak, await self._reader.readexactly(size) if size else b""

    async def _ended(self, status: str) -> Outcome:
        peak = _peak_kb(self._guard, _BETWEEN.get(self.spec.level, 2))
        await self.stop()
        return Outcome(status, b"", self._output.take(), peak)


class _Output(asyncio.Protocol):
    """Collects what a process prints until the mark of the invocation's end."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        """The mark was seen, or no more output can come."""
        self.closed = asyncio.Event()
        self._kept = bytearray()
        self._late = b""
        self._dropped = 0
        self._mark = b""

    def begin(self, mark: bytes) -> None:
        """Look for another mark; what came after the last one belongs to this invocation."""
        self._mark = mark
        self._kept[:], self._late = self._late, b""
        self.ended.clear()

    def data_received(self, data: bytes) -> None:
        """Keep what fits and look for the mark."""
        if not self._mark:
            self._late = (self._late + data)[:OUTPUT_LIMIT]
            return
        start = max(0, len(self._kept) - len(self._mark))
        self._kept += data
        found = self._kept.find(self._mark, start)
        if found >= 0:
            self._late = bytes(self._kept[found + len(self._mark) :])
            del self._kept[found:]
            self._mark = b""
            self.ended.set()
        elif (excess := len(self._kept) - OUTPUT_LIMIT - len(self._mark)) > 0:
            # The end stays, because the mark may have come in part.
            del self._kept[OUTPUT_LIMIT : OUTPUT_LIMIT + excess]
            self._dropped += excess

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the base's signature
        """Wake whoever waits for output that can no longer come."""
        self.ended.set()
        self.closed.set()

    def take(self) -> str:
        """Return what was printed and forget it."""
        self._dropped += max(0, len(self._kept) - OUTPUT_LIMIT)
        text = self._kept[:OUTPUT_LIMIT].decode("utf-8", "replace")
        if self._dropped:
            text += f"\n[{self._dropped} more bytes of output were dropped]\n"
        self._kept.clear()
        self._dropped = 0
        return text


def _peak_kb(guard: int, generations: int) -> int:
    """Return the most memory that the process so many generations below the guard has had."""
    process = str(guard)
    try:
        for _ in range(generations):
            process = (
                Path(f"/proc/{process}/task/{process}/children")
                .read_text(encoding="utf-8")
                .split()[0]
            )
        for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except (OSError, IndexError):
        pass
    return 0
