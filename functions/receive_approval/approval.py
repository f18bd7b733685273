"""An approval as a platform answers for it, the same for both platforms."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple


class Verdict(StrEnum):
    """Where an approval stands."""

    APPROVED = "approved"
    OPEN = "open"
    DECLINED = "declined"
    """Refused, withdrawn, or an amendment of another approval."""
    TAKEN_BACK = "taken-back"
    """It was approved, and that was revoked."""


class Component(NamedTuple):
    """A component of a form, and what somebody filled in."""

    id: str
    alias: str
    kind: str
    value: Any
    extra: Any = None
    """DingTalk's ``extValue``: ids where the value has names."""


class Approval(NamedTuple):
    """What counts of an approval."""

    instance: str
    definition: str
    verdict: Verdict
    decided: float
    """When it was decided, or taken back, in seconds since 1970."""
    requester: str
    """The platform's id of who asked."""
    approvers: tuple[str, ...]
    """The platform's ids of who approved, each once, the last one last."""
    form: Sequence[Component]
