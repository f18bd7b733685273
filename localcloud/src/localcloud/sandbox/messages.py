"""The messages of an instance's agent, validated before use.

Root in an instance may manage to write in the agent's place, so the type and range of every value
is checked; anything else is not a message.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.sandbox.limits import OUTPUT_LIMIT_BYTES
from localcloud.sandbox.outcome import Outcome

_ENDED = frozenset({"finished", "timeout", "stopped", "interrupted"})
_HIGHEST_EXIT_CODE = 255
_MOST_DROPPED_BYTES = 1 << 53
_TEXT_LIMIT = 4096
_NAMES_LIMIT = 1000


class NotAMessageError(ValueError):
    """The agent never sends this."""


@dataclass(frozen=True)
class Ready:
    """The agent is inside and accepts runs."""

    notes: tuple[str, ...]


@dataclass(frozen=True)
class Failed:
    """The agent could not enter the instance."""

    reason: str


@dataclass(frozen=True)
class Written:
    """What a script has written so far."""

    run: str
    output: bytes
    dropped: int


@dataclass(frozen=True)
class Ended:
    """How a run ended, or why it never started."""

    run: str
    outcome: Outcome


Message = Ready | Failed | Written | Ended


def parse(line: bytes) -> Message:
    """Parse a line from the agent; raise :class:`NotAMessageError` if it is not a message."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotAMessageError("not JSON") from error
    if not isinstance(message, dict):
        raise NotAMessageError("not an object")
    match message.get("event"):
        case "ready":
            return Ready(_texts(message, "notes"))
        case "failed":
            return Failed(_text(message, "reason"))
        case "output":
            return Written(_text(message, "run"), _output(message), _dropped(message))
        case "refused":
            return Ended(_text(message, "run"), Outcome("refused", reason=_text(message, "reason")))
        case "ended":
            return Ended(_text(message, "run"), _outcome(message))
    raise NotAMessageError("unknown event")


def _outcome(message: Mapping[str, Any]) -> Outcome:
    ended = _text(message, "ended")
    if ended not in _ENDED:
        raise NotAMessageError("unknown end")
    return Outcome(
        ended,
        _number(message, "exit_code", -1, _HIGHEST_EXIT_CODE),
        _output(message),
        _dropped(message),
        package_faults=_texts(message, "package_faults"),
    )


def _number(message: Mapping[str, Any], name: str, lowest: int, highest: int) -> int:
    value = message.get(name)
    if type(value) is not int or not lowest <= value <= highest:
        raise NotAMessageError(f"{name} is not a number from {lowest} to {highest}")
    return value


def _dropped(message: Mapping[str, Any]) -> int:
    return _number(message, "dropped", 0, _MOST_DROPPED_BYTES)


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT or not value.isprintable():
        raise NotAMessageError(f"{name} is not a short text")
    return value


def _texts(message: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = message.get(name)
    if not isinstance(values, list) or len(values) > _NAMES_LIMIT:
        raise NotAMessageError(f"{name} is not a short list")
    return tuple(_text({name: value}, name) for value in values)


def _output(message: Mapping[str, Any]) -> bytes:
    value = message.get("output")
    if not isinstance(value, str):
        raise NotAMessageError("output is not a text")
    try:
        output = base64.b64decode(value, validate=True)
    except ValueError as error:
        raise NotAMessageError("output is not base64") from error
    if len(output) > OUTPUT_LIMIT_BYTES:
        raise NotAMessageError(f"output is longer than {OUTPUT_LIMIT_BYTES} bytes")
    return output
