"""What a person reads of a message: title, fields and output, without the markup.

Only what a client would show is in the text; control characters of a message never reach the
terminal.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.redaction import visible


@dataclass(frozen=True)
class Shown:
    """A message as a person reads it."""

    title: str
    text: str
    colour: str = ""
    """The colour of a card's header (``green``, ``red``, ...); empty where there is none."""

    def without_controls(self) -> "Shown":
        """Return the same without what would act on a terminal."""
        return Shown(*(visible(text) for text in (self.title, self.text, self.colour)))


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


def member(value: object) -> Mapping[str, Any]:
    """Return a member that should be an object; an empty one if it is not."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return the items of what should be a list."""
    return value if isinstance(value, list) else []


def members(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in what should be a list of them."""
    return [item for item in items(value) if isinstance(item, dict)]


def text_in(value: object) -> str:
    """Return what should be a string; an empty one if it is not."""
    return value if isinstance(value, str) else ""
