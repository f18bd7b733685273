"""The definite JSONPaths that a transform or a pattern's key may use: `$.data.list[0]['a b']`.

Definite means: at most one value. The engine takes everything else (wildcards, slices, filters,
`..`, a path with a mistake) for a constant text, so `JsonPath.compile` answers None there. Its
library has a few habits that are kept, for a stack must behave the same here and there:

- `['a','b']` at the end gives an object of both members;
- a negative index counts from the end;
- a name in brackets holds a comma only behind a backslash;
- a single character after the last `]` is ignored.

Functions such as `length()` are refused: the engine accepts them and then fails on each event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from localcloud.eventbridge.matching.json_text import canonical

_INDEX_DIGITS: Final = 9
_BLANKS: Final = "".join(map(chr, range(33)))
_ESCAPES: Final = {"r": "\r", "f": "\f", "t": "\t", "n": "\n", "b": "\b"}


class Absent:
    """The type of ABSENT, the value of a field that is not there; null is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


class UnsupportedFunctionError(ValueError):
    """The path calls a function."""


class _NotDefiniteError(Exception):
    """The path is not definite, or not a path at all."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: members of an object (several only at the end) or an element of an array."""

    names: tuple[str, ...] = ()
    index: int = 0


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path; `read` answers the value it leads to, or ABSENT."""

    text: str
    steps: tuple[_Step, ...]

    @staticmethod
    def compile(text: str) -> JsonPath | None:
        """Compile a definite path starting with `$`; None for any other text.

        Raises UnsupportedFunctionError for a path that calls a function.
        """
        if not text.startswith("$"):
            return None
        try:
            # The engine trims blanks before it judges a path, and control characters after.
            _Compiler(text.rstrip(" ")).steps()
            return JsonPath(text, tuple(_Compiler(text.rstrip(_BLANKS)).steps()))
        except _NotDefiniteError:
            return None

    @property
    def names(self) -> tuple[str, ...] | None:
        """The member names, if the path consists of nothing else."""
        if all(len(step.names) == 1 for step in self.steps):
            return tuple(step.names[0] for step in self.steps)
        return None

    @property
    def from_array(self) -> bool:
        """Return whether the value is an element of an array (its numbers keep their text)."""
        return bool(self.steps) and not self.steps[-1].names

    def read(self, document: Any) -> Any:
        """Follow the path; ABSENT where it leads nowhere."""
        value = document
        for step in self.steps:
            if not step.names:
                if not isinstance(value, list) or not -len(value) <= step.index < len(value):
                    return ABSENT
                value = value[step.index]
            elif not isinstance(value, dict):
                return ABSENT
            elif len(step.names) > 1:
                return {name: _member(value[name]) for name in step.names if name in value}
            else:
                value = value.get(step.names[0], ABSENT)
                if value is ABSENT:
                    return ABSENT
        return value


def _member(value: Any) -> Any:
    return canonical(value) if isinstance(value, float) else value


class _Compiler:
    """Reads one path from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = len(text)
        self._at = 0

    def steps(self) -> list[_Step]:
        steps: list[_Step] = []
        if self._text.endswith("."):
            raise _NotDefiniteError
        if self._end == 1:
            return steps
        self._at = 1
        if self._text[1] not in ".[":
            raise _NotDefiniteError
        while not steps or self._at < self._end - 1:
            if steps and len(steps[-1].names) > 1:
                raise _NotDefiniteError
            steps.append(self._step())
        return steps

    def _step(self) -> _Step:
        if self._text[self._at] == ".":
            self._at += 1
        if self._text[self._at] != "[":
            return self._name()
        return self._quoted_names() if self._peek(self._at) in "'\"" else self._index()

    def _peek(self, at: int) -> str:
        """Return the next character after `at` that is not a blank, or a blank at the end."""
        at += 1
        while at < self._end and self._text[at] == " ":
            at += 1
        return self._text[at] if at < self._end else " "

    def _name(self) -> _Step:
        start = self._at
        if self._text[start] in ".[* ":
            raise _NotDefiniteError
        end = start
        while end < self._end and self._text[end] not in ".[":
            if self._text[end] == " ":
                raise _NotDefiniteError
            if self._text[end] == "(":
                raise UnsupportedFunctionError(self._text)
            end += 1
        self._at = end
        return _Step((self._text[start:end],))

    def _index(self) -> _Step:
        if not (self._peek(self._at).isdecimal() or self._peek(self._at) == "-"):
            raise _NotDefiniteError
        close = self._text.find("]", self._at + 1)
        digits = self._text[self._at + 1 : close].strip() if close > 0 else ""
        digits_only = digits.removeprefix("-")
        if not digits_only.isdecimal() or len(digits_only) > _INDEX_DIGITS:
            raise _NotDefiniteError
        self._at = close + 1
        return _Step(index=int(digits))

    def _quoted_names(self) -> _Step:
        names: list[str] = []
        quote = self._peek(self._at)
        at = self._text.index(quote, self._at) + 1
        while True:
            start = at
            while at < self._end and self._text[at] != quote:
                if self._text[at] == ",":  # the engine sees an empty name beside it
                    raise _NotDefiniteError
                at += 2 if self._text[at] == "\\" else 1
            if at >= self._end:
                raise _NotDefiniteError
            names.append(_unescaped(self._text[start:at]))
            follows = self._peek(at)
            if follows == "]":
                self._at = self._text.index("]", at) + 1
                return _Step(tuple(names))
            if follows != ",":
                raise _NotDefiniteError
            comma = self._text.index(",", at)
            if self._peek(comma) != quote:
                raise _NotDefiniteError
            at = self._text.index(quote, comma) + 1


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out.append(text[at])
            at += 1
        elif text[at + 1 : at + 2] == "u":
            try:
                out.append(chr(int(text[at + 2 : at + 6], 16)))
            except ValueError:
                raise _NotDefiniteError from None
            at += 6
        else:
            escaped = text[at + 1 : at + 2] or "\\"
            out.append(_ESCAPES.get(escaped, escaped))
            at += 2
    return "".join(out)
