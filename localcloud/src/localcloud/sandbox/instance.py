"""One instance, as the cloud sees it: scripts in, outcomes out.

The agent is started with the first script, and again after it died: it costs memory, so an unused
instance has none.
"""

import asyncio
import base64
import contextlib
import json
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.sandbox import messages
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.level import Level
from localcloud.sandbox.limits import Limits
from localcloud.sandbox.outcome import Outcome

_SOURCES = Path(__file__).parents[2]
# Scripts run at a lower priority than the cloud, so that it accepts events meanwhile.
_START = (
    "import os, sys; os.nice(5); sys.path.append(sys.argv.pop()); "
    "from localcloud.sandbox.agent import main; main()"
)
_LINE_LIMIT_BYTES = 1 << 20
_START_SECONDS = 30.0
_SHUT_DOWN = "the instance was shut down"


@dataclass(frozen=True)
class Script:
    """A script to run in an instance."""

    name: str
    """Unique among the runs of the instance; letters, digits, dots and hyphens."""
    content: bytes
    timeout_seconds: float
    working_dir: str = ""
    """Empty: the home of the account."""
    username: str = ""
    """Empty: root."""
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_tree: bool = True
    """Whether all that the script started ends with it, however that ends."""
    package_faults: tuple[str, ...] = ()
    """Lines ``name error delay-seconds`` for the stand-in package manager, each used once."""


Progress = Callable[[bytes, int], None]
"""Called with the output so far and the number of dropped bytes, at most twice a second."""


class Instance:
    """A throw-away machine: its folder, and its agent when there is one."""

    def __init__(
        self, name: str, folder: Path, level: Level, packages: str, limits: Limits
    ) -> None:
        self.name = name
        self.folder = folder
        self.notes: tuple[str, ...] = ()
        """The limits that this machine cannot enforce, known after the first run."""
        self._level = level
        self._packages = packages
        self._limits = limits
        self._agent: _Agent | None = None
        self._starting = asyncio.Lock()
        self._coming: set[str] = set()

    async def run(self, script: Script, progress: Progress | None = None) -> Outcome:
        """Run a script to its end; cancellation kills it and all that it started."""
        self._coming.add(script.name)
        try:
            agent = await self._ready_agent()
            if script.name not in self._coming:
                return Outcome("stopped")
        finally:
            self._coming.discard(script.name)
        try:
            return await agent.run(script, progress)
        except asyncio.CancelledError:
            agent.stop(script.name)
            raise

    def stop(self, name: str) -> None:
        """Kill a script and all that it started; its run then ends as ``stopped``."""
        self._coming.discard(name)
        if self._agent is not None:
            self._agent.stop(name)

    async def close(self) -> None:
        """Kill everything in the instance; the next run starts it again."""
        agent, self._agent = self._agent, None
        if agent is not None:
            await agent.close()

    async def _ready_agent(self) -> "_Agent":
        async with self._starting:
            if self._agent is None or self._agent.gone:
                self._agent = await _Agent.start(
                    {
                        "folder": str(self.folder.resolve()),
                        "level": self._level.value,
                        "name": self.name,
                        "packages": self._packages,
                        "limits": self._limits,
                    }
                )
                self.notes = self._agent.notes
            return self._agent


class _Agent:
    """The connection to the process inside an instance."""

    def __init__(
        self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.gone = False
        self.notes: tuple[str, ...] = ()
        self._process = process
        self._reader = reader
        self._writer = writer
        self._runs: dict[str, tuple[asyncio.Future[Outcome], Progress | None]] = {}
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: dict[str, Any]) -> "_Agent":
        """Start the process and wait until it is inside the instance."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", _START,
                str(theirs.fileno()), json.dumps(settings), str(_SOURCES),
                # Only the connection is inherited from the cloud, not even its terminal.
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                # Nothing of the cloud's environment: root inside can read it.
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                start_new_session=True,
            )  # fmt: skip
        ours.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_LINE_LIMIT_BYTES)
        agent = cls(process, reader, writer)
        try:
            async with asyncio.timeout(_START_SECONDS):
                answer = messages.parse(await reader.readline())
        except TimeoutError:
            answer = messages.Failed(f"it did not start within {_START_SECONDS:g} seconds")
        except ValueError:
            answer = messages.Failed("its agent ended at once")
        if not isinstance(answer, messages.Ready):
            await agent.close()
            reason = answer.reason if isinstance(answer, messages.Failed) else "it is confused"
            raise SandboxUnavailableError(reason)
        agent.notes = answer.notes
        agent._listening = asyncio.create_task(agent._listen())
        return agent

    async def run(self, script: Script, progress: Progress | None) -> Outcome:
        if self.gone:
            return Outcome("interrupted", reason=_SHUT_DOWN)
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._runs[script.name] = (outcome, progress)
        self._send(
            {
                "order": "run",
                "run": script.name,
                "script": base64.b64encode(script.content).decode(),
                "timeout_seconds": script.timeout_seconds,
                "working_dir": script.working_dir,
                "username": script.username,
                "ends_tree": script.ends_tree,
                "environment": dict(script.environment),
                "package_faults": list(script.package_faults),
            }
        )
        return await outcome

    def stop(self, name: str) -> None:
        if name in self._runs and not self.gone:
            self._send({"order": "stop", "run": name})

    async def close(self) -> None:
        # At once, even if it does not read what was sent: its guard notices and kills it.
        self._writer.transport.abort()
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            await self._listening

    def _send(self, order: dict[str, Any]) -> None:
        self._writer.write(json.dumps(order).encode() + b"\n")

    async def _listen(self) -> None:
        # Root inside may tamper with the agent: an invalid message ends the instance's processes,
        # and the next run starts them again.
        with contextlib.suppress(OSError, ValueError):
            while line := await self._reader.readline():
                self._take(messages.parse(line))
        self.gone = True
        self._writer.transport.abort()
        runs, self._runs = self._runs, {}
        for outcome, _ in runs.values():
            if not outcome.done():
                outcome.set_result(Outcome("interrupted", reason=_SHUT_DOWN))

    def _take(self, message: messages.Message) -> None:
        if not isinstance(message, messages.Written | messages.Ended):
            raise messages.NotAMessageError("an agent begins only once")
        outcome, progress = self._runs.get(message.run, (None, None))
        if outcome is None or outcome.done():
            self._runs.pop(message.run, None)
        elif isinstance(message, messages.Ended):
            del self._runs[message.run]
            outcome.set_result(message.outcome)
        elif progress is not None:
            progress(message.output, message.dropped)
