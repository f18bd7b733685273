"""Posts the recorded events to a loop and waits until nothing moves any more."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from functions.cloud.cloud_assistant import CloudAssistant
from functions.cloud.ecs import VERSION
from functions.cloud.eventbridge import EventBus
from functions.cloud.rpc import Credentials, Rpc
from localcloud.client import Inspector
from ops.behaviour.samples import Sample

_CLIENTS = 4
_PATIENCE_SECONDS = 60.0
_QUIET_SECONDS = 8.0
_LOOK_SECONDS = 0.2
_MOST = 10_000
_HELD_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Played:
    """What the local cloud knows after all events were posted."""

    origins: dict[str, str]
    """Sample -> the id of its event or invocation; ``HTTP 404`` and the like if it was refused."""
    events: list[dict[str, Any]]
    invocations: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    words: Mapping[str, str] = field(default_factory=dict)
    """Result's id -> what its chat is told of it, where a function gathers results for a chat."""
    settled: bool = True
    """Whether every delivery came to an end in time; a retry may go on for a day."""


class Player:
    """One deployed loop that events are posted to."""

    def __init__(self, ready: dict[str, Any], outputs: dict[str, Any]) -> None:
        self._outputs = outputs
        self._teller = outputs.get("functions", {}).get("post-to-chat", "")
        """The function that tells several results in one message, if the revision has one."""
        self._threads = threading.local()
        self._chats = list(ready["chats"])
        self._inspector = Inspector(ready["endpoint"])
        key = Credentials(ready["access_key_id"], ready["access_key_secret"])
        rpc = Rpc(ready["endpoint"], VERSION, key, now=time.time)
        self._assistant = CloudAssistant(rpc, ready["region"])
        self._bus = EventBus(ready["endpoint"], key, now=time.time)

    def play(self, samples: Sequence[Sample], tell: Callable[[str], None]) -> Played:
        """Post all events at once, wait for what comes of them, and gather it.

        Meanwhile ``tell`` is told how far it is.
        """
        self._hold_teller()
        origins = {}
        with ThreadPoolExecutor(_CLIENTS) as pool:
            for sample, origin in zip(samples, pool.map(self._post, samples), strict=True):
                origins[sample.key] = origin
                tell(f"{len(origins)} of {len(samples)} events posted")
        settled = self._settle(_PATIENCE_SECONDS + len(samples) / 10, tell)
        tell("comparing")
        return Played(
            origins=origins,
            events=self._inspector.get("trace", limit=_MOST, matched=1),
            invocations=self._inspector.get("invocations", limit=_MOST),
            messages=[
                message
                for chat in self._chats
                for message in self._inspector.get(f"chats/{chat}/messages", limit=_MOST)
            ],
            settled=settled,
        )

    def _hold_teller(self) -> None:
        """Let what gathers results for the chats begin after the play.

        Which results it tells together depends on the moment, and is not compared.
        """
        if self._teller:
            held = {"times": _MOST, "delay_seconds": _HELD_SECONDS}
            self._inspector.post("faults", {"target": f"function:{self._teller}", **held})

    def _post(self, sample: Sample) -> str:
        if sample.command:
            return self._assistant.invoke(
                command_id=self._outputs[sample.command],
                parameters=sample.parameters,
                timeout_seconds=60,
                instance_ids=self._outputs["instance_ids"][:1],
                tags={},
                client_token=sample.key,
            )
        if sample.bus:
            bus = self._outputs["bus_name"] if sample.bus == "loop" else sample.bus
            self._bus.put([{**sample.event, "id": sample.key, "aliyuneventbusname": bus}])
            return sample.key
        if sample.source not in self._outputs["webhooks"]:
            return "no such source"
        status, answer = self._send(self._outputs["webhooks"][sample.source], sample)
        return (
            str(json.loads(answer)["EntryList"][0]["EventId"])
            if status == 200
            else f"HTTP {status}"
        )

    def _send(self, url: str, sample: Sample) -> tuple[int, bytes]:
        """Post a sample's body over this thread's connection, which stays open for the next."""
        to = urlsplit(url)
        if not hasattr(self._threads, "connection"):
            self._threads.connection = HTTPConnection(to.netloc, timeout=60)
        connection: HTTPConnection = self._threads.connection
        body = json.dumps(sample.body, ensure_ascii=False).encode()
        connection.request("POST", f"{to.path}?{to.query}", body, sample.headers)
        with connection.getresponse() as response:
            return response.status, response.read()

    def _settle(self, seconds: float, tell: Callable[[str], None]) -> bool:
        """Wait for the end of deliveries and runs; give up on what only waits for a retry."""
        deadline = time.monotonic() + seconds
        last, since = None, time.monotonic()
        while time.monotonic() < deadline:
            under_way = self._under_way()
            if not any(under_way.values()):
                return True
            tell(f"{sum(under_way.values())} deliveries, calls and runs under way")
            if under_way != last:
                last, since = under_way, time.monotonic()
            elif time.monotonic() - since > _QUIET_SECONDS:
                return False
            time.sleep(_LOOK_SECONDS)
        return False

    def _under_way(self) -> dict[str, int]:
        health = self._inspector.get("health")
        found = {name: health["under_way"][name] for name in ("deliveries", "runs")}
        calls = health["asynchronous_calls"]
        return found | {name: n for name, n in calls.items() if name != self._teller}
