"""What becomes of a function's asynchronous invocations: repetitions, age, destinations.

Sources: "PutAsyncInvokeConfig", "Configure a retry mechanism", "Destinations for asynchronous
invocations" (Function Compute 3.0).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from localcloud.environment import Clock, iso_utc
from localcloud.fc.errors import (
    AsyncConfigNotExistsError,
    InvalidArgumentError,
    InvalidDestinationError,
    NotSupportedHereError,
)
from localcloud.store import Store, Table

RETRIES = 3
AGE_SECONDS = 86_400
_MOST_RETRIES = 8
_MOST_AGE_SECONDS = 604_800
_QUEUE = re.compile(r"acs:mns:[^:]+:[^:]+:/queues/(?P<name>[^/]+)/messages")
_FUNCTION = re.compile(r"acs:fc:[^:]+:[^:]+:functions/(?P<name>[^/]+)")
NUMBERS = {"retries": "maxAsyncRetryAttempts", "age_seconds": "maxAsyncEventAgeInSeconds"}
"""Field of a configuration -> its name in the API."""
SETTINGS = (
    "asyncTask", "destinationConfig", "maxAsyncEventAgeInSeconds", "maxAsyncRetryAttempts",
    # Not in the API's model; the provider sends it beside the path.
    "functionName",
)  # fmt: skip


@dataclass(frozen=True)
class AsyncConfig:
    """The asynchronous configuration of a function under a qualifier."""

    function: str
    qualifier: str
    retries: int
    age_seconds: int
    on_success: str
    """ARN of a queue or function; empty if there is none."""
    on_failure: str
    created: str
    modified: str
    said: tuple[str, ...] = tuple(NUMBERS)
    """Which of the two numbers a request said; the others are the defaults."""


class AsyncConfigs:
    """The asynchronous configurations of the account, durable."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._rows = Table(store, "fc-async-config", AsyncConfig)

    def find(self, function: str, qualifier: str) -> AsyncConfig:
        """Return what holds for a function's invocations, which are the defaults if nothing else.

        guess: that the configuration of LATEST holds for no other version or alias.
        """
        default = AsyncConfig(function, qualifier, RETRIES, AGE_SECONDS, "", "", "", "", ())
        return self._rows.get(_key(function, qualifier)) or default

    def get(self, function: str, qualifier: str) -> AsyncConfig:
        """Return a configuration, or fail as the cloud does."""
        found = self._rows.get(_key(function, qualifier))
        if found is None:
            raise AsyncConfigNotExistsError(function, qualifier)
        return found

    def of(self, function: str = "") -> list[AsyncConfig]:
        """Return the configurations of a function, or of all, by name."""
        found = [c for c in self._rows if function in {"", c.function}]
        return sorted(found, key=lambda c: (c.function, c.qualifier))

    def put(self, function: str, qualifier: str, given: Mapping[str, Any]) -> AsyncConfig:
        """Set what the request names; what it leaves out stays as it is.

        The provider sends only what changed, and its acceptance tests find the rest unchanged.
        """
        now = iso_utc(self._clock.now())
        before = self.find(function, qualifier)
        parsed = _parsed(given)
        said = tuple(name for name in NUMBERS if name in {*before.said, *parsed})
        created = before.created or now
        changed = replace(before, **parsed, said=said, created=created, modified=now)
        self._rows.put(_key(function, qualifier), changed)
        return changed

    def delete(self, function: str, qualifier: str) -> None:
        """Delete a configuration; a missing one is not an error."""
        self._rows.delete(_key(function, qualifier))

    def delete_all_of(self, function: str) -> None:
        """Delete the configurations of a function that is deleted."""
        for config in self.of(function):
            self.delete(function, config.qualifier)


@dataclass(frozen=True)
class Destination:
    """Where the outcome of an invocation goes."""

    kind: str
    """``queue`` or ``function``."""
    name: str


def destination(arn: str) -> Destination:
    """Read an ARN.

    Raises:
        InvalidDestinationError: if it names nothing that can be a destination here.
    """
    if match := _QUEUE.fullmatch(arn):
        return Destination("queue", match["name"])
    if match := _FUNCTION.fullmatch(arn):
        return Destination("function", match["name"])
    raise InvalidDestinationError(arn)


def _parsed(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("asyncTask"):
        raise NotSupportedHereError("the mode of asynchronous tasks (asyncTask)")
    found: dict[str, Any] = {}
    for name, low, high in (("retries", 0, _MOST_RETRIES), ("age_seconds", 1, _MOST_AGE_SECONDS)):
        field = NUMBERS[name]
        value = given.get(field)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InvalidArgumentError(field, value, f"a whole number from {low} to {high}")
        found[name] = value
    config = given.get("destinationConfig")
    if config is not None:
        found["on_success"] = _arn(config, "onSuccess")
        found["on_failure"] = _arn(config, "onFailure")
    return found


def _arn(config: object, half: str) -> str:
    """Return a half's ARN; a half may be left out, but not be empty."""
    if not isinstance(config, dict):
        raise InvalidArgumentError("destinationConfig", config, "an object")
    given = config.get(half)
    if given is None:
        return ""
    arn = given.get("destination") if isinstance(given, dict) else None
    if not isinstance(arn, str):
        raise InvalidDestinationError(f"an empty {half}")
    destination(arn)
    return arn


def _key(function: str, qualifier: str) -> str:
    return f"{function}/{qualifier}"
