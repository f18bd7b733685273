"""Says in a chat message what became of one request, in the chat's language.

A success is six lines for the people concerned; a failure says in one sentence what went wrong,
who has to act and how to go on, and then the last lines of output. Whatever a result holds, the
message is short enough for its platform.
"""

from typing import NamedTuple

from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Content, Message, encode
from functions.platforms.markup import neutral
from functions.report import remedy
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
from functions.report.output import bounded, cut_tail, result_line, without_result_line
from functions.report.result import NOTHING, REPEATED, Result
from functions.request.fields import DEPROVISION

_SIZES = ((1500, 600), (600, 600), (0, 600), (0, 40))
"""Bytes of output, and characters of a field: a message is made with the first that fit."""
_MOST_INSTANCES_NAMED = 5

_SIGNS = {
    SUCCESS: "✅",
    REPEATED: "🔁",
    NOTHING: "⚪",
    REJECTED: "⛔",
    SUPERSEDED: "⏭",
    "Timeout": "⏰",
    "Unknown": "❓",
    UNREACHED: "⏳",
    RELEASED: "☑",
}
_GOOD = {SUCCESS, REPEATED, NOTHING}
_COLOURS = {
    SUCCESS: "green",
    REPEATED: "blue",
    NOTHING: "yellow",
    REJECTED: "orange",
    SUPERSEDED: "grey",
    UNREACHED: "orange",
    GIVEN_UP: "red",
    RELEASED: "grey",
    "Timeout": "carmine",
    "Cancelled": "grey",
    "Terminated": "grey",
    "Unknown": "purple",
}


class Style(NamedTuple):
    """How the messages of one chat are written."""

    platform: ChatPlatform
    words: Words
    guide: str = ""
    """The URL of a page on how to log in for the first time; empty if the settings name none."""


def build(
    result: Result, style: Style, event_id: str, *, bare: bool = False, again: bool = False
) -> Message:
    """Return the body that the chat's webhook takes, but for a signature.

    Args:
        result: what became of the request.
        style: the chat's platform and language.
        event_id: the result's id.
        bare: without output, links and what a sender may have worded freely.
        again: whether the message may have been sent before.
    """
    form = platform(style.platform)
    message: Message = {}
    for tail, longest in _SIZES[-2:] if bare else _SIZES:
        said = content(result, style, tail, bare=bare, again=again)
        fields = [(name, bounded(value, longest)) for name, value in said.fields]
        message = form.message(said._replace(fields=fields), event_id)
        if len(encode(message)) < form.most_bytes:
            break
    return message


def content(
    result: Result, style: Style, tail_bytes: int, *, bare: bool = False, again: bool = False
) -> Content:
    """Return what a message says; its output is at most so long."""
    words = style.words
    if bare:
        result = result._replace(requested_by="", approved_by="", error="", wanted_chat="")
    good = result.status in _GOOD
    partly = 0 < _good(result) < result.instances
    colour = "orange" if partly else _COLOURS.get(result.status, "red")
    notices = [
        words.sentence("perhaps_again") if again else "",
        _unknown_chat(result, words),
        words.labels["repeat"] if result.status == REPEATED else "",
    ]
    output = "" if good else cut_tail(_last_lines(result), tail_bytes) if tail_bytes else ""
    guide = style.guide if result.status == SUCCESS and result.action != DEPROVISION else ""
    return Content(
        title=neutral(f"{headline(result, words)} {bounded(result.emp_id, 40)}".strip()),
        sign="⚠️" if partly else _SIGNS.get(result.status, "❌"),
        colour="yellow" if result.wanted_chat and good else colour,
        notice="\n\n".join(filter(None, notices)),
        fields=_fields(result, words),
        output_label=words.labels["output"],
        output=output,
        footer=neutral(_footer(result, words, technical=not good)),
        links=((words.sentence("guide"), guide),) if guide and not bare else (),
        colon=words.colon,
    )


def headline(result: Result, words: Words) -> str:
    """Return what happened, in a few words."""
    found = words.headline(result.status, result.action)
    good = _good(result)
    if 0 < good < result.instances:
        found = words.headline(SUCCESS, result.action)
        found = words.sentence("partly", headline=found, good=good, all=result.instances)
    if result.wanted_chat:
        found = words.sentence("unknown_chat", headline=found)
    return found


def sentence(result: Result, words: Words) -> str:
    """Return in one sentence what went wrong, whoever said it."""
    if result.error and result.reason and result.error not in result.reason:
        return words.sentence("with_reason", reason=result.reason, error=result.error)
    return result.reason or words.status(result.status, result.exit_code)


def where(result: Result, words: Words) -> str:
    """Return on which instance or instances it was done; empty if on none."""
    if result.instances:
        good = _good(result)
        if good == result.instances:
            return words.sentence("instances", count=good)
        others = _others(result, words)
        return words.sentence("partly_where", good=good, all=result.instances, others=others)
    named = [result.host_name, *([result.instance_id] if not result.host_name else [])]
    details = [result.host_address, *([result.instance_id] if result.host_name else [])]
    name, inner = words.listed(named), words.listed(details)
    return words.sentence("host", host=name, details=inner) if name and inner else name


def explain(outcome: Outcome, words: Words) -> str:
    """Return for people why it went wrong, in one language; empty for a success."""
    if outcome.reason:
        return bounded(words.reason(outcome.reason), 400)
    if outcome.status == SUCCESS:
        return ""
    meaning = words.exit_code(result_line(outcome.output).get("exit_code"))
    return meaning or words.status(outcome.status, outcome.exit_code)


def tool_said(outcome: Outcome) -> str:
    """Return what the script or the cloud said of a failure, in its own words."""
    if outcome.status == SUCCESS:
        return ""
    # The script knows more than Cloud Assistant, which only sees an exit code.
    error = result_line(outcome.output).get("error")
    return bounded(error if isinstance(error, str) and error else outcome.error, 400)


def _fields(result: Result, words: Words) -> list[tuple[str, str]]:
    both = words.sentence("as_role", emp_id=result.emp_id, role=result.role)
    values = {
        "employee": both if result.emp_id and result.role else result.emp_id,
        "role": "" if result.emp_id else result.role,
        **_place(result, words),
        "login": _login(result, words),
        "expires": _until(result, words),
        "requested_by": _asked(result, words),
        "request": result.request_id,
    }
    if result.status not in _GOOD:
        who, next_step = words.remedies[remedy.kind_of(result)]
        reason = sentence(result, words)
        values = {"reason": reason, "who_acts": who, "next_step": next_step, **values}
    return [(words.labels[name], value) for name, value in values.items() if value]


def _place(result: Result, words: Words) -> dict[str, str]:
    place = where(result, words)
    if result.account and place and _was_done(result):
        return {"account": words.sentence("on_host", account=result.account, host=place)}
    return {"instance": place}


def _was_done(result: Result) -> bool:
    """Return whether something was given or taken somewhere."""
    return result.status in {SUCCESS, REPEATED} or _good(result) > 0


def _login(result: Result, words: Words) -> str:
    """Return how a person gets in, where there is a single address to log in to."""
    if not (_was_done(result) and result.account) or result.action == DEPROVISION:
        return ""
    address = result.host_address or result.host_name or result.instance_id
    if result.instances or not address:
        address = words.sentence("some_address")
    name = "ssh_with_key" if result.key else "ssh"
    return words.sentence(name, account=result.account, address=address, key=result.key)


def _until(result: Result, words: Words) -> str:
    if result.action == DEPROVISION or not _was_done(result):
        return ""
    return result.expires or words.sentence("no_end")


def _asked(result: Result, words: Words) -> str:
    if result.requested_by and result.approved_by:
        name = "approved"
    elif result.approved_by:
        name = "approved_only"
    else:
        return result.requested_by
    return words.sentence(name, requested_by=result.requested_by, approved_by=result.approved_by)


def _unknown_chat(result: Result, words: Words) -> str:
    if not result.wanted_chat:
        return ""
    return neutral(words.sentence("unknown_chat_notice", chat=result.wanted_chat))


def _footer(result: Result, words: Words, *, technical: bool) -> str:
    labels = words.labels
    parts = [
        f"{labels['invocation']} {result.invoke_id}" if result.invoke_id else "",
        f"{labels['source']} {result.source}" if result.source else "",
    ]
    if technical:
        if result.exit_code is not None:
            parts.append(words.sentence("exit_code", code=result.exit_code))
        if result.seconds:
            parts.append(words.span(result.seconds))
        if result.dropped > 0:
            parts.append(labels["dropped"].format(result.dropped))
    return " · ".join(filter(None, parts))


def _last_lines(result: Result) -> str:
    """Return the end of the output, and in front of it what no line of it says."""
    output = without_result_line(result.output)
    lines = [] if not result.error or result.error in output else [result.error]
    return "\n".join(filter(None, [*lines, output]))


def _good(result: Result) -> int:
    return sum(count for status, count in result.counts if status == SUCCESS)


def _others(result: Result, words: Words) -> str:
    """Return the instances on which it was not done, the first of them with their reasons."""
    failed = [run for run in result.runs if run.status != SUCCESS]
    named = [
        words.sentence("instance_reason", instance=run.instance_id, reason=run.reason)
        if run.reason
        else run.instance_id
        for run in failed[:_MOST_INSTANCES_NAMED]
    ]
    more = result.instances - _good(result) - len(named)
    if more > 0 and named:
        named.append(f"+{more}")
    return words.listed(named or [f"{more}"])
