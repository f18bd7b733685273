"""What a scenario is and how it is judged: by comparing what should be with what is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from demo.loop import Loop


@dataclass(frozen=True)
class Check:
    """An expectation."""

    what: str
    expected: Any
    actual: Any

    @property
    def is_right(self) -> bool:
        """Return whether it is met."""
        return bool(self.expected == self.actual)


@dataclass(frozen=True)
class Scenario:
    """One request, as the platform really posts it, and what should come of it."""

    title: str
    play: Callable[[Loop], Iterator[Check]]
    chats: tuple[str, ...] = ()
    """The chats in which something should arrive."""


@dataclass
class Played:
    """What came of a scenario."""

    title: str
    checks: list[Check] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""

    @property
    def is_right(self) -> bool:
        """Return whether everything was as it should be."""
        return not self.failure and bool(self.checks) and all(c.is_right for c in self.checks)
