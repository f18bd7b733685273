"""The index of a log store, without which nothing in it can be searched ("CreateIndex").

An index is kept and answered as it was sent: the provider compares it as JSON. What it names does
not limit a search here, but only entries that came after it are found.
"""

from collections.abc import Mapping
from typing import Any

from localcloud.sls.errors import IndexInfoInvalidError

_FIELDS = frozenset(
    {
        "keys",
        "line",
        "log_reduce",
        "log_reduce_black_list",
        "log_reduce_white_list",
        "max_text_len",
        "ttl",
    }
)
_KINDS = ("text", "long", "double", "json")
_TEXT_LENGTH = (64, 16_384)
_DEFAULT_TEXT_LENGTH = 2048


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an index as it is kept.

    Raises:
        IndexInfoInvalidError: if it has neither ``line`` nor ``keys``, or one that cannot be.
    """
    unknown = sorted(set(given) - _FIELDS)
    if unknown:
        raise IndexInfoInvalidError(f"'{unknown[0]}' is unknown here")
    line, keys = given.get("line"), given.get("keys")
    if not line and not keys:
        raise IndexInfoInvalidError("it has neither line nor keys")
    if line is not None:
        _check_line(line)
    if keys is not None:
        _check_keys(keys)
    # guess: the default is not answered; the provider plans a change for ever if it is.
    length = given.get("max_text_len", _DEFAULT_TEXT_LENGTH)
    low, high = _TEXT_LENGTH
    if not isinstance(length, int) or isinstance(length, bool) or not low <= length <= high:
        raise IndexInfoInvalidError(f"max_text_len must be from {low} to {high}")
    return dict(given)


def _check_line(line: object) -> None:
    if not isinstance(line, Mapping) or not _is_token(line.get("token")):
        raise IndexInfoInvalidError("line needs token, a list of characters that separate words")
    if line.get("include_keys") and line.get("exclude_keys"):
        raise IndexInfoInvalidError("line has both include_keys and exclude_keys")


def _check_keys(keys: object) -> None:
    if not isinstance(keys, Mapping):
        raise IndexInfoInvalidError("keys must be an object")
    for name, key in keys.items():
        kind = key.get("type") if isinstance(key, Mapping) else None
        if kind not in _KINDS:
            raise IndexInfoInvalidError(f"the type of {name} must be one of {', '.join(_KINDS)}")
        if kind in {"text", "json"} and not _is_token(key.get("token")):
            raise IndexInfoInvalidError(f"{name} needs token")
        leaves = key.get("json_keys") or {}
        if not isinstance(leaves, Mapping):
            raise IndexInfoInvalidError(f"json_keys of {name} must be an object")
        for leaf, described in leaves.items():
            if not isinstance(described, Mapping) or described.get("type") not in _KINDS[:3]:
                raise IndexInfoInvalidError(f"the type of {name}.{leaf} is not text, long, double")


def _is_token(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(c, str) for c in value)
