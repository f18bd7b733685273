"""Reads what ``pulumi preview --json`` plans: which resources change, and which of their inputs.

Only inputs are read. Configuration and outputs stay where they are: they hold what nobody needs to
see in a review.
"""

import base64
import binascii
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from functions.report.redaction import masked

SECRET = "[secret]"  # noqa: S105 - what stands in a secret's place
UNKNOWN = "[known after apply]"
QUIET = {"same", "read", "refresh"}
"""Operations that change nothing."""

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is not known yet (Pulumi, ``UnknownStringValue``)."""
_ARCHIVES = {"zipFile"}
_MOST_UNPACKED = 4_000_000
_BAD_ARCHIVES = (zipfile.BadZipFile, zipfile.LargeZipFile)
_SECRET_NAME = re.compile(
    r"secret|password|passwd|(?<!next)token|credential|private.?key", re.IGNORECASE
)


class NoPlan(Exception):
    """What was given is not a plan of the engine: its preview failed."""

    def __init__(self, reason: str, diagnostics: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.diagnostics = tuple(diagnostics)
        """The errors among the engine's diagnostics."""


@dataclass(frozen=True)
class Step:
    """A resource that would change."""

    operation: str
    type: str
    name: str
    paths: tuple[str, ...]
    """The inputs that differ, as the provider names them."""
    is_component: bool = False
    """It holds resources together, and nothing in the cloud stands for it."""
    before: Mapping[str, Any] = field(repr=False, default_factory=dict)
    after: Mapping[str, Any] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What the engine would do to a stack."""

    steps: tuple[Step, ...]
    counts: Mapping[str, int]


def read(text: str) -> Plan:
    """Read the engine's plan; secrets are masked from here on.

    Raises:
        NoPlan: if it is none, if it is not complete, or if the engine reported an error in it.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise NoPlan("the engine printed no plan") from None
    if not isinstance(given, dict):
        raise NoPlan("the engine printed no plan")
    if errors := list(_errors(given.get("diagnostics"))):
        raise NoPlan("the engine reported an error", errors)
    steps, counts = given.get("steps"), given.get("changeSummary")
    # The engine leaves out the list if there is nothing to list.
    steps = [] if steps is None and isinstance(counts, dict) and set(counts) <= {"same"} else steps
    if not (isinstance(steps, list) and _are_objects(steps) and counts and _is_count(counts)):
        raise NoPlan("the engine printed an incomplete plan")
    planned = Counter(str(step.get("op")) for step in steps)
    if missing := [op for op, count in counts.items() if op not in QUIET and planned[op] < count]:
        raise NoPlan(
            "the engine printed an incomplete plan: it counts "
            + " and ".join(f"{counts[op]} to {op} and lists {planned[op]}" for op in missing)
        )
    found = (step_of(step) for step in steps if step.get("op") not in QUIET)
    return Plan(tuple(found), dict(counts))


def _errors(diagnostics: Any) -> Iterator[str]:
    for diagnostic in diagnostics if isinstance(diagnostics, list) else []:
        if isinstance(diagnostic, dict) and diagnostic.get("severity") == "error":
            yield without_secrets(str(diagnostic.get("message", "")).strip())


def _are_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _is_count(value: Any) -> bool:
    return isinstance(value, dict) and all(type(count) is int for count in value.values())


def step_of(given: Mapping[str, Any]) -> Step:
    """Read one step of a plan; secrets are masked from here on."""
    # The last parts of urn:pulumi:<stack>::<project>::<parents and type>::<name>
    parts = str(given.get("urn", "")).split("::", 3)
    resource = given.get("newState") or given.get("oldState") or {}
    before, after = (
        _shown((given.get(state) or {}).get("inputs") or {}) for state in ("oldState", "newState")
    )
    paths = given.get("detailedDiff") or given.get("diffReasons") or {}
    return Step(
        operation=str(given.get("op", "")),
        type=parts[2].rpartition("$")[2] if len(parts) > 2 else "",
        name=parts[3] if len(parts) > 3 else str(given.get("urn", "")),
        paths=tuple(sorted(str(path) for path in paths)),
        is_component=resource.get("custom") is False,
        before=before,
        after=after,
    )


def _shown(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown(name, value) for name, value in inputs.items() if name != "__defaults"}


def shown(name: str, value: Any) -> Any:
    """Return a value as it may be shown.

    Masked is what is secret by the engine's word, by its name or by its form.
    """
    if isinstance(value, dict):
        return {without_secrets(k): shown(k, v) for k, v in value.items() if k != "__defaults"}
    if isinstance(value, list):
        return [shown(name, item) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if name in _ARCHIVES:
        return _archive(value)
    return SECRET if _SECRET_NAME.search(name) and value != _UNKNOWN else _text(name, value)


def _archive(value: str) -> Any:
    """Return an archive's files: documents as structures, of everything else what tells it apart.

    What is no archive, or would become too large, is its length.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(value, validate=True))) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise zipfile.LargeZipFile
            files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        return {name: _file(name, content) for name, content in files.items()}
    except (ValueError, RuntimeError, NotImplementedError, OSError, zlib.error, *_BAD_ARCHIVES):
        return f"[{len(value)} characters]"


def _file(name: str, content: bytes) -> Any:
    if name.endswith(".json"):
        with suppress(ValueError, RecursionError):
            return shown(name, json.loads(content))
    return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:12]}"


def _text(name: str, value: str) -> Any:
    """Return a text as it reads best: a script decoded, a document as a structure."""
    if name == "commandContent":
        with suppress(binascii.Error, UnicodeDecodeError):
            value = base64.b64decode(value, validate=True).decode()
    elif value[:1] in {"{", "["}:
        with suppress(ValueError, RecursionError):
            return shown(name, json.loads(value))
    return without_secrets(value)


def without_secrets(text: str) -> str:
    """Mask what looks like a secret, or is called one, in any text."""
    return masked(text, SECRET).replace(_UNKNOWN, UNKNOWN)
