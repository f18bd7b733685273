"""Messages of the account's queues, as those who wait for them see them and hand them on."""

from collections.abc import Sequence
from typing import Any, Protocol

from localcloud.environment import iso_utc
from localcloud.settings import CloudSettings


class Message(Protocol):
    """A message that was received."""

    @property
    def id(self) -> str:
        """Return its id."""

    @property
    def body(self) -> str:
        """Return its body as it was sent."""

    @property
    def enqueued(self) -> float:
        """Return when it was sent, in seconds since 1970."""

    @property
    def dequeues(self) -> int:
        """Return how often it was received, this time included."""

    @property
    def receipt(self) -> str:
        """Return what deletes it."""


class Queues(Protocol):
    """The message queues of the account."""

    async def receive(self, name: str, count: int = 1) -> Sequence[Message]:
        """Take messages."""

    async def delete(self, name: str, receipt: str) -> None:
        """Delete a received message."""


def event_of(
    message: Message, body: str, queue: str, settings: CloudSettings, request_id: str
) -> dict[str, Any]:
    """Return what EventBridge says of a message of a queue ("SMQ events"); not who says it.

    Args:
        message: the message.
        body: its body, decoded where that is asked for.
        queue: the name of its queue.
        settings: region and account.
        request_id: names the request that received it.
    """
    return {
        "id": message.id,
        "type": "mns:Queue:SendMessage",
        "subject": f"acs:mns:{settings.region}:{settings.account_id}:queues/{queue}",
        "time": iso_utc(message.enqueued),
        "data": {"requestId": request_id, "messageId": message.id, "messageBody": body},
    }
