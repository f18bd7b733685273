"""How many posts came without the right token."""

from collections.abc import Mapping
from typing import NamedTuple


class Tally(NamedTuple):
    """Posts of one source that nobody is told of one by one."""

    id: str
    source: str
    """Empty for sources that the settings do not name."""
    reasons: Mapping[str, int]
    """``no-token``, ``wrong-token``, ``unknown-source`` or ``other-bus`` -> how many."""

    @property
    def total(self) -> int:
        """Return how many there were."""
        return sum(self.reasons.values())
