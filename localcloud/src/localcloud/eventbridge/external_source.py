"""What an event source may be linked to besides HTTP: a message queue or a schedule.

Sources: "CreateEventSource"; "Simple Message Queue (formerly MNS)" and "Scheduled events" among
the custom event sources.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud import strict_json
from localcloud.errors import InvalidParameterError
from localcloud.schedule import Schedule, ScheduleError, in_zone

QUEUE = "SourceMNSParameters"
SCHEDULE = "SourceScheduledEventParameters"
KINDS = (QUEUE, SCHEDULE)
_QUEUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,119}")
_UTC = "GMT+0:00"
_MEMBERS = {
    QUEUE: {"IsBase64Decode", "QueueName", "RegionId"},
    SCHEDULE: {"Schedule", "TimeZone", "UserData"},
}


@dataclass(frozen=True)
class External:
    """What a source is linked to: the parameter that says so, and its value."""

    kind: str
    given: dict[str, Any]


def parse(params: Mapping[str, str], region: str) -> External | None:
    """Return what a request links a source to, or None.

    Raises:
        InvalidParameterError: if a value is not accepted, or there are two of them.
    """
    found = [
        External(kind, given) for kind in KINDS if (given := _object(kind, params.get(kind, "")))
    ]
    if len(found) > 1:
        raise InvalidParameterError(found[1].kind, "a value", f"nothing beside {found[0].kind}")
    for one in found:
        _CHECKS[one.kind](one.given, region)
    return found[0] if found else None


def schedule_of(given: Mapping[str, Any]) -> Schedule:
    """Return when a source of scheduled events is due."""
    return in_zone(given.get("Schedule"), given.get("TimeZone") or _UTC)


def next_due(given: Mapping[str, Any], now: float) -> float | None:
    """Return when a source of scheduled events is due next, in seconds since 1970."""
    due = schedule_of(given).next_after(now)
    return due if due < math.inf else None


def _object(kind: str, text: str) -> dict[str, Any]:
    try:
        given = strict_json.read(text or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict) or set(given) - _MEMBERS[kind]:
        known = ", ".join(sorted(_MEMBERS[kind]))
        raise InvalidParameterError(kind, text, f"a JSON object with {known}")
    return given


def _check_queue(given: Mapping[str, Any], region: str) -> None:
    name = given.get("QueueName")
    if not isinstance(name, str) or not _QUEUE_NAME.fullmatch(name):
        raise InvalidParameterError(f"{QUEUE}.QueueName", str(name), "the name of a queue")
    if given.get("RegionId") != region:
        accepted = f"{region}: there is no other region here"
        raise InvalidParameterError(f"{QUEUE}.RegionId", str(given.get("RegionId")), accepted)
    if not isinstance(given.get("IsBase64Decode"), bool):
        value = str(given.get("IsBase64Decode"))
        raise InvalidParameterError(f"{QUEUE}.IsBase64Decode", value, "true or false")


def _check_schedule(given: Mapping[str, Any], region: str) -> None:  # noqa: ARG001 - a check
    for name in ("Schedule", "TimeZone", "UserData"):
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidParameterError(f"{SCHEDULE}.{name}", str(value), "text")
    try:
        schedule_of(given)
    except ScheduleError as error:
        value = f"{given.get('Schedule')} {given.get('TimeZone')}"
        raise InvalidParameterError(f"{SCHEDULE}.Schedule", value, str(error)) from None
    if text := given.get("UserData"):
        try:
            strict_json.read(text)
        except ValueError:
            raise InvalidParameterError(f"{SCHEDULE}.UserData", text, "JSON") from None


_CHECKS = {QUEUE: _check_queue, SCHEDULE: _check_schedule}
