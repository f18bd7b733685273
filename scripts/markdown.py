"""Text from outside in a comment on GitHub: never markup, a mention or a link.

Sources: "GitHub Flavored Markdown Spec", sections backslash escapes and fenced code blocks.
"""

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:$-])")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def plain(text: str, most: int = 300) -> str:
    """Give a text on one line in which nothing is markup."""
    shown = " ".join(_UNSEEN.sub("", text).split())
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    # Entities, not backslashes: GitHub finds mentions and issue numbers behind a backslash, too.
    return _MARKUP.sub(lambda found: f"&#{ord(found[1])};", shown)


def code(text: str, most: int = 200) -> str:
    """Give a text as code within a line, or within a cell of a table."""
    return f"<code>{plain(text, most)}</code>"


def code_block(text: str, language: str = "") -> str:
    """Give lines as a block of code that none of them can end."""
    text = _UNSEEN.sub("", text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
