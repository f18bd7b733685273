"""Reads environment variables; an error names the variable that is wrong.

Function Compute allows 4 KB for all variables of a function together ("Configure environment
variables"). A value ``@loop.json`` therefore stands for the content of that file in the root of
the function's archive.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.cloud.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path

JsonObject = dict[str, Any]


def text(environ: Mapping[str, str], name: str, default: str | None = None) -> str:
    """Return a variable's value, or the content of the file that it names."""
    value = environ.get(name, "") or default
    if value is None:
        raise SettingError(name, "is missing or empty; the stack sets it")
    if not value.startswith("@"):
        return value
    file = value[1:]
    if "/" in file or file.startswith("."):
        raise SettingError(name, "must name a file in the root of the archive, such as @loop.json")
    try:
        return (archive() / file).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        raise SettingError(name, f"the archive has no readable file {file}") from None


def archive() -> "Path":
    """Return the root of the function's archive, where index.py lies."""
    from pathlib import Path  # noqa: PLC0415

    return Path(__file__).parents[2]


def number(environ: Mapping[str, str], name: str, low: float, high: float) -> float:
    """Return a number between two limits."""
    value = text(environ, name)
    try:
        found = float(value)
    except ValueError:
        found = float("nan")
    if not low <= found <= high:
        raise SettingError(name, f"must be a number from {low:g} to {high:g}")
    return found


def json_object(environ: Mapping[str, str], name: str, default: str | None = None) -> JsonObject:
    """Return a JSON object."""
    value = _json(environ, name, default)
    if not isinstance(value, dict):
        raise SettingError(name, "must be a JSON object")
    return value


def json_strings(environ: Mapping[str, str], name: str, default: str | None = None) -> list[str]:
    """Return a JSON list of strings."""
    value = _json(environ, name, default)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingError(name, "must be a JSON list of strings")
    return value


def _json(environ: Mapping[str, str], name: str, default: str | None) -> Any:
    try:
        return json.loads(text(environ, name, default))
    except (ValueError, RecursionError):
        # The parser's own message would quote the value, and some of these are secret.
        raise SettingError(name, "is not JSON") from None
