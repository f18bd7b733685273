"""What EventBridge keeps: buses, sources and rules, and their names."""

import re
from dataclasses import dataclass, field
from typing import Any

from localcloud.eventbridge.errors import NameInvalidError
from localcloud.eventbridge.http_source import HttpParameters

DEFAULT_BUS = "default"
ENABLED, DISABLED = "ENABLE", "DISABLE"

# "Limits" names letters, digits and hyphens; the engine takes underscores too.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,126}")
# guess: no page says what a source's name may be; the documentation's samples have dots in it.
_SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
_RESERVED = "eventbridge-reserved-"


@dataclass(frozen=True)
class Bus:
    """An event bus."""

    name: str
    description: str = ""
    created: float = 0.0


@dataclass(frozen=True)
class Source:
    """An event source of a bus: a webhook, or only a name for what comes with PutEvents."""

    bus: str
    name: str
    description: str = ""
    http: dict[str, Any] | None = None
    token: str = field(default="", repr=False)
    created: float = 0.0
    linked: bool = True
    """Whether it was made with ``LinkedExternalSource``."""
    external: dict[str, Any] = field(default_factory=dict)
    """What it is linked to besides HTTP: ``kind``, the parameter, and ``given``, its value."""
    due: float | None = None
    """When it gives its next scheduled event, in seconds since 1970."""

    @property
    def parameters(self) -> HttpParameters | None:
        """Return the HTTP parameters, if it has a webhook."""
        return HttpParameters(**self.http) if self.http else None


@dataclass(frozen=True)
class Rule:
    """A rule of a bus; pattern and targets are kept as they came, character for character."""

    bus: str
    name: str
    pattern: str
    description: str = ""
    status: str = ENABLED
    targets: list[dict[str, Any]] = field(default_factory=list, repr=False)
    created: float = 0.0


def check_name(kind: str, name: str) -> None:
    """Check the name of a bus, rule or source.

    Raises:
        NameInvalidError: when it is not accepted.
    """
    pattern = _SOURCE_NAME if kind == "EventSource" else _NAME
    if not pattern.fullmatch(name) or name.startswith(_RESERVED):
        raise NameInvalidError(kind, name)
    if kind == "EventBus" and name == DEFAULT_BUS:
        raise NameInvalidError(kind, name, f"'{DEFAULT_BUS}' is the bus that always exists")
