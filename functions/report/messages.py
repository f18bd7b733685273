"""Builds the finished chat message for a result, in the form of the chat's platform.

Whatever the facts hold, a message is short enough for both platforms.
"""

from typing import Any, NamedTuple

from functions.cloud.times import seconds_between
from functions.cloud.wire import MOST_BYTES, encode
from functions.report import i18n as words
from functions.report.facts import REJECTED, SUCCESS, Facts, account, reason_text
from functions.report.markup import neutral, neutral_lines
from functions.report.output import bounded, cut_tail
from functions.request.deployment import Chat

KEYWORD = "[ECS]"
"""Every message begins with this, so that a robot in keyword mode can ask for ``ECS``."""

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


class _Content(NamedTuple):
    """What a message says, before it takes a platform's form; values and output as they are."""

    title: str
    sign: str
    colour: str
    notice: str
    fields: list[tuple[str, str]]
    output_label: str
    output: str
    footer: str


def build(facts: Facts, chat: Chat, event_id: str) -> dict[str, Any]:
    """Return the body that the chat's webhook takes, but for a signature."""
    platform = _lark if chat.platform == "lark" else _dingtalk
    message: dict[str, Any] = {}
    for tail in _TAILS:
        message = platform(_content(facts, chat.language, tail), event_id)
        if len(encode(message)) < MOST_BYTES:
            break
    return message


def _content(facts: Facts, language: str, tail_bytes: int) -> _Content:
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
    return _Content(
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


def _dingtalk(content: _Content, event_id: str) -> dict[str, Any]:
    """Build a robot's markdown message ("Custom robot: send group messages")."""
    blocks = [f"### {KEYWORD} {content.sign} {content.title}"]
    if content.notice:
        blocks.append(content.notice)
    blocks.append("\n".join(f"- **{name}**: {neutral(value)}" for name, value in content.fields))
    if lines := neutral_lines(content.output):
        blocks.append(f"**{content.output_label}**")
        # A single line break may be folded; an empty quoted line keeps each line its own.
        blocks.append("\n>\n".join(f"> {line}" for line in lines))
    blocks.append(f"###### {content.footer}")
    return {
        "msgtype": "markdown",
        "markdown": {"title": f"{KEYWORD} {content.title}", "text": "\n\n".join(blocks)},
        "at": {"isAtAll": False},
        # guess: the API's field list has msgUuid without a word on it; if it is what its name
        # says, a message that is sent twice is shown once.
        "msgUuid": event_id,
    }


def _lark(content: _Content, event_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Build a bot's card in JSON 1.0, whose unknown parts old clients ignore."""
    elements: list[dict[str, Any]] = []
    if content.notice:
        elements.append(_plain(content.notice))
    # A long value needs the whole width.
    elements.append(
        {
            "tag": "div",
            "fields": [
                {
                    "is_short": len(value) <= 40,
                    "text": {"tag": "lark_md", "content": f"**{name}**\n{neutral(value)}"},
                }
                for name, value in content.fields
            ],
        }
    )
    if content.output:
        elements.append({"tag": "hr"})
        elements.append(_plain(content.output_label))
        # Plain text on purpose: nothing in it is markup or a mention; without the tag itself even
        # for a client that thinks otherwise.
        elements.append(_plain(content.output.replace("<", "\uff1c")))
    elements.append(
        {
            "tag": "note",
            "elements": [{"tag": "plain_text", "content": content.footer}],
        }
    )
    return {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {
                "template": content.colour,
                "title": {"tag": "plain_text", "content": f"{KEYWORD} {content.title}"},
            },
            "elements": elements,
        },
    }


def _plain(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": {"tag": "plain_text", "content": text}}
