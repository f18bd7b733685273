"""Decides whether an event is a request that may run; pure, and never raises.

Every value of a request ends in a shell script, an API's parameters, a tag or a chat. So each is
a text of a narrow alphabet, checked here as a whole, and whatever is not is refused with a reason.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.cloud import times
from functions.report.facts import DEPROVISION, PROVISION
from functions.report.i18n import Reason, Rule, Span, because
from functions.request import body
from functions.request.events import Event
from functions.run_command.settings import Settings

HEADER = "x-provisioning-token"

_ACTIONS = {"ProvisionRequest": PROVISION, "DeprovisionRequest": DEPROVISION}

_WORD = r"[a-z][a-z0-9-]{0,31}"
_NAME = r"(?!.*://)\w(?:[\w .@'()·-]{0,62}[\w.)])?"
_PATTERNS = {
    "emp_id": (r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?", "emp_id"),
    "role": (_WORD, "role"),
    "request_id": (r"(?!.*://)[\w.:/@+=#-]{1,128}", "request_id"),
    "chat": (_WORD, "chat"),
    "requested_by": (_NAME, "name"),
    "approved_by": (_NAME, "name"),
}
_REQUIRED = ("emp_id", "role")


class Request(NamedTuple):
    """A request in order: who gets or loses what, and who is told."""

    action: str
    event_id: str
    source: str
    chat: str
    emp_id: str
    role: str
    request_id: str
    """The sender's; without one, the event's own id."""
    requested_by: str = ""
    approved_by: str = ""


class Rejection(NamedTuple):
    """A request that does not run, and why; it holds only values that were in order."""

    reason: Reason
    event_id: str
    source: str
    chat: str
    action: str = PROVISION
    emp_id: str = ""
    role: str = ""
    request_id: str = ""
    requested_by: str = ""
    approved_by: str = ""


def decide(event: Event, settings: Settings, now: float) -> Request | Rejection:
    """Return the request that an event holds, or why there is none."""
    loop = settings.loop
    source_chat = loop.chat_for("", event.source)

    # Of a sender who has not shown the secret nothing is believed and nothing repeated.
    reason = _distrust(event, settings)
    if reason:
        return Rejection(reason, event.id, event.source, source_chat)

    posted = body.read(event.get("body"))
    if posted is None:
        return Rejection(because("unreadable-body"), event.id, event.source, source_chat)
    kind = posted.get("detail-type")
    action = _ACTIONS.get(kind) if isinstance(kind, str) else None
    detail = posted.get("detail")
    values, problem = _values(detail if isinstance(detail, dict) else {})
    chat = loop.chat_for(values.get("chat", ""), event.source)

    reason = (
        _staleness(event, now, loop.stale_after_seconds)
        or (because("unknown-type", value=_shown(kind)) if action is None else None)
        or (None if isinstance(detail, dict) else because("no-detail"))
        or problem
        or _unavailable(values, action, settings)
    )
    if reason:
        return Rejection(
            reason,
            event.id,
            event.source,
            chat,
            action=action or PROVISION,
            emp_id=values.get("emp_id", ""),
            role=values.get("role", ""),
            request_id=values.get("request_id", ""),
            requested_by=values.get("requested_by", ""),
            approved_by=values.get("approved_by", ""),
        )
    return Request(
        action=action or PROVISION,
        event_id=event.id,
        source=event.source,
        chat=chat,
        emp_id=values["emp_id"],
        role=values["role"],
        request_id=values.get("request_id") or event.id,
        requested_by=values.get("requested_by", ""),
        approved_by=values.get("approved_by", ""),
    )


def _distrust(event: Event, settings: Settings) -> Reason | None:
    """Say why the sender is not believed: unknown source, missing or wrong secret."""
    source = settings.loop.sources.get(event.source)
    if source is None:
        return because("unknown-source", source=_shown(event.source))
    expected = settings.tokens.get(event.source, "")
    if not expected:
        return because("no-token", event=event.id) if source.token_required else None
    shown = _headers(event.get("headers"), HEADER)
    if not shown:
        return because("no-token", event=event.id)
    # All of them, in constant time: one right header beside a wrong one is no proof.
    right = [hmac.compare_digest(_bytes(token), _bytes(expected)) for token in shown]
    return None if all(right) else because("wrong-token", event=event.id)


def _staleness(event: Event, now: float, limit: float) -> Reason | None:
    """Say that a request is too old: retries may deliver one a day late."""
    happened = next((t for t in map(times.parse, event.times) if t is not None), None)
    if happened is None:
        return because("no-time")
    if now - happened > limit:
        return because("stale", age=Span(int(now - happened)), limit=Span(int(limit)))
    return None


def _values(detail: Mapping[str, Any]) -> tuple[dict[str, str], Reason | None]:
    """Return the fields that are in order, and what is wrong with the first that is not.

    Unknown keys are left alone: DingTalk's and Lark's automations add their own. An empty text or
    null is a form field that nobody filled in.
    """
    values: dict[str, str] = {}
    problem: Reason | None = None
    for field, (pattern, rule) in _PATTERNS.items():
        value = detail.get(field)
        if value is None or value == "":
            found = because("missing", field=field) if field in _REQUIRED else None
        elif not isinstance(value, str):
            found = because("not-text", field=field, value=_shown(value))
        elif not re.fullmatch(pattern, value):
            found = because("malformed", field=field, value=_shown(value), accepted=Rule(rule))
        else:
            values[field] = value
            found = None
        problem = problem or found
    return values, problem


def _unavailable(
    values: Mapping[str, str], action: str | None, settings: Settings
) -> Reason | None:
    """Say what the stack does not offer."""
    role = settings.loop.roles.get(values["role"])
    if role is None:
        accepted = ", ".join(sorted(settings.loop.roles))
        return because("unknown-role", value=values["role"], accepted=accepted)
    if action == DEPROVISION and not settings.deprovision_command_id:
        return because("no-deprovision")
    if not (role.instances or role.tags or settings.instance_ids):
        return because("no-instances", value=values["role"])
    return None


def _headers(headers: object, name: str) -> list[str]:
    """Return a header's values whatever the case of its name; what is no text counts as wrong."""
    if not isinstance(headers, dict):
        return []
    found = [v for k, v in headers.items() if k.lower() == name]
    return [value if isinstance(value, str) else "" for value in found]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _shown(value: object) -> str:
    """Show a value of any kind and length in a few characters."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, list):
        return "[...]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value[:60] if isinstance(value, str) else str(value)[:60]
    safe = "".join(c if c.isprintable() else "?" for c in text)
    more = "…" if isinstance(value, str) and len(value) > 60 else ""
    return f'"{safe}{more}"' if isinstance(value, str) else safe
