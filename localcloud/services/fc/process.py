"""One worker process of a function: started, given an invocation at a time, killed.

The process gets an environment made for it and nothing of the local cloud's own, runs in a session
of its own so that everything it starts can be killed with it, and sees no packages but the standard
library.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.services.fc.worker import FRAME, RESULT_LIMIT

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of one invocation's output that are kept; what comes after them is dropped."""
_HEADER_LIMIT = 64 * 1024
_OUTPUT_SECONDS = 1.0
"""How long to wait for output that a function may have led elsewhere."""
_WORKER = Path(__file__).with_name("worker.py")


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
        process: subprocess.Popen[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        output: "_Output",
        output_transport: asyncio.BaseTransport,
    ) -> None:
        self.spec = spec
        self.pid = process.pid
        self.idle_since = 0.0
        self._may_go_on = True
        self._process = process
        self._reader = reader
        self._writer = writer
        self._output = output
        self._output_transport = output_transport

    @classmethod
    async def start(cls, spec: WorkerSpec) -> "Worker":
        """Start a process; it loads the function's code with its first invocation."""
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        try:
            # -I and -S: no variables, no user's and no installed packages, only what the cloud's
            # runtime has for certain.
            process = subprocess.Popen(  # noqa: ASYNC220, S603 - a fixed command; it returns at once
                [sys.executable, "-I", "-S", "-X", "utf8", str(_WORKER), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                cwd=spec.code_path,
                env={**dict(spec.environment), "FC_INSTANCE_ID": f"c-{secrets.token_hex(8)}"},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError:
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
        worker = cls(spec, process, reader, writer, output, transport)
        worker._send(json.loads(spec.meta), b"")
        return worker

    @property
    def is_usable(self) -> bool:
        """Tell whether the process is there and may run another invocation."""
        return self._may_go_on and self._process.poll() is None

    async def run(self, header: Mapping[str, Any], payload: bytes, seconds: float) -> Outcome:
        """Run one invocation; a process that takes too long is killed with all it started.

        Args:
            header: ``request_id``, ``qualifier`` and ``credentials``, which may be empty.
            payload: the event.
            seconds: the function's time limit.
        """
        mark = f"\0end of output {secrets.token_hex(8)}\n"
        self._output.begin(mark.encode())
        self._may_go_on = False
        try:
            async with asyncio.timeout(seconds):
                self._send({**header, "end_of_output": mark}, payload)
                await self._writer.drain()
                answer, content = await self._receive()
                status, peak = str(answer["status"]), int(answer["peak_kb"])
        except TimeoutError:
            return await self._ended("timeout")
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, KeyError):
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

    async def stop(self) -> None:
        """Kill the process and everything it started, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._process.poll() is None:
            await asyncio.to_thread(self._process.wait)
        self._writer.close()
        # What it printed last may still be on its way; nobody alive holds the other end now.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OUTPUT_SECONDS):
                await self._output.closed.wait()
        self._output_transport.close()

    def _send(self, header: Mapping[str, Any], payload: bytes) -> None:
        encoded = json.dumps(header).encode()
        self._writer.write(FRAME.pack(len(encoded), len(payload)) + encoded)
        if payload:
            self._writer.write(payload)

    async def _receive(self) -> tuple[dict[str, Any], bytes]:
        header_size, size = FRAME.unpack(await self._reader.readexactly(FRAME.size))
        if header_size > _HEADER_LIMIT or size > RESULT_LIMIT:
            raise ValueError("not a frame of the worker")
        header = json.loads(await self._reader.readexactly(header_size))
        return header, await self._reader.readexactly(size) if size else b""

    async def _ended(self, status: str) -> Outcome:
        peak = _peak_kb(self.pid)
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
        """Let nobody wait for output that cannot come any more."""
        self.ended.set()
        self.closed.set()

    def take(self) -> str:
        """Give what was printed and forget it."""
        self._dropped += max(0, len(self._kept) - OUTPUT_LIMIT)
        text = self._kept[:OUTPUT_LIMIT].decode("utf-8", "replace")
        if self._dropped:
            text += f"\n[{self._dropped} more bytes of output were dropped]\n"
        self._kept.clear()
        self._dropped = 0
        return text


def _peak_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
