"""The decision on an event, and what people read of it."""

from functions.report.i18n import words as words_of
from functions.request import events
from functions.request.deployment import Language
from functions.request.fields import Request
from functions.run_command.decide import Rejection, decide
from functions.run_command.noise import Untrusted
from tests.unit.functions.samples import NOW, settings

SETTINGS = settings()
TOKEN = {"X-Provisioning-Token": "right-token"}
"""The headers of a post that a source with a secret takes."""


def decided(payload: bytes, **changes: str) -> Request | Rejection | Untrusted:
    """Return the decision on an event."""
    found = settings(**changes) if changes else SETTINGS
    return decide(events.read(payload), found, NOW)


def rejected(payload: bytes, **changes: str) -> Rejection:
    """Return the rejection of an event."""
    found = decided(payload, **changes)
    assert isinstance(found, Rejection)
    return found


def told(rejection: Rejection, language: Language = Language.ENGLISH) -> str:
    """Return what people read of a rejection."""
    return words_of(language).reason(rejection.reason)


def accepted(payload: bytes, **changes: str) -> Request:
    """Return the request in an event."""
    found = decided(payload, **changes)
    assert isinstance(found, Request), found
    return found
