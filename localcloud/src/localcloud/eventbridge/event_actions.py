"""PutEvents in both its forms, and the queries of the event trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.api import Action, Answer, ApiCall
from localcloud.errors import ApiError
from localcloud.eventbridge.delivery.history import Accepted
from localcloud.eventbridge.encoding import page, success
from localcloud.eventbridge.errors import EventBridgeError
from localcloud.eventbridge.events import REQUEST_BYTES, REQUEST_EVENTS, check
from localcloud.eventbridge.matching.json_text import parse, parse_kept
from localcloud.eventbridge.resources import DEFAULT_BUS
from localcloud.eventbridge.service import EventBridge
from localcloud.eventbridge.trace import shown_endpoint

_DAY_SECONDS = 24 * 3600


async def put_events(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Accept up to 16 events on one bus; those that are wrong are reported one by one.

    The form of the 2020-04-01 API: ``EventBusName`` and ``EventList``, a JSON list of objects with
    ``Id``, ``Source``, ``Type``, ``Data`` and so on, as the newest official SDKs send it.
    """
    entries = _list(call.params.get("EventList", "") or call.body.decode("utf-8", "replace"))
    bus = call.params.get("EventBusName") or _only_bus(entries)
    return success(_put(eventbridge, call, bus, entries, specversion="1.0"))


async def put_cloud_events(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Accept a batch of CloudEvents, as the data plane's SDK posts it to ``/openapi/putEvents``."""
    entries = _list(call.body.decode("utf-8", "replace"))
    result = _put(eventbridge, call, _only_bus(entries), entries, specversion=None)
    return {
        "RequestId": call.request_id,
        "ResourceOwnerAccountId": eventbridge.settings.account_id,
        **result,
    }


async def query_event(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return an event's content."""
    await eventbridge.store.flush()
    events = _with_id(eventbridge, call)
    return success(parse_kept(events[-1].body) if events else {})


async def query_event_traces(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return an event's trace: received, matched by a rule, each attempt to deliver it."""
    await eventbridge.store.flush()
    return success(
        [step for event in _with_id(eventbridge, call) for step in _steps(eventbridge, event)]
    )


async def query_traced_event_by_event_id(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return the events with an id; the official SDK reads a list of pages here, not one."""
    await eventbridge.store.flush()
    shown, rest = page(call, _with_id(eventbridge, call))
    return success([{"Events": [_summary(event) for event in shown], **rest}])


async def query_traced_events(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return a bus's events of a time span (in milliseconds), the last day unless told."""
    await eventbridge.store.flush()
    now = eventbridge.clock.now()
    day_ago = round((now - _DAY_SECONDS) * 1000)
    events = eventbridge.history.of_bus(
        eventbridge.bus(call.required("EventBusName")).name,
        call.integer("StartTime", day_ago, 0, 10**14) / 1000,
        call.integer("EndTime", round(now * 1000), 0, 10**14) / 1000,
        call.params.get("EventSource", ""),
        call.params.get("EventType", ""),
    )
    rule = call.params.get("MatchedRule", "")
    if rule:
        deliveries = eventbridge.history.deliveries
        events = [e for e in events if any(c.rule == rule for c in deliveries(e.seq))]
    shown, rest = page(call, events)
    return success({"Events": [_summary(event) for event in shown], **rest})


def _put(
    eventbridge: EventBridge,
    call: ApiCall,
    bus: str,
    entries: list[Mapping[str, Any]],
    *,
    specversion: str | None,
) -> dict[str, Any]:
    eventbridge.bus(bus)
    results = []
    failed = 0
    for entry in entries:
        result: dict[str, Any] = {
            "EventId": str(entry.get("id") or entry.get("Id") or ""),
            "TraceId": eventbridge.ids().upper(),
        }
        try:
            any_id = eventbridge.settings.readings.event_ids == "any"
            event = check(entry, specversion=specversion, any_id=any_id)
            eventbridge.publish(bus, event, address=call.source_ip)
        except ApiError as error:
            failed += 1
            result |= {"ErrorCode": error.code, "ErrorMessage": error.message}
        results.append(result)
    return {"FailedEntryCount": failed, "EntryList": results}


def _list(text: str) -> list[Mapping[str, Any]]:
    size = len(text.encode("utf-8", "replace"))
    if size > REQUEST_BYTES:
        # guess: the code; the limit is that of "PutEvents".
        raise EventBridgeError(
            "PutEventsRequestSizeExceed",
            f"the request has {size} bytes of events; the limit is {REQUEST_BYTES} bytes",
            400,
        )
    try:
        entries = parse(text)
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise EventBridgeError(
            "JsonAttributeInvalid", "the events are not a JSON list of objects", 400
        )
    if not 1 <= len(entries) <= REQUEST_EVENTS:
        # guess: the code; the limit is that of "PutEvents".
        raise EventBridgeError(
            "PutEventsRequestBatchSizeExceed",
            f"the request has {len(entries)} events; a request has 1 to {REQUEST_EVENTS}",
            400,
        )
    return entries


def _only_bus(entries: list[Mapping[str, Any]]) -> str:
    buses = {str(entry.get("aliyuneventbusname") or "") for entry in entries}
    if len(buses) > 1:
        raise EventBridgeError(
            "PutEventsRequestMoreThanOneEventBus",
            f"the events are for more than one event bus: {', '.join(sorted(buses))}",
        )
    bus = buses.pop()
    if not bus:
        raise EventBridgeError("EventBusEmpty", "the events do not name an event bus")
    return bus


def _with_id(eventbridge: EventBridge, call: ApiCall) -> list[Accepted]:
    bus = eventbridge.bus(call.params.get("EventBusName") or DEFAULT_BUS).name
    source = call.params.get("EventSource", "")
    events = eventbridge.history.with_id(call.required("EventId"), bus)
    return [event for event in events if source in {"", event.source}]


def _summary(event: Accepted) -> dict[str, Any]:
    return {
        "EventBusName": event.bus,
        "EventId": event.id,
        "EventSource": event.source,
        "EventType": event.type,
        "EventReceivedTime": round(event.accepted * 1000),
    }


def _steps(eventbridge: EventBridge, event: Accepted) -> list[dict[str, Any]]:
    received = round(event.accepted * 1000)
    base = {
        "EventBusName": event.bus,
        "EventId": event.id,
        "EventSource": event.source,
        "ReceivedTime": received,
    }
    steps = [{**base, "Action": "received", "ActionTime": received}]
    for delivery in eventbridge.history.deliveries(event.seq):
        target = eventbridge.target(event.bus, delivery.rule, delivery.target)
        for attempt in delivery.attempts:
            at = round(attempt.at * 1000)
            steps.append(
                {
                    **base,
                    "Action": "push",
                    "ActionTime": at,
                    "RuleName": delivery.rule,
                    "RuleMatchingTime": str(received),
                    "Endpoint": shown_endpoint(target.endpoint) if target else "",
                    "NotifyTime": at,
                    "NotifyLatency": f"{attempt.milliseconds:.0f}",
                    "NotifyStatus": f"{'OK' if attempt.ok else 'FAILED'}: {attempt.message}",
                }
            )
    return steps


def _bus_arn(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    bus = call.params.get("EventBusName", "")
    if not bus:
        try:
            bus = _only_bus(_list(call.body.decode("utf-8", "replace")))
        except ApiError:
            # What is wrong with the request is said when it runs; nothing is accepted then.
            bus = "*"
    return [eventbridge.bus_arn(bus)]


def _traced_bus(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    return [eventbridge.bus_arn(call.params.get("EventBusName") or DEFAULT_BUS)]


# Actions and resources: "EventBridge: RAM authorization".
ACTIONS: dict[str, Action[EventBridge]] = {
    "PutEvents": Action(put_events, "eventbridge:PutEvents", _bus_arn),
    "QueryEvent": Action(query_event, "eventbridge:QueryEvent", _traced_bus),
    "QueryEventTraces": Action(query_event_traces, "eventbridge:QueryEventTraces", _traced_bus),
    "QueryTracedEventByEventId": Action(
        query_traced_event_by_event_id, "eventbridge:QueryTracedEventByEventId", _traced_bus
    ),
    "QueryTracedEvents": Action(query_traced_events, "eventbridge:QueryTracedEvents", _traced_bus),
}

DATA_ACTIONS: dict[str, Action[EventBridge]] = {
    "PutEvents": Action(put_cloud_events, "eventbridge:PutEvents", _bus_arn),
}
