"""The recorded events: what a webhook was posted, what came to a bus, or a command run by hand."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.commandline import files
from localcloud.commandline.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_KINDS = ("source", "bus", "command")


class BadSample(UserError):
    """A file is not a recorded event; the message says why."""


@dataclass(frozen=True)
class Sample:
    """One recorded event."""

    key: str
    """Its file's name, and for a copy its number."""
    name: str
    """What it is, for people."""
    source: str = ""
    """The event source to whose webhook the body is posted."""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    bus: str = ""
    """The bus on which the event is put: ``default``, or ``loop`` for the stack's own."""
    event: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    """The stack output with the id of the command that is run by hand."""
    parameters: dict[str, str] = field(default_factory=dict)


def load(folder: Path, number: int = 0) -> list[Sample]:
    """Read a folder of recorded events; with a number, repeat them until there are so many.

    Copies get request ids of their own, or the loop would take them for repeats.

    Raises:
        BadSample: if a file is none, or the folder has none.
    """
    recorded = [_read(path) for path in sorted(folder.glob("*.json"))]
    if not recorded:
        raise BadSample(f"{folder} holds no recorded events (*.json)")
    if not number:
        return recorded
    return [
        _copy(recorded[position % len(recorded)], position // len(recorded))
        for position in range(number)
    ]


def _read(path: Path) -> Sample:
    if not _NAME.fullmatch(path.stem):
        raise BadSample(
            f"{path} must be named with letters, digits and hyphens: its name becomes an event's id"
        )
    given = files.read_json(path)
    kinds = [kind for kind in _KINDS if isinstance(given, dict) and given.get(kind)]
    if len(kinds) != 1:
        raise BadSample(f"{path} must have exactly one of {', '.join(_KINDS)}")
    known = {name for name in Sample.__dataclass_fields__ if name != "key"}
    if foreign := sorted(set(given) - known):
        raise BadSample(f"{path} has {', '.join(foreign)}; accepted are {', '.join(sorted(known))}")
    return Sample(**{"name": path.stem, **given, "key": path.stem})


def _copy(sample: Sample, number: int) -> Sample:
    if not number:
        return sample
    values = {**sample.__dict__, "key": f"{sample.key}-{number}"}
    for name in ("body", "event"):
        text = json.dumps(values[name], ensure_ascii=False)
        text = re.sub(r'("request_id": "[\w-]+)"', rf'\1-{number}"', text)
        values[name] = json.loads(text)
    return Sample(**values)
