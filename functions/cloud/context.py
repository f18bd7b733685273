"""What Function Compute passes to a handler beside the event."""

from typing import Protocol


class Context(Protocol):
    """What Function Compute passes beside the event ("Context", Python 3.12)."""

    @property
    def request_id(self) -> str:
        """The invocation's id."""

    @property
    def region(self) -> str:
        """The region in which the function runs."""

    @property
    def account_id(self) -> str:
        """The account to which it belongs."""
