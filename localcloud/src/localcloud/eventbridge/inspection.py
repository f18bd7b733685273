"""What people ask about events: traces, rules, sources; trying a pattern, posting an event."""

from collections.abc import Mapping
from typing import Any

from localcloud import strict_json
from localcloud.eventbridge import webhook
from localcloud.eventbridge.matching.json_text import parse_kept
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Pattern
from localcloud.eventbridge.resources import ENABLED, Rule, Source
from localcloud.eventbridge.service import EventBridge
from localcloud.eventbridge.trace import shown_endpoint, shown_event, traces
from localcloud.http import HttpRequest
from localcloud.inspection import Changes, NotThereError, Question, Views


def views(eventbridge: EventBridge) -> Views:
    """Return the views of EventBridge."""
    return {
        "trace": lambda asked: _trace(eventbridge, asked),
        "events/{event_id}": lambda asked: _event(eventbridge, asked.path["event_id"]),
        "rules": lambda _: rules(eventbridge),
        "sources": lambda _: sources(eventbridge),
    }


def changes(eventbridge: EventBridge) -> Changes:
    """Return what can be posted: a pattern to try, and an event for a source."""

    async def try_pattern(_: Question, body: Any) -> dict[str, Any]:
        return tried(eventbridge, _object(body))

    async def post(asked: Question, body: Any) -> dict[str, Any]:
        source = next((s for s in eventbridge.sources() if s.name == asked.path["name"]), None)
        return await _post(eventbridge, source, asked.path["name"], _object(body))

    return {"patterns": try_pattern, "sources/{name}/events": post}


def rules(eventbridge: EventBridge) -> list[dict[str, Any]]:
    """Return the rules of all buses, and where each delivers to; nothing of it is secret."""
    return [
        _rule(eventbridge, rule)
        for bus in eventbridge.buses()
        for rule in eventbridge.rules(bus.name)
    ]


def sources(eventbridge: EventBridge) -> list[dict[str, Any]]:
    """Return the event sources; whether each takes posts, and not with which token."""
    return [
        {
            "name": source.name,
            "bus": source.bus,
            "description": source.description,
            "takes_posts": source.http is not None,
        }
        for source in eventbridge.sources()
    ]


def tried(eventbridge: EventBridge, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether a pattern matches an event, and if not, the first field that differs.

    The event is given as JSON, or by its id.
    """
    text = given.get("pattern")
    event = given.get("event")
    if isinstance(event, str) and not event.lstrip().startswith("{"):
        event = _stored(eventbridge, event)
    elif isinstance(event, str):
        event = strict_json.read(event)
    if not isinstance(text, str) or not isinstance(event, dict):
        raise NotThereError("send {pattern: a JSON text, event: an event or its id}")
    try:
        difference = Pattern.compile(text).explain(event)
    except InvalidPatternError as error:
        return {"valid": False, "matched": False, "reason": str(error)}
    return {
        "valid": True,
        "matched": difference is None,
        "reason": "" if difference is None else str(difference),
    }


def _rule(eventbridge: EventBridge, rule: Rule) -> dict[str, Any]:
    targets = (eventbridge.target(rule.bus, rule.name, t.get("Id", "")) for t in rule.targets)
    return {
        "bus": rule.bus,
        "name": rule.name,
        "description": rule.description,
        "enabled": rule.status == ENABLED,
        "pattern": rule.pattern,
        "targets": [
            {
                "id": target.id,
                "type": target.type,
                "endpoint": shown_endpoint(target.endpoint),
                "retry": target.retry,
                "dead_letter_queue": target.dead_letter_queue,
            }
            for target in targets
            if target
        ],
    }


async def _post(
    eventbridge: EventBridge, source: Source | None, name: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Post to a source's webhook in the name of whoever looks, who need not know its token."""
    if source is None or source.http is None:
        names = ", ".join(s["name"] for s in sources(eventbridge) if s["takes_posts"]) or "none yet"
        raise NotThereError(f"no source '{name[:200]}' takes posts; there are {names}")
    headers = given.get("headers") or {}
    if not isinstance(headers, dict) or "body" not in given:
        raise NotThereError("send {body: what a platform would post, headers: {name: text}}")
    sent = {str(name).lower(): str(value) for name, value in headers.items()}
    sent.setdefault("content-type", "application/json")
    body = given["body"]
    text = body if isinstance(body, str) else strict_json.write(body)
    request = HttpRequest(
        "POST", "127.0.0.1", webhook.PATH, {"token": source.token}, sent, text.encode()
    )
    answer = await webhook.handle(eventbridge, request)
    said = strict_json.read(answer.body)
    if answer.status != 200:
        raise NotThereError(f"the source refused it: {said['Code']}: {said['Message']}")
    return {"event": said["EntryList"][0]["EventId"], "source": source.name, "bus": source.bus}


def _trace(eventbridge: EventBridge, asked: Question) -> list[dict[str, Any]]:
    event_id = asked.params.get("event_id")
    # Why thousands of events did not match is slow to say, and not always asked for.
    found = traces(eventbridge, event_id, asked.limit, explain="matched" not in asked.params)
    if event_id and not found:
        raise NotThereError(f"no event '{event_id}' in the trace")
    return found


def _event(eventbridge: EventBridge, event_id: str) -> dict[str, Any]:
    return shown_event(_stored(eventbridge, event_id))


def _stored(eventbridge: EventBridge, event_id: str) -> dict[str, Any]:
    found = eventbridge.history.with_id(event_id)
    if not found:
        raise NotThereError(f"no event '{event_id[:200]}' is known")
    event: dict[str, Any] = parse_kept(found[-1].body)
    return event


def _object(body: Any) -> Mapping[str, Any]:
    return body if isinstance(body, dict) else {}
