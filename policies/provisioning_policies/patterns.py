"""Reads event patterns: what they accept, and whether they name the sources that they match.

A pattern that EventBridge would refuse, or that holds something whose meaning this module does not
know, is unreadable. Source of the grammar: "EventBridge: Event patterns".
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisioning_policies.documents import Unreadable, read_object
from provisioning_policies.rule import Resource

_ATTRIBUTES: Final = frozenset(
    {
        *(
            "specversion",
            "id",
            "source",
            "type",
            "datacontenttype",
            "dataschema",
            "subject",
            "time",
        ),
        *("aliyunaccountid", "aliyunpublishtime", "aliyuneventbusname", "aliyunregionid"),
        *("aliyunpublishaddr", "aliyunoriginalaccountid"),
    }
)
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
_ALL_PRODUCTS = "acs."
"""What the names of all sources of Alibaba Cloud itself begin with."""
_SHORTEST_PART = 4


@dataclass(frozen=True)
class Condition:
    """One alternative for a field: whether a text meets it, and whether few texts do."""

    test: Callable[[str], bool]
    narrow: bool = False


@dataclass(frozen=True)
class Pattern:
    """The fields of a pattern, by their path; each is met by any of its conditions."""

    fields: Mapping[tuple[str, ...], tuple[Condition, ...]]

    def takes(self, value: str, *path: str) -> bool:
        """Return whether an event with this text there can match; unnamed fields take any."""
        conditions = self.fields.get(path)
        return conditions is None or any(condition.test(value) for condition in conditions)

    @property
    def names_a_source(self) -> bool:
        """Whether each alternative of ``source`` narrows it down to something."""
        conditions = self.fields.get(("source",), ())
        return bool(conditions) and all(condition.narrow for condition in conditions)


def pattern_of(rule: Resource) -> Pattern | None:
    """Return the pattern of a rule, or None if it cannot be read; that has a rule of its own."""
    try:
        return parse(rule.props.get("filterPattern"))
    except Unreadable:
        return None


def parse(text: Any) -> Pattern:
    """Return what a pattern says.

    Raises:
        Unreadable: if EventBridge would refuse it, or it holds something that is not known here.
    """
    pattern = read_object(text)
    fields: dict[tuple[str, ...], tuple[Condition, ...]] = {}
    for name, value in pattern.items():
        if name == "data":
            fields.update(_data(value, ("data",)))
        elif name not in _ATTRIBUTES:
            raise Unreadable(f"has the key '{name}', which no event has")
        else:
            fields[(name,)] = _conditions(value, name)
    return Pattern(fields)


def _data(
    value: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[Condition, ...]]]:
    if not isinstance(value, dict) or not value:
        raise Unreadable(f"has at {'.'.join(path)} neither conditions nor an object with keys")
    for name, part in value.items():
        if not _PLAIN_KEY.fullmatch(name):
            raise Unreadable(f"has the key '{name}', which may be read as a path")
        here = (*path, name)
        if isinstance(part, dict):
            yield from _data(part, here)
        else:
            yield here, _conditions(part, ".".join(here))


def _conditions(value: Any, where: str) -> tuple[Condition, ...]:
    if not isinstance(value, list) or not value:
        raise Unreadable(f"has at {where} no list of conditions")
    return tuple(_condition(one, where) for one in value)


def _condition(value: Any, where: str) -> Condition:
    if isinstance(value, list):
        raise Unreadable(f"has at {where} a list within the list")
    if not isinstance(value, dict):
        return Condition(_equals(value), narrow=isinstance(value, str) and bool(value))
    if len(value) != 1:
        raise Unreadable(f"has at {where} a condition without exactly one operator")
    ((operator, operand),) = value.items()
    if operator not in _OPERATORS:
        raise Unreadable(f"has at {where} the operator '{operator}', which EventBridge lacks")
    return _OPERATORS[operator](operand, where)


def _equals(value: Any) -> Callable[[str], bool]:
    wanted = value if isinstance(value, str) else _scalar(value)
    return lambda text: text == wanted


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _part(operator: str) -> Callable[[Any, str], Condition]:
    tests: dict[str, Callable[[str, str], bool]] = {
        "prefix": str.startswith,
        "suffix": str.endswith,
        "contains": lambda text, part: part in text,
    }

    def parsed(operand: Any, where: str) -> Condition:
        if not isinstance(operand, str) or not operand:
            raise Unreadable(f"has at {where} the operator {operator} without a string")
        # A letter or a dot is in the name of almost every source.
        narrow = len(operand) >= _SHORTEST_PART and not _ALL_PRODUCTS.endswith(operand)
        return Condition(lambda text: tests[operator](text, operand), narrow)

    return parsed


def _anything_but(operand: Any, where: str) -> Condition:
    if isinstance(operand, dict):
        if not set(operand) <= {"prefix", "suffix"}:
            raise Unreadable(f"has at {where} anything-but with neither a prefix nor a suffix")
        excluded = [_condition(operand, where)]
    else:
        values = operand if isinstance(operand, list) else [operand]
        if any(isinstance(value, dict | list) for value in values):
            raise Unreadable(f"has at {where} anything-but with something that is not a value")
        excluded = [Condition(_equals(value)) for value in values]
    return Condition(lambda text: not any(one.test(text) for one in excluded))


def _numeric(operand: Any, where: str) -> Condition:
    parts = operand if isinstance(operand, list) else []
    names, numbers = parts[::2], parts[1::2]
    are_numbers = all(
        isinstance(n, int | float) and not isinstance(n, bool) and abs(n) <= 1e9 for n in numbers
    )
    if len(parts) not in {2, 4} or not are_numbers:
        raise Unreadable(f"has at {where} numeric without one or two comparisons")
    if not all(name in {"=", "!=", ">", ">=", "<", "<="} for name in names):
        raise Unreadable(f"has at {where} a comparison that EventBridge does not know")
    return Condition(lambda _: False)


def _cidr(operand: Any, where: str) -> Condition:
    try:
        # Python takes a number for an address, too.
        block = ipaddress.IPv4Network(operand if isinstance(operand, str) else "", strict=False)
    except ValueError:
        raise Unreadable(f"has at {where} cidr without an IPv4 block") from None
    first, last = block.network_address, block.broadcast_address

    def inside(text: str) -> bool:
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            return False
        # EventBridge takes neither the first nor the last address of a block.
        return address == first if "/" not in operand else first < address < last

    return Condition(inside)


def _exists(operand: Any, where: str) -> Condition:
    if not isinstance(operand, bool):
        raise Unreadable(f"has at {where} exists with neither true nor false")
    return Condition(lambda _: operand)


_OPERATORS: Final[Mapping[str, Callable[[Any, str], Condition]]] = {
    "prefix": _part("prefix"),
    "suffix": _part("suffix"),
    "contains": _part("contains"),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
}
