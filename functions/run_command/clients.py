"""What ``run-command`` needs from the cloud; tests and simulations put their own in its place."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.instances import Instance
from functions.cloud.smq import Received


class Commands(Protocol):
    """Cloud Assistant."""

    def find(self, tags: Mapping[str, str]) -> list[Invocation]:
        """Return the invocations that carry all these tags."""
        ...

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return what one invocation did on one instance."""
        ...

    def invoke(
        self,
        *,
        command_id: str,
        parameters: Mapping[str, str],
        timeout_seconds: int,
        instance_ids: Sequence[str],
        tags: Mapping[str, str],
        client_token: str,
    ) -> str:
        """Start a command and return the invocation's id."""
        ...

    def description(self, name: str) -> str | None:
        """Return the description of a command of exactly this name; None if there is none."""
        ...


class Hosts(Protocol):
    """The instances of the account."""

    def named(self, ids: Sequence[str]) -> list[Instance]:
        """Return the instances with these ids, as far as they exist."""
        ...

    def tagged(self, tags: Sequence[tuple[str, str]]) -> list[Instance]:
        """Return the instances that carry all these tags."""
        ...


class Bus(Protocol):
    """EventBridge."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


class Queues(Protocol):
    """The message queues of the account."""

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue; return its id."""
        ...

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take messages; each stays invisible for a while and comes again unless it is deleted."""
        ...

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete received messages."""
        ...

    def again(self, queue: str, receipt: str, seconds: int) -> str:
        """Let a received message become visible that many seconds from now."""
        ...


class Clients(NamedTuple):
    """All of them."""

    commands: Commands
    hosts: Hosts
    bus: Bus
    queues: Queues
