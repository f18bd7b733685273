"""Says in a chat message what became of a request, in the chat's language.

Whatever an outcome holds, the message is short enough for its platform.
"""

from functions.cloud.times import seconds_between
from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Content, Message, encode
from functions.platforms.markup import neutral
from functions.report.i18n.table import Words
from functions.report.outcome import (
    GIVEN_UP,
    REJECTED,
    RELEASED,
    SUCCESS,
    SUPERSEDED,
    UNREACHED,
    Outcome,
)
from functions.report.output import account_in, bounded, cut_tail, result_line
from functions.request.fields import FIELDS

_TAILS = (1500, 600, 0)
_LONGEST_VALUE = 96

_SIGNS = {
    SUCCESS: "✅",
    REJECTED: "⛔",
    SUPERSEDED: "⏭",
    UNREACHED: "⏳",
    RELEASED: "☑",
    "Timeout": "⏰",
}
_COLOURS = {
    SUCCESS: "green",
    REJECTED: "orange",
    SUPERSEDED: "grey",
    UNREACHED: "orange",
    GIVEN_UP: "red",
    RELEASED: "grey",
    "Timeout": "carmine",
    "Cancelled": "grey",
    "Terminated": "grey",
}


def build(outcome: Outcome, words: Words, name: ChatPlatform, event_id: str) -> Message:
    """Return the body that the chat's webhook takes, but for a signature."""
    form = platform(name)
    message: Message = {}
    for tail in _TAILS:
        message = form.message(_content(outcome, words, tail), event_id)
        if len(encode(message)) < form.most_bytes:
            break
    return message


def explain(outcome: Outcome, words: Words) -> str:
    """Return for people why it went wrong: our reason, the script's own, or Cloud Assistant's."""
    if outcome.reason:
        return bounded(words.reason(outcome.reason), 400)
    # The script knows more than Cloud Assistant, which only sees an exit code.
    result = result_line(outcome.output) if outcome.status != SUCCESS else {}
    error = result.get("error")
    if not isinstance(error, str) or not error:
        return bounded(outcome.error, 400)
    meaning = words.exit_code(result.get("exit_code"))
    return bounded(f"{meaning}: {error}" if meaning else error, 400)


def _content(outcome: Outcome, words: Words, tail_bytes: int) -> Content:
    request, labels = outcome.request, words.labels
    title = (
        f"{words.headline(outcome.status, request.action)} {bounded(request.emp_id, 40)}".strip()
    )
    if request.request_id:
        title += f" · {bounded(request.request_id, 64)}"
    footer = f"{labels['source']}: {bounded(request.source, 64)}"
    if outcome.script_sha256:
        footer += f" · {labels['script']} {bounded(outcome.script_sha256[:12], 12)}"
    if outcome.dropped > 0:
        footer += " · " + labels["dropped"].format(outcome.dropped)
    return Content(
        title=neutral(title),
        sign=_SIGNS.get(outcome.status, "❌"),
        colour=_COLOURS.get(outcome.status, "red"),
        notice=labels["repeat"] if outcome.repeat else "",
        fields=_fields(outcome, words),
        output_label=labels["output"],
        output=cut_tail(outcome.output, tail_bytes) if tail_bytes else "",
        footer=neutral(footer),
    )


def _fields(outcome: Outcome, words: Words) -> list[tuple[str, str]]:
    seconds = seconds_between(outcome.start_time, outcome.finish_time)
    values = {
        "status": outcome.status,
        **_asked(outcome, below_run=False),
        "account": _account(outcome.output),
        "instance": outcome.instance_id,
        "instances": ", ".join(f"{status} {count}" for status, count in outcome.counts),
        "invocation": outcome.invoke_id,
        "exit_code": "" if outcome.exit_code is None else str(outcome.exit_code),
        "duration": "" if seconds is None else words.span(seconds),
        **_asked(outcome, below_run=True),
    }
    shown = [
        (words.labels[name], bounded(value, _LONGEST_VALUE))
        for name, value in values.items()
        if value
    ]
    reason = explain(outcome, words)
    return [*shown, (words.labels["reason"], reason)] if reason else shown


def _asked(outcome: Outcome, *, below_run: bool) -> dict[str, str]:
    """Return what a message shows of the request: label -> value."""
    return {
        field.label: getattr(outcome.request, name)
        for name, field in FIELDS.items()
        if field.label and field.below_run is below_run
    }


def _account(output: str) -> str:
    """Return what the script reports of the account: ``e123 (created)``; empty if it does not."""
    account = account_in(output)
    user, state = account.get("user", ""), account.get("status", "")
    return f"{user} ({state})" if user and state else user
