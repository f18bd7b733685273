"""Text from outside in a comment on GitHub: never markup, a mention or a link.

Sources: "GitHub Flavored Markdown Spec", sections backslash escapes and fenced code blocks.
"""

import re

from functions.report.redaction import visible

_MARKUP = re.compile(r"([\\`*_{}\[\]()+!|~<>&:$])")
_REFERENCE = re.compile(r"[@#]|(?<=[wW]{3})(?=\.)")
_JOINER = "\u2060"


def plain(text: str, most: int = 300) -> str:
    """Return a text on one line that is neither markup nor a mention, a reference or a link."""
    # GitHub looks for @name and #1 in what is rendered, so entities would not hide them.
    shown = _REFERENCE.sub(lambda found: found[0] + _JOINER, _one_line(text, most))
    return _escaped(shown)


def code(text: str, most: int = 200) -> str:
    """Return a text as code within a line, or within a cell of a table."""
    # Names in code are not mentions, and are copied as they are.
    return f"<code>{_escaped(_one_line(text, most))}</code>"


def code_block(text: str, language: str = "") -> str:
    """Return lines as a block of code that none of them can end."""
    text = visible(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _one_line(text: str, most: int) -> str:
    shown = " ".join(visible(text).split())
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"&#{ord(found[1])};", text)
