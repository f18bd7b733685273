"""A process that publishes events and delivers them until it is killed.

It prints an event's number once the event is durable, and the deliveries go into a file.
"""

import asyncio
import itertools
import sys
from pathlib import Path

from lab.eventbridge import EventBridgeLab
from localcloud.eventbridge.delivery.target import DeliveryRequest


async def publish(folder: Path, delivered: Path, prefix: str) -> None:
    """Publish for ever."""
    lab = EventBridgeLab(folder)

    async def deliver(request: DeliveryRequest) -> str:
        with delivered.open("a") as file:
            file.write(f"{request.event['id']}\n")
        return "delivered"

    lab.dispatcher._senders = {"acs.fc.function": deliver}
    running = asyncio.create_task(lab.dispatcher.run())
    for number in itertools.count():
        identity = f"{prefix}-{number}"
        lab.eventbridge.publish("default", {"id": identity, "source": "s", "type": "t"})
        await lab.store.flush()
        print(identity, flush=True)
    await running


if __name__ == "__main__":
    asyncio.run(publish(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
