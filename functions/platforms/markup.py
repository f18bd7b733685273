"""Takes the power out of text that goes into a chat's markup.

Neither platform documents an escape that works everywhere in its messages, so characters that
could begin markup, a link, an HTML tag, an entity or a mention are shown as their full-width twins:
people read the same, and no client sees anything to interpret.
"""

import re

_TWINS = str.maketrans(
    "\\`*[]#<>@|~&", "\uff3c\uff40\uff0a\uff3b\uff3d\uff03\uff1c\uff1e\uff20\uff5c\uff5e\uff06"
)
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BEGINNING = re.compile(r"^(?=[-+=_:]|\d{1,9}[.)])")
_NOTHING_WIDE = "\u200b"


def neutral(line: str) -> str:
    """Return one line that looks as before and means nothing to a chat client."""
    text = line.translate(_TWINS)
    # Between letters an underscore is no markup, and names are full of them.
    text = _EMPHASIS.sub("\uff3f", text)
    # Clients make links of bare addresses; a harmful one must not be one click away.
    text = text.replace("://", f":{_NOTHING_WIDE}//")
    stripped = text.lstrip(" ")
    # Four spaces would begin a code block, a hyphen or a number a list.
    indent = "\u00a0" * (len(text) - len(stripped))
    return indent + _BEGINNING.sub(_NOTHING_WIDE, stripped)


def neutral_lines(text: str) -> list[str]:
    """Return the lines of a text, each of them neutral, without the empty ones."""
    return [neutral(line) for line in text.split("\n") if line.strip()]
