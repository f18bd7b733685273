"""Messages as text for a terminal: title, fields and output, without the markup.

Only what a client would show is in the text; control characters of a message never reach the
terminal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Shown:
    """A message as a person reads it."""

    title: str
    text: str
    colour: str = ""
    """The colour of a card's header (``green``, ``red``, ...); empty where there is none."""


def render(platform: str, body: Mapping[str, Any]) -> Shown:
    """Return a message as text; what is not understood is left out, never an error."""
    shown = _dingtalk(body) if platform == "dingtalk" else _lark(body)
    return Shown(_clean(shown.title), _clean(shown.text), _clean(shown.colour))


def plain(markdown: str) -> str:
    """Take the marks out of markdown: headings, emphasis, links, quotes and lists stay readable."""
    lines = []
    for line in markdown.split("\n"):
        text = re.sub(r"^#{1,6}\s+", "", line)
        text = re.sub(r"^>\s?", "| ", text)
        text = re.sub(r"^[-*]\s+", "- ", text)
        text = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"\1 (\2)", text)
        text = re.sub(r"</?(?:font|text_tag|b|i|strong|em)\b[^>]*>", "", text)
        text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
        text = re.sub(r"\\([\\`*_{}\[\]()#+.!>|~-])", r"\1", text)
        lines.append(text.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _dingtalk(body: Mapping[str, Any]) -> Shown:
    kind = str(body.get("msgtype", ""))
    part = _object(body.get(kind))
    title = _text(part.get("title"))
    match kind:
        case "text":
            content = _text(part.get("content"))
            return Shown(content.split("\n")[0], content)
        case "link":
            lines = [title, _text(part.get("text")), _text(part.get("messageUrl"))]
        case "markdown":
            return Shown(title, plain(_text(part.get("text"))))
        case "actionCard":
            buttons = [(_text(part.get("singleTitle")), _text(part.get("singleURL")))] + [
                (_text(b.get("title")), _text(b.get("actionURL")))
                for b in _objects(part.get("btns"))
            ]
            lines = [plain(_text(part.get("text")))]
            lines += [f"[{name}] {url}" for name, url in buttons if name]
        case "feedCard":
            links = _objects(part.get("links"))
            lines = [f"{_text(x.get('title'))} {_text(x.get('messageURL'))}" for x in links]
            title = _text(links[0].get("title")) if links else ""
        case _:
            lines = []
    return Shown(title, "\n".join(line for line in lines if line))


def _lark(body: Mapping[str, Any]) -> Shown:
    content = _object(body.get("content"))
    match body.get("msg_type"):
        case "text":
            text = _text(content.get("text"))
            return Shown(text.split("\n")[0], text)
        case "post":
            post: object = next(iter(_object(content.get("post")).values()), {})
            lines = [
                "".join(_span(x) for x in _objects(row))
                for row in _list(_object(post).get("content"))
            ]
            title = _text(_object(post).get("title"))
            return Shown(title, "\n".join([title, *lines] if title else lines))
        case "interactive":
            return _card(_object(body.get("card")))
        case kind:
            return Shown(f"[{kind}]", f"[{kind}]")


def _card(card: Mapping[str, Any]) -> Shown:
    header = _object(card.get("header"))
    title = _text(_object(header.get("title")).get("content"))
    tags = [
        _text(_object(tag.get("text")).get("content"))
        for tag in _objects(header.get("text_tag_list"))
    ]
    elements = _object(card.get("body")).get("elements", card.get("elements"))
    lines = [" ".join([title, *(f"[{tag}]" for tag in tags)]), *_elements(elements)]
    return Shown(title, "\n".join(line for line in lines if line), _text(header.get("template")))


def _elements(elements: object) -> Iterable[str]:
    for element in _objects(elements):
        match element.get("tag"):
            case "div":
                if "text" in element:
                    yield _content(element["text"])
                for field in _objects(element.get("fields")):
                    # A field is a bold name over its value; side by side they are easier to read.
                    yield _content(field.get("text")).replace("\n", ": ", 1)
            case "markdown" | "plain_text" | "lark_md":
                yield _content(element)
            case "hr":
                yield "---"
            case "button":
                yield f"[{_content(element.get('text'))}] {_url(element)}".rstrip()
            case _:
                for inner in ("text", "extra"):
                    yield from _elements([element.get(inner)])
                for inner in ("elements", "actions", "columns"):
                    yield from _elements(element.get(inner))


def _content(text: object) -> str:
    part = _object(text)
    content = _text(part.get("content"))
    return content if part.get("tag") == "plain_text" else plain(content)


def _url(button: Mapping[str, Any]) -> str:
    opened = next(iter(_objects(button.get("behaviors"))), {})
    return _text(button.get("url")) or _text(opened.get("default_url"))


def _span(part: Mapping[str, Any]) -> str:
    text = _text(part.get("text"))
    match part.get("tag"):
        case "a":
            return f"{text} ({_text(part.get('href'))})"
        case "at":
            return f"@{_text(part.get('user_name')) or _text(part.get('user_id'))}"
        case _:
            return text


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
