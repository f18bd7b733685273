"""What could not be delivered, as a message in a queue: the event and why it is there."""

import json
from collections.abc import Callable
from typing import TypeAlias

from localcloud.environment import iso_utc
from localcloud.eventbridge.delivery.journal import Attempt, Delivery
from localcloud.eventbridge.delivery.target import Target

Bury: TypeAlias = Callable[[str, str], object]
"""Puts a text into the queue of that name; raises ``ApiError`` when it cannot."""


def letter(delivery: Delivery, target: Target, text: str, last: Attempt) -> str:
    """Write a dead letter; ``text`` is the event as JSON and stays as it is."""
    # guess: only that the event is written to the queue is documented, not how.
    reason = {
        "eventBusName": delivery.bus,
        "ruleName": delivery.rule,
        "targetId": delivery.target,
        "targetType": target.type,
        "attempts": delivery.failed,
        "lastAttemptTime": iso_utc(last.at),
        "errorCode": last.status,
        "errorMessage": last.message,
    }
    return f'{{"reason":{json.dumps(reason, ensure_ascii=False)},"event":{text}}}'
