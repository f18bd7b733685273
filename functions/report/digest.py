"""Says in one chat message what became of many requests, in the chat's language.

First how many there were of each kind, then what failed or was refused and why, then who was given
or lost what, and where. Every employee is named; only refusals for the same reason are summed up
where there are many. Requests stand in the order in which they were made.
"""

from collections import Counter
from collections.abc import Sequence

from functions.platforms import platform
from functions.platforms.base import Content, Message, Section, encode
from functions.report.messages import Style, headline, sentence, where
from functions.report.outcome import REJECTED, RELEASED, SUCCESS, SUPERSEDED, UNREACHED
from functions.report.output import bounded
from functions.report.result import NOTHING, REPEATED, Result
from functions.request.fields import DEPROVISION

_MOST_REFUSALS = 20
"""How many refusals for one reason are told one by one."""
_LONGEST_REASON = 160

_SIGNS = {
    "failed": "❌",
    "unknown": "❓",
    "open": "⏳",
    "rejected": "⛔",
    "superseded": "⏭",
    "nothing": "⚪",
    "repeated": "🔁",
    "removed": "✅",
    "provisioned": "✅",
}
"""The groups of a digest, in their order, and what stands in front of them."""
_BY_STATUS = {
    REJECTED: "rejected",
    SUPERSEDED: "superseded",
    NOTHING: "nothing",
    REPEATED: "repeated",
    "Unknown": "unknown",
    UNREACHED: "open",
    RELEASED: "nothing",
}
_DONE = {"provisioned", "removed", "nothing", "repeated"}


def group_of(result: Result) -> str:
    """Return the group of a digest to which a result belongs."""
    if result.status == SUCCESS:
        return "removed" if result.action == DEPROVISION else "provisioned"
    return _BY_STATUS.get(result.status, "failed")


def fitting(
    results: Sequence[Result],
    style: Style,
    event_id: str,
    *,
    bare: bool = False,
    again: bool = False,
) -> tuple[Message, int]:
    """Return a message about as many of these results as fit, from the first on, and how many.

    Args:
        results: what to tell, at least one, in the order in which it is to be told.
        style: the chat's platform and language.
        event_id: an id for the message.
        bare: without what a sender may have worded freely.
        again: whether the message may have been sent before.
    """
    form = platform(style.platform)

    def message(count: int) -> Message:
        return form.message(content(results[:count], style, bare=bare, again=again), event_id)

    high = len(results)
    if len(encode(message(high))) < form.most_bytes:
        return message(high), high
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        if len(encode(message(middle))) < form.most_bytes:
            low = middle
        else:
            high = middle
    return message(low), low


def content(
    results: Sequence[Result], style: Style, *, bare: bool = False, again: bool = False
) -> Content:
    """Return what a message about several results says."""
    words = style.words
    ordered = sorted(results, key=lambda result: result.requested_at)
    groups = {name: [r for r in ordered if group_of(r) == name] for name in _SIGNS}
    counts = [words.counted[name].format(len(group)) for name, group in groups.items() if group]
    worst = next(name for name in _SIGNS if groups[name])
    title = words.sentence("digest", count=len(results))
    sections = [
        Section(
            f"{_SIGNS[name]} {words.counted[name].format(len(group))}",
            _done(group, style) if name in _DONE else _reasons(group, style, bare=bare),
        )
        for name, group in groups.items()
        if group
    ]
    guide = style.guide if groups["provisioned"] and not bare else ""
    return Content(
        title=title,
        sign="📋",
        colour="green" if worst in {"removed", "provisioned"} else "orange",
        notice="\n\n".join(
            filter(None, [words.sentence("perhaps_again") if again else "", words.listed(counts)])
        ),
        fields=(),
        output_label="",
        output="",
        footer="",
        sections=sections,
        links=((words.sentence("guide"), guide),) if guide else (),
        colon=words.colon,
    )


def _done(results: Sequence[Result], style: Style) -> list[str]:
    """Return one line for each role and place, with everybody who was given or lost it there."""
    words = style.words
    lines: dict[str, list[str]] = {}
    for result in results:
        place = where(result, words)
        role = words.listed([result.role, place])
        name = result.emp_id
        if result.account and group_of(result) == "provisioned":
            name += words.sentence("in_brackets", text=result.account)
        if result.wanted_chat:
            name += words.sentence("in_brackets", text=f"chat {result.wanted_chat}?")
        lines.setdefault(role or headline(result, words), []).append(name)
    return [f"{role}{words.colon}{words.listed(names)}" for role, names in lines.items()]


def _reasons(results: Sequence[Result], style: Style, *, bare: bool) -> list[str]:
    """Return a line for each request that was not carried out; many of one kind are summed up."""
    words = style.words
    shown: Counter[str] = Counter()
    more: dict[str, tuple[Result, int]] = {}
    lines = []
    for result in results:
        kind = result.reason_code if result.status == REJECTED else ""
        shown[kind] += 1
        if kind and shown[kind] > _MOST_REFUSALS:
            first, count = more.get(kind, (result, 0))
            more[kind] = first, count + 1
            continue
        lines.append(_line(result, style, bare=bare))
    for first, count in more.values():
        reason = "" if bare else bounded(sentence(first, words), _LONGEST_REASON)
        lines.append(words.sentence("more", count=count, reason=reason or first.reason_code))
    return lines


def _line(result: Result, style: Style, *, bare: bool) -> str:
    words = style.words
    who = words.listed([result.emp_id, result.role, where(result, words)])
    reason = result.reason_code if bare else bounded(sentence(result, words), _LONGEST_REASON)
    request = f" · {result.request_id}" if result.request_id else ""
    return f"{who or result.source}{words.colon}{reason}{request}"
