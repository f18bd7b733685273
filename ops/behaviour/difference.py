"""What two revisions would do differently with the same events, in counts and in detail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.behaviour.record import OTHERS, Record
from ops.behaviour.samples import Sample


@dataclass(frozen=True)
class Change:
    """One way in which an event would end differently."""

    kind: str
    """Which of the sentences of :data:`KINDS`."""
    before: Any
    after: Any


@dataclass(frozen=True)
class Changed:
    """An event that would end differently."""

    key: str
    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """The difference between two revisions."""

    events: int
    changed: tuple[Changed, ...]

    def counts(self) -> dict[str, int]:
        """Return how many events change in which way, in the order of :data:`KINDS`."""
        found = {
            kind: sum(any(c.kind == kind for c in event.changes) for event in self.changed)
            for kind in KINDS
        }
        return {kind: count for kind, count in found.items() if count}


def _each(name: str, *fields: str) -> Callable[[Record], Any]:
    def look(record: Record) -> Any:
        entries = [{field: entry[field] for field in fields} for entry in record.get(name, [])]
        unique = [entry for i, entry in enumerate(entries) if entry not in entries[:i]]
        return [next(iter(e.values())) for e in unique] if len(fields) == 1 else unique

    return look


def _result_rules(record: Record) -> Any:
    return [rule for result in record.get("results", []) for rule in result["rules"]]


KINDS: Mapping[str, str] = {
    "taken": "be taken or refused by the webhook differently",
    "routed": "be routed differently",
    "run": "run, or no longer run",
    "command": "run another command",
    "instance": "run on another instance",
    "script": "run another version of the script",
    "parameters": "run with other parameters",
    "ended": "end differently",
    "reported": "be reported along another way",
    "told": "be told in another chat",
    "worded": "be told in other words",
}
"""The ways to differ, each as what follows "would now"."""

_LOOKS: Mapping[str, Callable[[Record], Any]] = {
    "taken": lambda record: record.get("taken"),
    "routed": lambda record: record.get("rules", []),
    "run": lambda record: bool(record.get("runs")),
    "command": _each("runs", "command"),
    "instance": _each("runs", "instance"),
    "script": _each("runs", "script"),
    "parameters": _each("runs", "parameters"),
    "ended": _each("results", "status", "reason"),
    "reported": _result_rules,
    "told": _each("messages", "chat"),
    "worded": _each("messages", "text"),
}
_ABOUT_RUNS = {"command", "instance", "script", "parameters"}


def compare(
    samples: Sequence[Sample], base: Mapping[str, Record], head: Mapping[str, Record]
) -> Difference:
    """Compare what became of each event."""
    names = {sample.key: sample.name for sample in samples}
    names[OTHERS] = "what cannot be told from which event it comes"
    changed = []
    for key, name in names.items():
        changes = _changes(base.get(key, {}), head.get(key, {}))
        if changes:
            changed.append(Changed(key, name, changes))
    return Difference(len(samples), tuple(changed))


def _changes(base: Record, head: Record) -> tuple[Change, ...]:
    found = []
    for kind, look in _LOOKS.items():
        before, after = look(base), look(head)
        if before == after:
            continue
        if kind in _ABOUT_RUNS and not (before and after):
            continue  # that it runs, or no longer runs, says it all
        found.append(Change(kind, before, after))
    return tuple(found)
