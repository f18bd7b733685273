"""Builds the finished chat message for a result, in the form of the chat's platform.

Whatever the facts hold, a message is short enough for its platform.
"""

from functions.cloud.times import seconds_between
from functions.platforms import platform
from functions.platforms.base import Content, Message, encode
from functions.platforms.markup import neutral
from functions.report import i18n as words
from functions.report.facts import REJECTED, SUCCESS, Facts, account, reason_text
from functions.report.output import bounded, cut_tail
from functions.request.deployment import Chat

_TAILS = (1500, 600, 0)
_LONGEST_VALUE = 96

_SIGNS = {SUCCESS: "✅", REJECTED: "⛔", "Timeout": "⏰"}
_COLOURS = {
    SUCCESS: "green",
    REJECTED: "orange",
    "Timeout": "carmine",
    "Cancelled": "grey",
    "Terminated": "grey",
}


def build(facts: Facts, chat: Chat, event_id: str) -> Message:
    """Return the body that the chat's webhook takes, but for a signature."""
    form = platform(chat.platform)
    message: Message = {}
    for tail in _TAILS:
        message = form.message(_content(facts, chat.language, tail), event_id)
        if len(encode(message)) < form.most_bytes:
            break
    return message


def _content(facts: Facts, language: str, tail_bytes: int) -> Content:
    heading = words.headline(facts.status, facts.action, language)
    title = f"{heading} {bounded(facts.emp_id, 40)}".strip()
    if facts.request_id:
        title += f" · {bounded(facts.request_id, 64)}"
    output = cut_tail(facts.output, tail_bytes) if tail_bytes else ""
    footer = f"{words.label('source', language)}: {bounded(facts.source, 64)}"
    if facts.script_sha256:
        footer += f" · {words.label('script', language)} {bounded(facts.script_sha256[:12], 12)}"
    if facts.dropped > 0:
        footer += " · " + words.label("dropped", language).format(facts.dropped)
    return Content(
        title=neutral(title),
        sign=_SIGNS.get(facts.status, "❌"),
        colour=_COLOURS.get(facts.status, "red"),
        notice=words.label("repeat", language) if facts.repeat else "",
        fields=_fields(facts, language),
        output_label=words.label("output", language),
        output=output,
        footer=neutral(footer),
    )


def _fields(facts: Facts, language: str) -> list[tuple[str, str]]:
    seconds = seconds_between(facts.start_time, facts.finish_time)
    counts = ", ".join(f"{status} {count}" for status, count in facts.counts)
    values = {
        "status": facts.status,
        "employee": facts.emp_id,
        "role": facts.role,
        "request": facts.request_id,
        "account": account(facts),
        "instance": facts.instance_id,
        "instances": counts,
        "invocation": facts.invoke_id,
        "exit_code": "" if facts.exit_code is None else str(facts.exit_code),
        "duration": "" if seconds is None else words.span(seconds, language),
        "requested_by": facts.requested_by,
        "approved_by": facts.approved_by,
    }
    shown = [
        (words.label(name, language), bounded(value, _LONGEST_VALUE))
        for name, value in values.items()
        if value
    ]
    reason = reason_text(facts, language)
    return [*shown, (words.label("reason", language), reason)] if reason else shown
