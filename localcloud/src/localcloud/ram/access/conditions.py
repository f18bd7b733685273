"""The Condition element of a RAM policy.

All operators must hold, for each of them all keys, for a key any of its values; a negated operator
holds if none of its values does. A key may have several values in a request (acs:TagKeys); one
that matches is enough.

Source: "Resource Access Management: Conditional operators".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

Context: TypeAlias = Mapping[str, "str | Sequence[str]"]
"""What a request says about itself: `acs:SourceIp`, `acs:ResourceTag/<key>`, `acs:Service` …"""

_Compare: TypeAlias = Callable[[Any, Any], bool]


class InvalidConditionError(ValueError):
    """A Condition element that RAM rejects."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one family of operators reads values, and how it compares two of them."""

    read: Callable[[str], Any]
    accepted: str
    compare: _Compare
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator with one key."""

    operator: str
    key: str
    values: tuple[str, ...]
    kind: Kind
    wanted: tuple[Any, ...]

    def holds(self, context: Context) -> bool:
        """Return whether a request satisfies the condition."""
        given = self._given(context)
        if given is None:
            # guess: as in other clouds, what is not there is equal to nothing; documented
            # samples that deny what comes from outside a VPC with StringNotEquals rely on it.
            return self.kind.negated
        found = False
        for text in (given,) if isinstance(given, str) else given:
            try:
                value = self.kind.read(text)
            except ValueError:
                continue
            found = found or any(self.kind.compare(value, wanted) for wanted in self.wanted)
        return found is not self.kind.negated

    def _given(self, context: Context) -> str | Sequence[str] | None:
        # "Condition keys are not case-sensitive", and neither is what a request calls them.
        if self.key in context:
            return context[self.key]
        wanted = self.key.lower()
        return next((v for name, v in context.items() if name.lower() == wanted), None)

    def describe(self, context: Context) -> str:
        """Describe what is wanted and what was given."""
        given = self._given(context)
        shown = "absent" if given is None else repr(given if isinstance(given, str) else [*given])
        return f"{self.operator} {self.key} wants {' or '.join(map(repr, self.values))}, is {shown}"


def parse_conditions(element: Any) -> tuple[Condition, ...]:
    """Parse a Condition element; raises InvalidConditionError."""
    if not isinstance(element, dict):
        raise InvalidConditionError("Data type mismatch: Condition must be an object.")
    conditions: list[Condition] = []
    for operator, keys in element.items():
        kind = OPERATORS.get(operator)
        if kind is None:
            raise InvalidConditionError(
                f"Invalid condition operator: {operator}. Use one of {', '.join(OPERATORS)}."
            )
        if not isinstance(keys, dict):
            raise InvalidConditionError(f"Data type mismatch: {operator} must be an object.")
        conditions += [_condition(operator, kind, key, values) for key, values in keys.items()]
    return tuple(conditions)


def _condition(operator: str, kind: Kind, key: str, values: Any) -> Condition:
    if ":" not in key.strip(":"):
        raise InvalidConditionError(
            f"Invalid condition key format: {key}. Use <ram-code>:<condition-key>."
        )
    listed = values if isinstance(values, list) else [values]
    if not listed:
        raise InvalidConditionError(f"Data type mismatch: {operator} {key} has no value.")
    if operator == "Bool" and len(listed) > 1:
        raise InvalidConditionError(f"Multiple Boolean values for a condition: {key}.")
    texts = tuple(_text(operator, key, value) for value in listed)
    wanted: list[Any] = []
    for text in texts:
        try:
            wanted.append(kind.read(text))
        except ValueError:
            raise InvalidConditionError(
                f"Data type mismatch: {operator} {key} is {text!r}, must be {kind.accepted}."
            ) from None
    return Condition(operator, key, texts, kind, tuple(wanted))


def _text(operator: str, key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InvalidConditionError(f"Data type mismatch: {operator} {key} must hold strings.")


def _same(text: str) -> str:
    return text


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite():
        raise ValueError(text)
    return number


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text.strip())
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _truth(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text.strip(), strict=False)


def _inside(address: Any, network: Any) -> bool:
    return bool(address.version == network.version and address.subnet_of(network))


def is_like(text: str, pattern: str) -> bool:
    """Return whether a text matches a pattern: `*` is any text, `?` any character."""
    # In RAM a bracket is a bracket; for fnmatch it would begin a set of characters.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _family(
    name: str, read: Callable[[str], Any], accepted: str, comparisons: Mapping[str, _Compare]
) -> dict[str, Kind]:
    kinds = {f"{name}{suffix}": Kind(read, accepted, c) for suffix, c in comparisons.items()}
    kinds[f"{name}NotEquals"] = Kind(read, accepted, comparisons["Equals"], negated=True)
    return kinds


_ORDER: Final[Mapping[str, _Compare]] = {
    "Equals": lambda given, wanted: given == wanted,
    "LessThan": lambda given, wanted: given < wanted,
    "LessThanEquals": lambda given, wanted: given <= wanted,
    "GreaterThan": lambda given, wanted: given > wanted,
    "GreaterThanEquals": lambda given, wanted: given >= wanted,
}
_EQUAL: Final = {"Equals": _ORDER["Equals"]}

OPERATORS: Final[Mapping[str, Kind]] = {
    **_family("String", _same, "a string", _EQUAL),
    "StringEqualsIgnoreCase": Kind(str.lower, "a string", _ORDER["Equals"]),
    "StringNotEqualsIgnoreCase": Kind(str.lower, "a string", _ORDER["Equals"], negated=True),
    "StringLike": Kind(_same, "a string", is_like),
    "StringNotLike": Kind(_same, "a string", is_like, negated=True),
    **_family("Numeric", _number, "a number", _ORDER),
    **_family("Date", _instant, "a time such as 2026-01-01T00:00:00+08:00", _ORDER),
    "Bool": Kind(_truth, "true or false", _ORDER["Equals"]),
    "IpAddress": Kind(_network, "an IP address or block", _inside),
    "NotIpAddress": Kind(_network, "an IP address or block", _inside, negated=True),
}
