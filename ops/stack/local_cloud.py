"""The local cloud that stack ``local`` is built in: the one that runs, or one that is started."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

from localcloud.commandline import endpoints
from localcloud.commandline.environment import clean
from localcloud.commandline.errors import UserError

ENDPOINT = endpoints.DEFAULT
_STARTING_SECONDS = 20.0
_CONFIGURATION = Path(__file__).resolve().parents[2] / "demo/localcloud.yaml"


class NoLocalCloud(UserError):
    """No local cloud runs and none could be started."""


def is_running(endpoint: str) -> bool:
    """Return whether a local cloud answers at an endpoint."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint}/_localcloud/health", timeout=5) as answer:
            return bool(json.load(answer).get("status") == "ok")
    except (urllib.error.URLError, OSError, ValueError):
        return False


def start(project: Path, endpoint: str = ENDPOINT) -> int:
    """Start a local cloud that goes on after this process; give its process id.

    Raises:
        NoLocalCloud: if it does not answer in time.
    """
    data = project / ".localcloud"
    data.mkdir(mode=0o700, exist_ok=True)
    log = data / "serve.log"
    # The ready line goes in there, and with it the account's key.
    with open(log, "ab", opener=partial(os.open, mode=0o600)) as output:
        server = subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "localcloud", "serve"),
                *("--port", endpoint.rpartition(":")[2], "--data", str(data)),
                *("--config", str(_CONFIGURATION)),
            ],
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=clean(os.environ),
        )
    deadline = time.monotonic() + _STARTING_SECONDS
    while not is_running(endpoint):
        if server.poll() is not None or time.monotonic() > deadline:
            # What is given up must not come up afterwards, with nobody who knows of it.
            server.terminate()
            raise NoLocalCloud(f"the local cloud did not start; {log} says why")
        time.sleep(0.05)
    return server.pid
