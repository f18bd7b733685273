"""Put variables into a text as the event engine's library does (Apache Commons Text).

`${name}` becomes the variable's value and `${name:-other}` falls back to `other`; a variable that
does not exist stays as it stands; `$${name}` becomes `${name}`. A value is searched for variables
in its turn, and a variable that leads back to itself is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OPEN: Final = "${"
_CLOSE: Final = "}"
_ESCAPE: Final = "$"
_DEFAULT: Final = ":-"
_MOST: Final = 10_000


class SubstitutionError(ValueError):
    """A variable's value leads back to the variable itself, or values multiply without end."""


def substitute(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its variables put in; raises SubstitutionError."""
    return _Substitution(values).into(template, ())


class _Substitution:
    """One run; counts, so that values full of variables cannot keep it busy for hours."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._count = 0

    def into(self, text: str, inside: tuple[str, ...]) -> str:
        out = ""
        done = 0
        while (at := text.find(_OPEN, done)) >= 0:
            close = text.find(_CLOSE, at + len(_OPEN))
            if close < 0:
                break
            out += text[done:at]
            if out.endswith(_ESCAPE):
                # The escape goes, and with it the chance that this brace opens a variable.
                out = out[:-1] + _ESCAPE
                done = at + 1
                continue
            expression = text[at + len(_OPEN) : close]
            value = self._value(expression, inside)
            out += text[at : close + 1] if value is None else value
            done = close + 1
        return out + text[done:]

    def _value(self, expression: str, inside: tuple[str, ...]) -> str | None:
        name, fallback = _split(expression)
        if name in inside:
            loop = " -> ".join((*inside, name))
            raise SubstitutionError(f"the variable {name} contains itself: {loop}")
        self._count += 1
        if self._count > _MOST:
            raise SubstitutionError(f"more than {_MOST} variables to put in")
        value = self._values.get(name, fallback)
        return self.into(value, (*inside, name)) if value and _OPEN in value else value


def _split(expression: str) -> tuple[str, str | None]:
    """Split off the fallback, unless another variable opens before it."""
    name, delimiter, fallback = expression.partition(_DEFAULT)
    if not delimiter or _OPEN in name:
        return expression, None
    return name, fallback
