"""Labels: what of an event or a run people call by a name, such as a request or an employee.

A label is a name and the paths where its value stands: in events (``data.body.detail.emp_id``) and
in runs of commands (``parameters.emp_id``, ``tags.provisioning:request``). The local cloud knows
none by itself; the file of ``serve --config`` brings them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 200
"""Characters of a value that are shown."""

REQUESTS, MESSAGES = "requests", "messages"


@dataclass(frozen=True)
class Label:
    """One label."""

    paths: tuple[str, ...]
    """Names with dots between them; the first that leads to a text or a number counts."""
    joins: str = ""
    """``requests``: events and runs with the same value are one request. ``messages``: a chat's
    message that holds the value tells of the newest request that has it."""
    good: tuple[str, ...] = ()
    """Where the label is what became of a request: the values that are a success."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """How it is called in a language, such as ``zh``; elsewhere by its name."""


def values(labels: Mapping[str, Label], found: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of the labels that an event or a run has."""
    named = {name: _first(label.paths, found) for name, label in labels.items()}
    return {name: value for name, value in named.items() if value}


def _first(paths: Iterable[str], found: Mapping[str, Any]) -> str:
    for path in paths:
        value = _at(path, found)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return str(value)[:LONGEST]
    return ""


def _at(path: str, found: Any) -> Any:
    for name in path.split("."):
        # A sender that does not say application/json has its JSON in the event as a text.
        if isinstance(found, str) and found.lstrip()[:1] == "{":
            found = _object(found)
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
