"""The cloud's side of a fork server: starts it on demand and asks it to fork."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SOURCES = str(Path(__file__).parents[2])
_START = (
    "import sys; sys.path.append(sys.argv.pop()); "
    "from localcloud.sandbox.fork_server import main; main()"
)
# Not that of a virtual environment, which has site packages and may be invisible inside.
_PYTHON: str = getattr(sys, "_base_executable", sys.executable)


class ForkServer:
    """Forks processes that run ``main`` of a module, from one that inherits nothing."""

    def __init__(self, module: str, also_imported: str = "") -> None:
        self._module = module
        self._also_imported = also_imported
        self._requests: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._forking = asyncio.Lock()

    def prepare(self) -> socket.socket:
        """Start the process with everything imported, unless it is running."""
        if self._requests and self._process and self._process.poll() is None:
            return self._requests
        self.close()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -I and -S: no variables, no user's and no installed packages.
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command; it returns at once
                [
                    *(_PYTHON, "-I", "-S", "-X", "utf8", "-c", _START),
                    *(str(theirs.fileno()), self._module, self._also_imported, _SOURCES),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return self._requests

    async def fork(self, settings: Mapping[str, Any], connection: int, output: int) -> int:
        """Start a process with a connection and an output; return its id."""
        message = json.dumps({**settings, "sources": _SOURCES}).encode()
        async with self._forking:
            requests = self.prepare()
            socket.send_fds(requests, [message], [connection, output])
            answer = await asyncio.to_thread(requests.recv, 64)
        if not answer:
            raise OSError("the process from which others are forked has ended")
        return int(answer)

    def close(self) -> None:
        """Stop the process; those that it forked are stopped on their own."""
        if self._requests is not None:
            self._requests.close()
        if self._process is not None:
            self._process.wait()
        self._requests = self._process = None
