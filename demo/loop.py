"""A running loop as its users have it: webhooks to post to, chats to read, hosts to look at."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx

from localcloud.client import CloudUnreachableError, Inspector
from localcloud.commandline.errors import UserError
from localcloud.deploy.client import Client

T = TypeVar("T")
EVENTS = Path(__file__).parent / "events"
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.02


class Late(UserError):
    """What was waited for did not come in time."""


class Loop:
    """One deployed loop in one local cloud."""

    def __init__(self, ready: dict[str, Any], outputs: dict[str, Any]) -> None:
        self.endpoint: str = ready["endpoint"]
        self.region: str = ready["region"]
        self.outputs = outputs
        self.inspector = Inspector(self.endpoint)
        self._http = httpx.Client(timeout=30, trust_env=False)
        self.api = Client(self.endpoint, ready["access_key_id"], ready["access_key_secret"])

    def post(self, source: str, body: bytes, headers: Mapping[str, str] | None = None) -> str:
        """Post to a source's webhook as a chat platform does; return the event's id."""
        response = self._http.post(
            self.outputs["webhooks"][source],
            content=body,
            headers={"content-type": "application/json", **(headers or {})},
        )
        response.raise_for_status()
        return str(response.json()["EntryList"][0]["EventId"])

    def invoke_command(self, parameters: dict[str, str]) -> str:
        """Run the command by hand, as ``aliyun ecs InvokeCommand`` does; return the invocation."""
        answer = self.api.rpc(
            "2014-05-26",
            "InvokeCommand",
            {
                "CommandId": self.outputs["command_id"],
                "InstanceId.1": self.outputs["instance_ids"][0],
                "Parameters": parameters,
            },
        )
        return str(answer["InvokeId"])

    def call_by_timer(self, function: str, timer: str) -> str:
        """Call a function as its timer does, and wait for it; return what it returns."""
        name = self.outputs["functions"][function]
        event = {"triggerTime": "", "triggerName": timer, "payload": "timer"}
        return self.api.fc_invoke(name, event)

    def tag(self, instances: Sequence[str], key: str, value: str) -> None:
        """Put a tag on instances."""
        wanted = {f"ResourceId.{n}": i for n, i in enumerate(instances, 1)}
        tag = {"ResourceType": "instance", "Tag.1.Key": key, "Tag.1.Value": value}
        self.api.rpc("2014-05-26", "TagResources", {**wanted, **tag})

    def messages(self, chat: str, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Return what arrived in a chat after a message's number."""
        found: list[dict[str, Any]] = self.inspector.get(
            f"chats/{chat}/messages", after=after, limit=limit
        )
        return found

    def last_message(self, chat: str) -> int:
        """Return the number of the newest message of a chat, 0 if there is none."""
        return max((m["id"] for m in self.messages(chat)), default=0)

    def next_message(self, chat: str, after: int) -> dict[str, Any]:
        """Wait for the first message after a number."""
        return self.wait(
            f"a message in the chat '{chat}'", lambda: next(iter(self.messages(chat, after)), None)
        )

    def events(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return the way of the newest events, the oldest first."""
        found: list[dict[str, Any]] = self.inspector.get("trace", limit=limit)
        return found

    def settle(self, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until nothing is delivered and nothing runs any more."""
        self.wait(
            "the deliveries to end",
            lambda: not any(self.inspector.get("health")["under_way"].values()),
            seconds,
        )

    def invocations(self) -> list[dict[str, Any]]:
        """Return what ran on the instances, the newest last."""
        found: list[dict[str, Any]] = self.inspector.get("invocations", limit=10_000)
        return found

    def file(self, instance: str, path: str) -> str:
        """Return a file of an instance as it is there; empty if there is none."""
        try:
            found = self.inspector.get(f"instances/{instance}/files", path=path)
        except CloudUnreachableError:
            return ""
        return str(found.get("content", ""))

    def account(self, instance: str, user: str) -> str:
        """Return an account's line of the instance's passwd file; empty if there is none."""
        lines = self.file(instance, "/etc/passwd").splitlines()
        return next((line for line in lines if line.startswith(f"{user}:")), "")

    def fail(self, target: str, times: int, error: str = "") -> None:
        """Make something fail the next few times."""
        self.inspector.post("faults", {"target": target, "times": times, "error": error})

    def wait(
        self, what: str, look: Callable[[], T | None], seconds: float = _PATIENCE_SECONDS
    ) -> T:
        """Look until there is something.

        Raises:
            Late: if nothing comes in that time.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise Late(f"waited {seconds:.0f} s for {what}, and it did not come")
            time.sleep(_POLL_SECONDS)


def event(name: str) -> bytes:
    """Return a recorded request of a platform, byte for byte."""
    return (EVENTS / f"{name}.json").read_bytes()
