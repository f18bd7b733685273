"""Decides whether an event is a request that may run; pure, and never raises.

Every value of a request ends in a shell script, an API's parameters, a tag or a chat. So each is
a string of a narrow alphabet, checked here as a whole; anything else is refused with a reason.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from functions.cloud import times
from functions.report.reason import Reason, Rule, Span
from functions.request import body, token
from functions.request.deployment import Source
from functions.request.events import LARGEST_BYTES, Event
from functions.request.fields import ACTIONS, DEPROVISION, POSTED, PROVISION, Request
from functions.run_command import plan
from functions.run_command.noise import Untrusted
from functions.run_command.settings import Settings

MOST_AHEAD_SECONDS = 300
"""How far the clocks of the cloud may differ."""

CONFIRMATION = frozenset(
    {"self-approved", "nobody-approved", "not-an-approver", "one-approver", "too-many-rows"}
)
"""Why receive-approval may find the approvers of a native approval not enough."""


class Rejection(NamedTuple):
    """A request that does not run, and why; it holds only values that were in order."""

    request: Request
    reason: Reason


def decide(event: Event, settings: Settings, now: float) -> Request | Rejection | Untrusted:
    """Return the request that an event holds, or why there is none."""
    deployment = settings.deployment
    chat = deployment.chat_for("", event.source)
    unread = Request(PROVISION, event.id, event.source, chat=chat)

    # Nothing that an unauthenticated sender wrote is believed or repeated.
    untrusted = _distrust(event, settings)
    if untrusted:
        return untrusted

    if event.size > LARGEST_BYTES:
        size, limit = str(event.size), str(LARGEST_BYTES)
        return Rejection(unread, Reason.of("too-large", size=size, limit=limit))
    posted = body.read(event.get("body"))
    if posted is None:
        return Rejection(unread, Reason.of("unreadable-body"))
    kind = posted.get("detail-type")
    action = ACTIONS.get(kind) if isinstance(kind, str) else None
    detail = posted.get("detail")
    values, problem = _values(detail if isinstance(detail, dict) else {}, action or PROVISION)
    request = unread._replace(action=action or PROVISION, **values)
    wanted = values.get("chat", "")
    request = request._replace(
        chat=deployment.chat_for(wanted, event.source),
        wanted_chat="" if wanted in deployment.chats else wanted,
    )

    moment = _moment(event)
    if moment is None:
        return Rejection(request, Reason.of("no-time"))
    reason = (
        _untimely(moment, now, deployment.stale_after_seconds)
        or (Reason.of("unknown-type", value=_shown(kind)) if action is None else None)
        or (None if isinstance(detail, dict) else _no_detail(detail))
        or _unconfirmed(event, deployment.sources[event.source])
        or problem
        or _over(request.expires, now)
        or _forbidden(request, values, deployment.sources[event.source].limits)
        or _unavailable(request, settings)
    )
    if reason:
        return Rejection(request, reason)
    request_id = request.request_id or event.id
    return request._replace(
        request_id=request_id,
        request_hash=_hash(request, request_id),
        moment=str(int(moment * 1000)),
        expires=_date(request.expires, moment),
    )


def _distrust(event: Event, settings: Settings) -> Untrusted | None:
    """Return why the sender is not trusted: unknown source, missing or wrong secret; else None."""
    source = settings.deployment.sources.get(event.source)
    if source is None:
        return Untrusted(event.id, "", "unknown-source")
    if source.bus:
        # Whoever else speaks in the platform's name does so on a bus that anybody may write to.
        return None if event.bus == source.bus else Untrusted(event.id, event.source, "other-bus")
    expected = settings.tokens.get(event.source, "")
    if not expected:
        return Untrusted(event.id, event.source, token.MISSING) if source.token_required else None
    reason = token.problem(event, expected)
    return Untrusted(event.id, event.source, reason) if reason else None


def _unconfirmed(event: Event, source: Source) -> Reason | None:
    """Return why the approvers of a native approval were not enough, as its platform shows."""
    problem = event.get("problem") if source.bus else None
    if not isinstance(problem, Mapping):
        return None
    known = {"role": "*", "count": "?", "limit": "?"}
    values = known | {k: str(v)[:60] for k, v in problem.items() if k in known}
    code = str(problem.get("code"))
    return Reason.of(code if code in CONFIRMATION else "nobody-approved", **values)


def _moment(event: Event) -> float | None:
    """Return when the request was made: the earlier of what the cloud stamped on it."""
    return min((t for t in map(times.parse, event.times) if t is not None), default=None)


def _hash(request: Request, request_id: str) -> str:
    """Return what tells a request from every other one, short enough for a host's record."""
    identity = (request.source, request.action, request_id, request.emp_id, request.role)
    return sha256("\n".join(identity).encode()).hexdigest()[:16]


def _untimely(moment: float, now: float, limit: float) -> Reason | None:
    """Return why a request is out of time; retries may deliver one a day late."""
    if now - moment > limit:
        return Reason.of("stale", age=Span(int(now - moment)), limit=Span(int(limit)))
    if moment - now > MOST_AHEAD_SECONDS:
        return Reason.of("future", ahead=Span(int(moment - now)))
    return None


def _no_detail(detail: object) -> Reason:
    return Reason.of("text-detail") if isinstance(detail, str) else Reason.of("no-detail")


def _date(expires: str, moment: float) -> str:
    """Return the day on which an account expires."""
    if not expires.endswith("d"):
        return expires
    return times.iso(moment + 86_400 * int(expires[:-1]))[:10]


def _over(expires: str, now: float) -> Reason | None:
    """Return why a date cannot be an expiry."""
    if not expires or expires.endswith("d"):
        return None
    day = times.parse(expires)
    return Reason.of("expired", value=expires) if day is None or day <= now else None


def _values(detail: Mapping[str, Any], action: str) -> tuple[dict[str, str], Reason | None]:
    """Return the fields that are in order, and what is wrong with the first that is not.

    Unknown keys are left alone: DingTalk's and Lark's automations add their own. An empty text or
    null is a form field that nobody filled in.
    """
    values: dict[str, str] = {}
    problem: Reason | None = None
    for name, field in POSTED.items():
        value = detail.get(name)
        if value is None or value == "":
            found = Reason.of("missing", field=name) if action in field.required else None
        elif field.informs:
            values[name] = _showable(value, field.pattern)
            found = None
        elif not isinstance(value, str):
            found = Reason.of("not-text", field=name, value=_shown(value))
        elif not re.fullmatch(field.pattern, value):
            rule = Rule(field.rule)
            found = Reason.of("malformed", field=name, value=_shown(value), accepted=rule)
        else:
            values[name] = value
            found = None
        problem = problem or found
    return values, problem


def _showable(value: object, pattern: str) -> str:
    """Return a name, or of what is not one the characters that cannot be markup or a link."""
    text = value if isinstance(value, str) else _shown(value)
    if re.fullmatch(pattern, text) and text.isprintable():
        return text
    return "".join(c for c in text if re.fullmatch(pattern, c) and c not in ".@'")[:64].strip()


def _forbidden(
    request: Request, values: Mapping[str, str], limits: Mapping[str, tuple[str, ...]]
) -> Reason | None:
    """Return what the source may not ask for; a chat that is not named is the source's own.

    A removal without a role is one of every role.
    """
    asked = {"action": request.action, "role": request.role or "*", "chat": values.get("chat", "")}
    for field, accepted in limits.items():
        if asked[field] and asked[field] not in accepted:
            return Reason.of(
                "not-for-source",
                source=request.source,
                field=field,
                value=asked[field],
                accepted=", ".join(accepted) or "-",
            )
    return None


def _unavailable(request: Request, settings: Settings) -> Reason | None:
    """Return what the stack does not offer, if the request needs it."""
    if request.role and request.role not in settings.deployment.roles:
        accepted = ", ".join(sorted(settings.deployment.roles))
        return Reason.of("unknown-role", value=request.role, accepted=accepted)
    if request.action == DEPROVISION and not settings.deprovision_command_id:
        return Reason.of("no-deprovision")
    if not any(place.instances or place.tags for place in plan.places(request, settings)):
        return Reason.of("no-instances", value=request.role or "*")
    return None


def _shown(value: object) -> str:
    """Return a value of any type and length in a few characters."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, list):
        return "[...]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        value = int(value)  # EventBridge makes a double of every number
    text = value[:60] if isinstance(value, str) else str(value)[:60]
    safe = "".join(c if c.isprintable() else "?" for c in text)
    more = "…" if isinstance(value, str) and len(value) > 60 else ""
    return f'"{safe}{more}"' if isinstance(value, str) else safe
