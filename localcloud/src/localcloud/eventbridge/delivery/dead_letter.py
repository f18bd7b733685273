"""What could not be delivered, as a message in a queue: the event and why it is there."""

import json
from collections.abc import Callable
from typing import TypeAlias

from localcloud.environment import iso_utc
from localcloud.eventbridge.delivery.journal import Attempt, Delivery
from localcloud.eventbridge.delivery.target import Target

Letter: TypeAlias = Callable[[Delivery, Target, str, Attempt], str]
"""Writes the body of a dead letter."""
DeadLetterSink: TypeAlias = Callable[[str, str], object]
"""Puts a body into the queue of a name; raises ``ApiError`` if it cannot."""


def bare_event(_delivery: Delivery, _target: Target, text: str, _last: Attempt) -> str:
    """Return the event alone, as "Retry policies and dead-letter queues" has it for streams."""
    return text


def dead_letter_body(delivery: Delivery, target: Target, text: str, last: Attempt) -> str:
    """Return the body of a dead letter; ``text`` is the event as JSON and stays as it is."""
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
