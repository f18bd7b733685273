"""What people ask about events: ``/_localcloud/trace``."""

from typing import Any

from localcloud.eventbridge.service import EventBridge
from localcloud.eventbridge.trace import traces
from localcloud.inspection import NotThereError, Question, Views


def views(eventbridge: EventBridge) -> Views:
    """Return the views of EventBridge."""
    return {"trace": lambda asked: _trace(eventbridge, asked)}


def _trace(eventbridge: EventBridge, asked: Question) -> list[dict[str, Any]]:
    event_id = asked.params.get("event_id")
    # Why thousands of events did not match is slow to say, and not always asked for.
    found = traces(eventbridge, event_id, asked.limit, explain="matched" not in asked.params)
    if event_id and not found:
        raise NotThereError(f"no event '{event_id}' in the trace")
    return found
