"""Questions about a running local cloud, as plain values: what ``/_localcloud/`` is made of.

Each service names its views in its ``inspection.py``; the gateway serves them as JSON.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

_LIMIT = 100
_LARGEST_LIMIT = 10_000
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: the variables of the path and the parameters of the query."""

    path: Mapping[str, str]
    params: Mapping[str, str]

    @property
    def limit(self) -> int:
        """Return how many entries to answer at most."""
        return max(1, min(int(self.params.get("limit", _LIMIT)), _LARGEST_LIMIT))

    @property
    def after(self) -> int:
        """Return the id of the entry after which to begin; 0 if the question names none."""
        return max(0, min(int(self.params.get("after", 0)), _LAST_ID))

    @property
    def before(self) -> int:
        """Return the number of the entry before which to end; 0 if the question names none."""
        return max(0, min(int(self.params.get("before", 0)), _LAST_ID))


View = Callable[[Question], Any]
"""Answers a question with a JSON value, or what is awaited for one, from memory and disk."""
Views = Mapping[str, View]
"""Path template below ``/_localcloud/`` -> view."""
Change = Callable[[Question, Any], Awaitable[Any]]
"""Does what somebody posts as JSON, and answers with a JSON value."""
Changes = Mapping[str, Change]
"""Path template below ``/_localcloud/`` -> change."""


class NotThereError(Exception):
    """What was asked for does not exist; the message says what does."""
