"""Reads event patterns as far as rules need it: which sources can an event have (Event patterns).

A pattern without ``source`` matches events of every source; the entries of a list are alternatives.
"""

from collections.abc import Mapping
from typing import Any

from provisioning_policies.documents import items, json_object, mapping, texts
from provisioning_policies.rule import Resource


def pattern_of(rule: Resource) -> dict[str, Any] | None:
    """Give the pattern of a rule, or None if it is no JSON object."""
    return json_object(rule.props.get("filterPattern"))


def names_a_source(pattern: Mapping[str, Any]) -> bool:
    """Tell whether each alternative of ``source`` narrows it down to something."""
    alternatives = items(pattern.get("source"))
    return bool(alternatives) and all(_narrows(alternative) for alternative in alternatives)


def _narrows(alternative: Any) -> bool:
    if isinstance(alternative, str):
        return bool(alternative)
    condition = mapping(alternative)
    return any(condition.get(key) for key in ("prefix", "suffix", "contains"))


def takes(pattern: Mapping[str, Any], key: str, value: str) -> bool:
    """Tell whether an event with this text under a key can match, as far as this key goes.

    A key that the pattern does not mention is met by every event.
    """
    return key not in pattern or any(_equals(part, value) for part in items(pattern[key]))


def _equals(alternative: Any, value: str) -> bool:
    if isinstance(alternative, str):
        return alternative == value
    condition = mapping(alternative)
    if "anything-but" in condition:
        excluded = condition["anything-but"]
        return value not in texts(excluded) and not _meets(mapping(excluded), value)
    # What this module does not know is taken for met: a rule must not speak on a guess.
    return _meets(condition, value) or not (set(condition) <= {"prefix", "suffix", "contains"})


def _meets(condition: Mapping[str, Any], value: str) -> bool:
    return (
        ("prefix" in condition and value.startswith(condition["prefix"]))
        or ("suffix" in condition and value.endswith(condition["suffix"]))
        or ("contains" in condition and condition["contains"] in value)
    )
