"""A local cloud in a process of its own: start one, wait until it is ready, look for one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from localcloud.client import Inspector
from localcloud.commandline import children
from localcloud.commandline.environment import clean
from localcloud.commandline.errors import UserError

_STARTING_SECONDS = 20.0
_HEALTH_SECONDS = 5.0


class NotStarted(UserError):
    """No local cloud runs and none could be started."""


def command(*options: str, port: str | int = 0) -> list[str]:
    """Return the command of a local cloud; port 0 is any free one."""
    return [sys.executable, "-m", "localcloud", "serve", "--port", str(port), *options]


@contextmanager
def running(*options: str, env: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Run a local cloud on a free port for as long as the block takes; yield its ready line."""
    with children.serving(command(*options), env=env) as ready:
        yield ready


def is_running(endpoint: str) -> bool:
    """Return whether a local cloud answers at an endpoint."""
    try:
        health = Inspector(endpoint, timeout_seconds=_HEALTH_SECONDS).get("health")
    except UserError:
        return False
    return isinstance(health, dict) and health.get("status") == "ok"


def start(endpoint: str, data: Path, *options: str) -> int:
    """Start a local cloud that outlives this process; return its process id.

    Raises:
        NotStarted: if it does not answer in time.
    """
    data.mkdir(mode=0o700, exist_ok=True)
    log = data / "serve.log"
    # The ready line goes in there, and with it the account's key.
    with open(log, "ab", opener=partial(os.open, mode=0o600)) as output:
        server = subprocess.Popen(  # noqa: S603 - our own command
            command("--data", str(data), *options, port=endpoint.rpartition(":")[2]),
            cwd=data.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # The child finds its packages where this process may have found them.
            env=clean(os.environ)
            | {name: os.environ[name] for name in {"PYTHONPATH"} & set(os.environ)},
        )
    deadline = time.monotonic() + _STARTING_SECONDS
    while not is_running(endpoint):
        if server.poll() is not None or time.monotonic() > deadline:
            # What is given up must not come up afterwards, with nobody who knows of it.
            server.terminate()
            raise NotStarted(f"the local cloud did not start; {log} says why")
        time.sleep(0.05)
    return server.pid
