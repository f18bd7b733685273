"""Wildcards of RAM policies: `*` is any text, the empty one too, `?` is one character."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Matcher: TypeAlias = Callable[[str], bool]


def compile_wildcards(patterns: Iterable[str], *, ignore_case: bool = False) -> Matcher:
    """Return a function that tells whether a text matches any of the patterns."""
    folded = [pattern.lower() if ignore_case else pattern for pattern in patterns]
    exact = frozenset(p for p in folded if "*" not in p and "?" not in p)
    wild = tuple(dict.fromkeys(p for p in folded if p not in exact))

    def matches(text: str) -> bool:
        if ignore_case:
            text = text.lower()
        return text in exact or any(matches_wildcard(pattern, text) for pattern in wild)

    return matches


def matches_wildcard(pattern: str, text: str) -> bool:
    """Return whether the whole text matches; takes time for one pass per `*` at worst."""
    if pattern == "*":
        return True
    at, place = 0, 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in {"?", text[place]}:
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(rest == "*" for rest in pattern[at:])
