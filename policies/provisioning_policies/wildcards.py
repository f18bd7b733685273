"""Wildcards of RAM: ``*`` is any text, also an empty one, ``?`` is one character."""

import re
from functools import cache


def has_wildcard(text: str) -> bool:
    """Return whether a text stands for more than itself."""
    return "*" in text or "?" in text


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether a whole text matches a pattern."""
    return bool(_compiled(pattern, ignore_case).fullmatch(text))


def beginning(pattern: str) -> str:
    """Return what every text begins with that matches a pattern."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


@cache
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(wild, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
