"""Says in a chat message what those who operate the loop have to hear."""

from collections.abc import Sequence

from functions.cloud.times import iso
from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Content, Message, Section
from functions.report.i18n.table import Words
from functions.report.notes import Subject
from functions.report.output import bounded
from functions.watch.decide import Alarm, Letter

_MOST_LINES = 10
_LONGEST = 240


def build(alarm: Alarm, stack: str, form: ChatPlatform, words: Words, key: str) -> Message:
    """Return the body that the chat's webhook takes, but for a signature."""
    return platform(form).message(content(alarm, stack, words), key)


def content(alarm: Alarm, stack: str, words: Words) -> Content:
    """Return what a message says."""
    letters, untold, owed = alarm.letters, alarm.untold, alarm.owed
    name = "alarm_many_letters" if alarm.has_more_letters else "alarm_letters"
    groups = [
        (name, [_letter(found, words) for found in letters]),
        ("alarm_untold", [f"{_time(p.at)} {_subject(p.subject, words)}" for p in untold]),
        ("alarm_owed", [_subject(o.subject, words, *o.hosts) for o in owed]),
    ]
    waits = words.span(int(alarm.waits_seconds)) if alarm.waits_seconds else ""
    return Content(
        title=words.sentence("alarm", stack=stack),
        sign="🚨",
        colour="red",
        notice=words.sentence("alarm_waits", span=waits) if waits else "",
        fields=(),
        output_label="",
        output="",
        footer=words.sentence("alarm_guide"),
        sections=[
            Section(words.sentence(heading, count=len(lines)), _lines(lines, words))
            for heading, lines in groups
            if lines
        ],
        colon=words.colon,
    )


def _lines(lines: Sequence[str], words: Words) -> list[str]:
    shown = [bounded(line, _LONGEST) for line in lines[:_MOST_LINES]]
    more = len(lines) - len(shown)
    return [*shown, words.sentence("alarm_more", count=more)] if more else shown


def _letter(found: Letter, words: Words) -> str:
    what = f"{_time(found.at)} {found.what}"
    if not (found.where or found.code):
        return what
    return words.sentence(
        "alarm_given_up", what=what, where=found.where or "?", code=found.code or "?"
    )


def _subject(subject: Subject, words: Words, *more: str) -> str:
    return words.listed([*subject, *more])


def _time(seconds: float) -> str:
    return iso(seconds)[:16].replace("T", " ") + "Z"
