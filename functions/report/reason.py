"""Why a request was refused, before it is put into words."""

from typing import NamedTuple, Self


class Rule(NamedTuple):
    """Stands in a reason for what a field may hold."""

    name: str


class Span(NamedTuple):
    """Stands in a reason for a length of time."""

    seconds: int


class Reason(NamedTuple):
    """A code for programs, and the values for the sentence that people read."""

    code: str
    values: tuple[tuple[str, str | Rule | Span], ...] = ()

    @classmethod
    def of(cls, code: str, /, **values: str | Rule | Span) -> Self:
        """Return the reason with these values."""
        return cls(code, tuple(values.items()))
