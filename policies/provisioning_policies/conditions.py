"""The conditions of RAM statements: what they are, and whether they narrow anything.

Operators and their operands are those of "Resource Access Management: Conditional operators".
"""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from provisioning_policies.documents import Unreadable
from provisioning_policies.wildcards import beginning

_SHORTEST_BEGINNING = 3
"""Characters before the first wildcard without which a pattern is as good as none."""
_SHORTEST_PREFIX = {4: 8, 6: 32}
"""Bits of a block of addresses below which it is half the internet."""


@dataclass(frozen=True)
class Condition:
    """One operator with one key and its values, of which one must hold."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def narrows(self) -> bool:
        """Whether only few requests meet it.

        A negated operator is met by every request that lacks the key, an order by almost all.
        """
        if self.operator in {"StringEquals", "StringEqualsIgnoreCase"}:
            return all(value.strip() for value in self.values)
        if self.operator == "StringLike":
            return all(len(beginning(value)) >= _SHORTEST_BEGINNING for value in self.values)
        if self.operator == "IpAddress":
            networks = [ipaddress.ip_network(value.strip(), strict=False) for value in self.values]
            return all(n.prefixlen >= _SHORTEST_PREFIX[n.version] for n in networks)
        return False


def parse_conditions(element: Any) -> tuple[Condition, ...]:
    """Return the conditions of a statement; raise Unreadable if RAM would refuse them."""
    return tuple(_parsed(element))


def _parsed(element: Any) -> Iterator[Condition]:
    if not isinstance(element, dict):
        raise Unreadable("has a Condition that is not an object")
    for operator, keys in element.items():
        if operator not in _READERS:
            raise Unreadable(f"has the condition operator '{operator}', which RAM does not know")
        if not isinstance(keys, dict):
            raise Unreadable(f"has a condition {operator} that is not an object")
        for key, value in keys.items():
            if ":" not in key.strip(":"):
                raise Unreadable(f"has the condition key '{key}', which names no service")
            values = tuple(map(_text, value if isinstance(value, list) else [value]))
            if not values or (operator == "Bool" and len(values) > 1):
                raise Unreadable(f"has a condition {operator} {key} without a value of its kind")
            for one in values:
                try:
                    _READERS[operator](one)
                except (ValueError, InvalidOperation):
                    raise Unreadable(f"compares {key} by {operator} with '{one}'") from None
            yield Condition(operator, key, values)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Unreadable("has a condition whose value is not a string")


def _number(text: str) -> None:
    if not Decimal(text.strip()).is_finite():
        raise ValueError(text)


def _instant(text: str) -> None:
    datetime.fromisoformat(text.strip())


def _truth(text: str) -> None:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)


def _network(text: str) -> None:
    ipaddress.ip_network(text.strip(), strict=False)


def _any(text: str) -> None:
    """Accept every text."""


_ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_READERS: dict[str, Callable[[str], None]] = {
    **{
        f"String{name}": _any
        for name in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase")
    },
    "StringLike": _any,
    "StringNotLike": _any,
    **{f"Numeric{order}": _number for order in _ORDERS},
    **{f"Date{order}": _instant for order in _ORDERS},
    "Bool": _truth,
    "IpAddress": _network,
    "NotIpAddress": _network,
}
