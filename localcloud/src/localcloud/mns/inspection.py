"""What people ask about queues: ``/_localcloud/queues``."""

from dataclasses import asdict
from typing import Any

from localcloud.environment import iso_utc
from localcloud.inspection import NotThereError, Views
from localcloud.mns.service import Mns
from localcloud.redaction import masked


def views(mns: Mns) -> Views:
    """Return the views of the queues."""
    return {
        "queues": lambda _: counts(mns),
        "queues/{name}/messages": lambda asked: messages(mns, asked.path["name"], asked.limit),
    }


def messages(mns: Mns, name: str, limit: int) -> list[dict[str, Any]]:
    """Return a queue's newest messages, without taking them."""
    known = [queue.name for queue in mns.queues()]
    if name not in known:
        raise NotThereError(f"no queue '{name[:200]}'; there are {', '.join(known) or 'none yet'}")
    return [
        {
            "id": message.id,
            "since": iso_utc(message.enqueued),
            "visible_at": iso_utc(message.visible),
            "received": message.dequeues,
            "body": masked(message.body, "***"),
        }
        for message in mns.listed(name, limit)
    ]


def counts(mns: Mns) -> dict[str, dict[str, Any]]:
    """Return how many messages of each queue can be received, are received, are delayed."""
    return {queue.name: asdict(mns.counted(queue.name)) for queue in mns.queues()}
