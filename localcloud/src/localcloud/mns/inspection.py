"""What people ask about queues: ``/_localcloud/queues``."""

from dataclasses import asdict
from typing import Any

from localcloud.inspection import Views
from localcloud.mns.service import Mns


def views(mns: Mns) -> Views:
    """Return the views of the queues."""
    return {"queues": lambda _: counts(mns)}


def counts(mns: Mns) -> dict[str, dict[str, Any]]:
    """Return how many messages of each queue can be received, are received, are delayed."""
    return {queue.name: asdict(mns.counted(queue.name)) for queue in mns.queues()}
