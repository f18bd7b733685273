"""Triggers: which there are, and when each time trigger calls its function.

A time trigger's next moment is part of its row, so that one that became due while the cloud was not
running fires as soon as it runs again: once, however often it was missed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from localcloud import strict_json
from localcloud.environment import Environment, iso_utc, uuid_form
from localcloud.fc.errors import TriggerAlreadyExistsError, TriggerNotFoundError
from localcloud.schedule import parse
from localcloud.store import Store, Table

TIMER = "timer"
HTTP = "http"
EVENTBRIDGE = "eventbridge"


@dataclass(frozen=True)
class Trigger:
    """A time trigger, an HTTP trigger, or a stream of events from a queue."""

    function: str
    name: str
    id: str
    qualifier: str
    description: str
    config: str
    """``triggerConfig`` as it was sent: the provider compares it with its own."""
    created: str
    modified: str
    due: float | None
    """When it fires next, in seconds since 1970; None while it is not enabled, or has no time."""
    kind: str = TIMER

    @property
    def payload(self) -> str:
        """Return what its function is told besides the time."""
        return str(strict_json.read(self.config).get("payload") or "")


class Triggers:
    """The triggers of the account, durable."""

    def __init__(self, environment: Environment, store: Store) -> None:
        self._clock = environment.clock
        self._ids = environment.ids
        self._rows = Table(store, "fc-trigger", Trigger)

    def get(self, function: str, name: str) -> Trigger:
        """Return a trigger, or fail as the cloud does."""
        found = self._rows.get(_key(function, name))
        if found is None:
            raise TriggerNotFoundError(function, name)
        return found

    def of(self, function: str) -> list[Trigger]:
        """Return a function's triggers by name."""
        return sorted((t for t in self._rows if t.function == function), key=lambda t: t.name)

    def all(self) -> list[Trigger]:
        """Return every trigger of the account."""
        return list(self._rows)

    def with_id(self, trigger_id: str) -> Trigger | None:
        """Return the trigger with an id."""
        return next((t for t in self._rows if t.id == trigger_id), None)

    def create(
        self,
        function: str,
        name: str,
        qualifier: str,
        description: str,
        config: str,
        kind: str = TIMER,
    ) -> Trigger:
        """Make a trigger; a timer fires for the first time at its next moment from now."""
        if _key(function, name) in self._rows:
            raise TriggerAlreadyExistsError(function, name)
        now = self._clock.now()
        identity = uuid_form(self._ids()).lower()
        stamp = iso_utc(now)
        return self._put(
            Trigger(
                function, name, identity, qualifier, description, config, stamp, stamp,
                _next(config, now, kind), kind,
            )
        )  # fmt: skip

    def change(self, trigger: Trigger, **changes: Any) -> Trigger:
        """Change what a trigger says; another schedule begins now."""
        now = self._clock.now()
        changed = replace(trigger, modified=iso_utc(now), **changes)
        if changed.config != trigger.config:
            changed = replace(changed, due=_next(changed.config, now, changed.kind))
        return self._put(changed)

    def delete(self, function: str, name: str) -> None:
        """Delete a trigger, or fail as the cloud does."""
        self.get(function, name)
        self._rows.delete(_key(function, name))

    def delete_all_of(self, function: str) -> None:
        """Delete the triggers of a function that is deleted."""
        for trigger in self.of(function):
            self._rows.delete(_key(function, trigger.name))

    def fire(self, call: Callable[[Trigger, bytes], None]) -> None:
        """Have ``call`` accept the event of each trigger that is due."""
        now = self._clock.now()
        for trigger in [t for t in self._rows if t.due is not None and t.due <= now]:
            event = {
                "triggerTime": iso_utc(trigger.due or now),
                "triggerName": trigger.name,
                "payload": trigger.payload,
            }
            call(trigger, strict_json.write(event).encode())
            # Counted from the moment that was due, so that a late look does not shift the next.
            due = _next(trigger.config, trigger.due or now)
            late = due is not None and due <= now
            self._put(replace(trigger, due=_next(trigger.config, now) if late else due))

    def _put(self, trigger: Trigger) -> Trigger:
        self._rows.put(_key(trigger.function, trigger.name), trigger)
        return trigger


def _next(config: str, now: float, kind: str = TIMER) -> float | None:
    if kind != TIMER:
        return None
    given = strict_json.read(config)
    # guess: a trigger that does not say that it is enabled is not.
    if given.get("enable") is not True:
        return None
    due = parse(given.get("cronExpression")).next_after(now)
    return due if due < math.inf else None


def _key(function: str, name: str) -> str:
    return f"{function}/{name}"
