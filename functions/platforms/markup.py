"""Neutralises text that goes into a chat's markup.

Neither platform documents an escape that works everywhere in its messages, so characters that
could begin markup, a link, an HTML tag, an entity or a mention become their full-width twins:
they read the same, and no client finds anything to interpret.
"""

import re

from functions.platforms.base import Content

_TWINS = str.maketrans(
    "\\`*[]#<>@|~&", "\uff3c\uff40\uff0a\uff3b\uff3d\uff03\uff1c\uff1e\uff20\uff5c\uff5e\uff06"
)
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BEGINNING = re.compile(r"^(?=[-+=_:]|\d{1,9}[.)])")
_ZERO_WIDTH_SPACE = "\u200b"


def neutral(line: str) -> str:
    """Return a line that looks the same and contains nothing for a chat client to interpret."""
    text = line.translate(_TWINS)
    # An underscore between letters is not markup, and names are full of them.
    text = _EMPHASIS.sub("\uff3f", text)
    # Clients turn bare addresses into links; a harmful one must not be one click away.
    text = text.replace("://", f":{_ZERO_WIDTH_SPACE}//")
    stripped = text.lstrip(" ")
    # Four spaces would begin a code block, a hyphen or a number a list.
    indent = "\u00a0" * (len(text) - len(stripped))
    return indent + _BEGINNING.sub(_ZERO_WIDTH_SPACE, stripped)


def neutral_lines(text: str) -> list[str]:
    """Return the lines of a text, each neutralised, without the empty ones."""
    return [neutral(line) for line in text.split("\n") if line.strip()]


def markdown(content: Content, heading: str) -> str:
    """Write a message in the markdown that DingTalk's and WeCom's clients have in common."""
    blocks = [heading]
    if content.notice:
        blocks.append(content.notice)
    if content.fields:
        rows = [f"- **{name}**{content.colon}{neutral(value)}" for name, value in content.fields]
        blocks.append("\n".join(rows))
    for section in content.sections:
        blocks.append(f"**{section.heading}**")
        blocks.append("\n".join(f"- {neutral(line)}" for line in section.lines))
    if lines := neutral_lines(content.output):
        blocks.append(f"**{content.output_label}**")
        # A single line break may be folded; an empty quoted line keeps each line its own.
        blocks.append("\n>\n".join(f"> {line}" for line in lines))
    blocks += [f"[{text}]({url})" for text, url in content.links]
    if content.footer:
        blocks.append(f"###### {content.footer}")
    return "\n\n".join(blocks)
