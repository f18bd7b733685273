"""The server process: one port on loopback, one ready line, a clean stop."""

import errno
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import uvicorn

from localcloud.commandline.errors import UserError
from localcloud.settings import CloudSettings

_BACKLOG = 2048


class DefectError(UserError):
    """A part of the local cloud ended by itself; without it, much would wait for nothing."""


class PortError(UserError):
    """The port can't be had."""


def bind(port: int) -> socket.socket:
    """Bind a port of the loopback interface; 0 binds any free one.

    Raises:
        PortError: if it is in use, or not for this user.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # At once: two processes may be bound to one port as long as neither listens.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(_why(port, error)) from error
    return listener


def _why(port: int, error: OSError) -> str:
    remedy = "choose another with --port, or --port 0 for any free one"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of 127.0.0.1 is taken by another program; {remedy}"
    if error.errno == errno.EACCES:
        return f"this user has no right to port {port}, as to most ports below 1024; {remedy}"
    return f"cannot listen on port {port} of 127.0.0.1: {error.strerror}; {remedy}"


def serve(
    settings: CloudSettings,
    create_app: Callable[[CloudSettings], Any],
    ready: Callable[[CloudSettings], dict[str, Any]],
    hint: Callable[[CloudSettings], str] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; print what ``ready`` gives as one JSON line when listening.

    What ``hint`` gives is for people and follows on standard error.

    Raises:
        PortError: if the port is in use, or not for this user.
        DefectError: if a part of the application ended by itself.
    """
    # uvicorn stops in order and then raises the signal again: the process ends with 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _end)
    # The thread that syncs the disk gets its turn sooner than after Python's usual 5 ms.
    sys.setswitchinterval(0.001)
    listener = bind(settings.port)
    settings = replace(settings, port=listener.getsockname()[1])
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_level=logging.WARNING,
        access_log=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=3,
        server_header=False,
        proxy_headers=False,
    )
    text = hint(settings) if hint else ""
    server = _Server(config, lambda: ready(settings), text, app.end_streams)
    app.on_defect = server.end_by_defect
    server.run(sockets=[listener])
    if server.defect:
        kept = "is kept: start it again" if settings.data else "is gone"
        raise DefectError(
            f"the local cloud has stopped, as a part of it failed: {server.defect}; the reason is "
            f"above. What was accepted {kept}"
        )


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class _Server(uvicorn.Server):
    """uvicorn's server that says when it is ready."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], dict[str, Any]],
        hint: str,
        end_streams: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._hint = hint
        self._end_streams = end_streams
        self.defect = ""
        """What ended by itself, if something did."""

    def end_by_defect(self, name: str) -> None:
        """Stop in order, because a part of the application has ended."""
        self.defect = self.defect or name

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or bool(self.defect)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Streams have no end of their own, and the server waits for those who read them.
        self._end_streams()
        await super().shutdown(sockets=sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            sys.stdout.write(json.dumps(self._ready(), ensure_ascii=False) + "\n")
            sys.stdout.flush()
            sys.stderr.write(self._hint)
            sys.stderr.flush()
