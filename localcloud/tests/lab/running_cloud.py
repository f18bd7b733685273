"""A local cloud in a process of its own, which a test may stop, kill and start again."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import CONFIGURATION, environment
from localcloud.deploy.client import Client
from localcloud.running import command


class RunningCloud:
    """One ``localcloud serve`` on a free port, which it keeps over restarts."""

    def __init__(self, data: Path, *arguments: str, config: Path = CONFIGURATION) -> None:
        self._data = data
        self._arguments = ("--config", str(config), *arguments)
        self._process: subprocess.Popen[str] | None = None
        self.ready: dict[str, Any] = {}
        self.start()

    @property
    def endpoint(self) -> str:
        """The address, ``http://127.0.0.1:<port>``."""
        return str(self.ready["endpoint"])

    @property
    def address(self) -> str:
        """The address as most SDKs want it: ``127.0.0.1:<port>``."""
        return self.endpoint.removeprefix("http://")

    @property
    def key(self) -> tuple[str, str]:
        """The account's access key: id and secret."""
        return str(self.ready["access_key_id"]), str(self.ready["access_key_secret"])

    def client(self) -> Client:
        """Return a client that signs with the account's key."""
        return Client(self.endpoint, *self.key)

    def start(self) -> None:
        """Start the server, on the same port and data as before if it ran before."""
        port = self.endpoint.rpartition(":")[2] if self.ready else "0"
        self._process = subprocess.Popen(
            command("--data", str(self._data), *self._arguments, port=port),
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the local cloud did not start; its error is on standard error"
        self.ready = json.loads(line)

    def stop(self) -> None:
        """Stop the server as a user does."""
        self._end("terminate")

    def kill(self) -> None:
        """End the server at once, as ``kill -9`` does: nothing of it gets to tidy up."""
        self._end("kill")

    def webhook(self, bus: str = "hooks") -> str:
        """Make a bus with an HTTP source; return its URL."""
        client = self.client()
        client.rpc("2020-04-01", "CreateEventBus", {"EventBusName": bus})
        source = {"Type": "HTTP&HTTPS", "SecurityConfig": "none", "Method": ["POST"]}
        client.rpc(
            "2020-04-01",
            "CreateEventSource",
            {
                "EventBusName": bus,
                "EventSourceName": f"{bus}.source",
                "LinkedExternalSource": True,
                "SourceHttpEventParameters": source,
            },
        )
        listed = client.rpc("2020-04-01", "ListUserDefinedEventSources", {"EventBusName": bus})
        (found,) = listed["Data"]["EventSourceList"]
        return str(found["SourceHttpEventParameters"]["PublicWebHookUrl"][0])

    def _end(self, how: str) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        getattr(process, how)()
        process.wait(20)
        if process.stdout:
            process.stdout.close()


@contextmanager
def running_cloud(
    data: Path, *arguments: str, config: Path = CONFIGURATION
) -> Iterator[RunningCloud]:
    """Run a local cloud for as long as the block takes."""
    cloud = RunningCloud(data, *arguments, config=config)
    try:
        yield cloud
    finally:
        cloud.stop()
