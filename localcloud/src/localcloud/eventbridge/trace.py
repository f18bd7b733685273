"""The trace of an event: the rules it matched, why others did not, how each delivery went.

Why a rule did not match is worked out when somebody asks, from the rule as it is now; accepting an
event does not pay for it. Addresses are shown without path and query, because those of chats and
webhooks are credentials, and so are headers and values that look like secrets.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from localcloud import strict_json
from localcloud.eventbridge.delivery.history import Accepted, DeliveryStatus
from localcloud.eventbridge.delivery.journal import PENDING
from localcloud.eventbridge.events import utc
from localcloud.eventbridge.matching.json_text import parse_kept
from localcloud.eventbridge.resources import ENABLED, Rule
from localcloud.eventbridge.service import EventBridge
from localcloud.redaction import kind_of, masked

_SECRET_HEADER = re.compile(r"token|secret|auth|cookie|sign|key", re.IGNORECASE)


def traces(
    eventbridge: EventBridge,
    event_id: str | None = None,
    limit: int = 100,
    *,
    explain: bool = True,
) -> list[dict[str, Any]]:
    """Return the traces of the events with an id, or of the last events, the oldest first.

    They are read from the disk: flush the store first.

    Args:
        eventbridge: the service that accepted the events.
        event_id: the id to look for, or None for the last events.
        limit: how many traces to return at most.
        explain: whether rules that did not match say why.
    """
    history = eventbridge.history
    events = history.with_id(event_id) if event_id else history.latest(limit)
    return [trace_of(eventbridge, accepted, explain=explain) for accepted in events[-limit:]]


def shown_endpoint(endpoint: str) -> str:
    """Return what may be shown of a target's endpoint: an ARN, or a URL's host."""
    if "://" not in endpoint:
        return endpoint
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.hostname}/..."


def trace_of(eventbridge: EventBridge, accepted: Accepted, *, explain: bool) -> dict[str, Any]:
    """Return the trace of one event."""
    event = parse_kept(accepted.body)
    deliveries: dict[str, list[DeliveryStatus]] = {}
    for delivery in eventbridge.history.deliveries(accepted.seq):
        deliveries.setdefault(delivery.rule, []).append(delivery)
    rules = [
        _matched(eventbridge, accepted.bus, name, found) for name, found in deliveries.items()
    ] + [
        _missed(eventbridge, rule, event)
        for rule in (eventbridge.rules(accepted.bus) if explain else ())
        if rule.name not in deliveries
    ]
    return {
        "id": accepted.id,
        "bus": accepted.bus,
        "source": accepted.source,
        "type": accepted.type,
        "accepted_at": utc(accepted.accepted),
        "at": accepted.accepted,
        "matched": bool(deliveries),
        "rules": rules,
        "event": shown_event(event),
    }


def _matched(
    eventbridge: EventBridge, bus: str, rule: str, deliveries: list[DeliveryStatus]
) -> dict[str, Any]:
    return {
        "rule": rule,
        "matched": True,
        "targets": [_delivery(eventbridge, bus, delivery) for delivery in deliveries],
    }


def _delivery(eventbridge: EventBridge, bus: str, delivery: DeliveryStatus) -> dict[str, Any]:
    target = eventbridge.target(bus, delivery.rule, delivery.target)
    waiting = delivery.state == PENDING
    return {
        "target": delivery.target,
        "type": target.type if target else "",
        "endpoint": shown_endpoint(target.endpoint) if target else "",
        "state": "retrying" if waiting and delivery.attempts else delivery.state,
        "attempts": [
            {
                "attempt": number,
                "at": utc(attempt.at),
                "ok": attempt.ok,
                "status": attempt.status,
                "milliseconds": attempt.milliseconds,
                "message": attempt.message,
            }
            for number, attempt in enumerate(delivery.attempts, 1)
        ],
        "next_attempt_at": utc(delivery.due) if waiting else None,
        "dead_letter_queue": target.dead_letter_queue if target else "",
    }


def _missed(eventbridge: EventBridge, rule: Rule, event: dict[str, Any]) -> dict[str, Any]:
    reason: dict[str, str]
    difference = eventbridge.pattern(rule).explain(event)
    if difference is not None:
        reason = {
            "path": difference.path,
            "expected": difference.expected,
            "found": difference.found,
        }
        text = str(difference)
    else:
        reason = {}
        if rule.status != ENABLED:
            text = "the rule is disabled"
        elif not rule.targets:
            text = "the rule has no targets"
        else:
            text = "the rule matches now; it was made or changed after the event came"
    return {"rule": rule.name, "matched": False, "reason": text, "difference": reason}


def shown_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what looks like a secret."""
    if kind_of(strict_json.write(event)):
        event = _masked(event)
    data = event.get("data")
    headers = data.get("headers") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(headers, dict):
        return event
    masked_headers = {
        name: "***" if _SECRET_HEADER.search(name) else value for name, value in headers.items()
    }
    return {**event, "data": {**data, "headers": masked_headers}}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_masked(part) for part in value]
    return masked(value, "***") if isinstance(value, str) else value
