"""What a chat platform is to the local cloud, whichever platform it is.

A platform is a class of its own module with the members of :class:`Platform`, listed in
``platforms.py``; nothing else in the local cloud knows the differences between platforms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.chats.limits import RateLimit
from localcloud.chats.shown import Shown
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import ChatSettings


class RefusedError(Exception):
    """A platform does not take a message."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message or str(code))
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Message:
    """A message that a platform takes."""

    body: dict[str, Any]
    """Without its signature."""
    key: str
    """What a repeat of the message would carry too; empty if it would carry nothing."""


class Platform(Protocol):
    """One chat platform's webhooks."""

    @property
    def name(self) -> str:
        """The name in the settings."""

    @property
    def host(self) -> str:
        """The host name below ``.localcloud.invalid``."""

    @property
    def path(self) -> str:
        """The path of the webhooks; with a slash at its end, what the paths begin with."""

    @property
    def unknown_chat(self) -> int:
        """The code that answers a webhook of no chat."""

    @property
    def too_many(self) -> int:
        """The code that answers one message too many."""

    def address(self, path: str, query: Mapping[str, str]) -> str:
        """Return what a webhook's URL names its chat by; empty if it names none."""

    def check_call(self, request: HttpRequest) -> None:
        """Raise :class:`RefusedError` for a call that is refused whichever chat it is for."""

    def read(self, chat: ChatSettings, request: HttpRequest, now: float) -> Message:
        """Return the message in a request, or raise :class:`RefusedError`."""

    def answer(self, code: int, message: str = "") -> HttpResponse:
        """Return the answer with a code; 0 is success."""

    def limit(self) -> RateLimit:
        """Return a new chat's limit of messages."""

    def render(self, body: Mapping[str, Any]) -> Shown:
        """Return a message as text; what is not understood is left out, never an error."""
