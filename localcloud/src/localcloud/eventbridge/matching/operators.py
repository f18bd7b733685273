"""The operators of an event pattern: what each accepts and which values it matches.

An operator tests one scalar: a string, a number, a bool or null. Whether the field is there at all
and what an array means is the pattern's business. `bool` is never a number, null is a value.

The documentation of the hosted service ("EventBridge: Event patterns") names the operators; the
open-source engine, Apache RocketMQ EventBridge, settles what the page leaves open. Where the two
differ, localcloud/README.md says which one is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from localcloud.eventbridge.matching.ip_address import Address, Block, parse_address, parse_block
from localcloud.eventbridge.matching.json_text import dump, scalar_text

_NUMERIC_LIMIT: Final = 1.0e9
_NUMERIC_TOLERANCE: Final = 1.0e-7
_PREFIX_OR_SUFFIX: Final = ("prefix", "suffix")


class InvalidOperandError(ValueError):
    """What an operator was given is none of what it accepts; the text is the engine's reason."""


class Operator(Protocol):
    """One condition on a scalar."""

    def test(self, value: Any) -> bool:
        """Return whether a scalar satisfies the condition."""
        ...

    def describe(self) -> str:
        """Return what is wanted, to complete `expected …`."""
        ...


@dataclass(frozen=True, slots=True)
class Exact:
    """Equal as text, numbers included: 300 is neither 300.0 nor 3e2, but "300" is 300."""

    text: str | None
    shown: str

    @classmethod
    def parse(cls, operand: Any) -> Exact:
        """Accept any scalar."""
        text = None if operand is None else scalar_text(operand)
        return cls(text, dump(operand))

    def test(self, value: Any) -> bool:
        """Compare; null equals null only."""
        if isinstance(value, str):
            return value == self.text
        if value is None or self.text is None:
            return value is None and self.text is None
        return scalar_text(value) == self.text

    def describe(self) -> str:
        """Show the value as JSON."""
        return self.shown


@dataclass(frozen=True, slots=True)
class Prefix:
    """A string that starts so."""

    text: str

    @classmethod
    def parse(cls, operand: Any) -> Prefix:
        """Accept a string that is not empty."""
        return cls(_text("prefix", operand))

    def test(self, value: Any) -> bool:
        """Compare the beginning."""
        return isinstance(value, str) and value.startswith(self.text)

    def describe(self) -> str:
        """Name the beginning."""
        return f"a string starting with {dump(self.text)}"


@dataclass(frozen=True, slots=True)
class Suffix:
    """A string that ends so."""

    text: str

    @classmethod
    def parse(cls, operand: Any) -> Suffix:
        """Accept a string that is not empty."""
        return cls(_text("suffix", operand))

    def test(self, value: Any) -> bool:
        """Compare the end."""
        return isinstance(value, str) and value.endswith(self.text)

    def describe(self) -> str:
        """Name the end."""
        return f"a string ending with {dump(self.text)}"


@dataclass(frozen=True, slots=True)
class Contains:
    """A string with this part; documented for the hosted service, absent from the engine."""

    text: str

    @classmethod
    def parse(cls, operand: Any) -> Contains:
        """Accept a string that is not empty."""
        # guess: the same operand rules and reasons as prefix and suffix have.
        return cls(_text("contains", operand))

    def test(self, value: Any) -> bool:
        """Search the part."""
        return isinstance(value, str) and self.text in value

    def describe(self) -> str:
        """Name the part."""
        return f"a string containing {dump(self.text)}"


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Whatever none of the excluded conditions matches, as long as the field is there."""

    excluded: tuple[Operator, ...]

    @classmethod
    def parse(cls, operand: Any) -> AnythingBut:
        """Accept a scalar, a list of scalars, or one prefix or suffix condition."""
        if isinstance(operand, dict):
            if not all(name in _PREFIX_OR_SUFFIX for name in operand):
                raise InvalidOperandError("anything but condition only support prefix or suffix")
            return cls((parse_condition(operand),))
        values = operand if isinstance(operand, list) else [operand]
        if any(isinstance(value, (dict, list)) for value in values):
            raise InvalidOperandError(
                "the anything-but condition only support null or primitive values"
            )
        return cls(tuple(Exact.parse(value) for value in values))

    def test(self, value: Any) -> bool:
        """Match unless an excluded condition does."""
        for operator in self.excluded:  # noqa: SIM110 - a generator costs more than the tests
            if operator.test(value):
                return False
        return True

    def describe(self) -> str:
        """List what is excluded."""
        if not self.excluded:
            return "any scalar"
        return "anything but " + " or ".join(operator.describe() for operator in self.excluded)


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number for which one or two comparisons hold; closer than 1e-7 counts as equal."""

    comparisons: tuple[tuple[str, float], ...]

    @classmethod
    def parse(cls, operand: Any) -> Numeric:
        """Accept `[operator, number]` once or twice."""
        if not isinstance(operand, list):
            raise InvalidOperandError("the numeric condition needs an array value")
        if len(operand) not in {2, 4}:
            raise InvalidOperandError("the numeric array value should have 2 or 4 elements")
        comparisons: list[tuple[str, float]] = []
        for name, limit in zip(operand[::2], operand[1::2], strict=True):
            if not isinstance(name, str) or not _is_number(limit):
                raise InvalidOperandError(
                    "the numeric value should contains an operator and a number"
                )
            number = _as_float(limit)
            if not -_NUMERIC_LIMIT <= number <= _NUMERIC_LIMIT:
                raise InvalidOperandError(
                    "the numeric value must be between -1.0E9 and 1.0E9 inclusive"
                )
            if name not in _COMPARISONS:
                raise InvalidOperandError("the numeric exp only support >,<,>=,<=,=,!=")
            comparisons.append((name, number))
        return cls(tuple(comparisons))

    def test(self, value: Any) -> bool:
        """Compare as doubles."""
        if not _is_number(value):
            return False
        number = _as_float(value)
        for name, limit in self.comparisons:
            order = 0 if abs(number - limit) <= _NUMERIC_TOLERANCE else number - limit
            if not _COMPARISONS[name](order):
                return False
        return True

    def describe(self) -> str:
        """Repeat the comparisons."""
        return "a number " + " and ".join(f"{name} {limit:g}" for name, limit in self.comparisons)


@dataclass(frozen=True, slots=True)
class Cidr:
    """A string that is this address, or an address inside this IPv4 block.

    The first and the last address of a block are not inside it, so nothing is inside a /31 or /32:
    a habit of the engine's library that is kept. Write a single address without `/32`.
    """

    where: Address | Block
    shown: str

    @classmethod
    def parse(cls, operand: Any) -> Cidr:
        """Accept an IPv4 block `a.b.c.d/n` or a literal address; names are never looked up."""
        if isinstance(operand, str):
            where = parse_block(operand) if "/" in operand else parse_address(operand)
            if where is not None:
                return cls(where, operand)
        raise InvalidOperandError(
            "the cidr condition needs an IP address or an IPv4 block such as 10.0.0.0/24"
        )

    def test(self, value: Any) -> bool:
        """Compare addresses; a string that is not an address never matches."""
        if not isinstance(value, str):
            return False
        if isinstance(self.where, Block):
            return self.where.holds(value)
        return parse_address(value) == self.where

    def describe(self) -> str:
        """Name the block or the address."""
        if isinstance(self.where, Block):
            return f"an IPv4 address inside {self.shown} (not its first or last)"
        return f"the IP address {self.shown}"


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the field is there; an object or an empty array satisfies neither form."""

    wanted: bool

    @classmethod
    def parse(cls, operand: Any) -> Exists:
        """Accept true or false."""
        if not isinstance(operand, bool):
            raise InvalidOperandError("the exists condition only support boolean value")
        return cls(operand)

    def test(self, value: Any) -> bool:  # noqa: ARG002 - any scalar is there
        """Match every scalar, or none."""
        return self.wanted

    def describe(self) -> str:
        """Return which."""
        return "any scalar" if self.wanted else "no such field"


OPERATORS: Final[Mapping[str, Callable[[Any], Operator]]] = {
    "prefix": Prefix.parse,
    "suffix": Suffix.parse,
    "contains": Contains.parse,
    "anything-but": AnythingBut.parse,
    "numeric": Numeric.parse,
    "cidr": Cidr.parse,
    "exists": Exists.parse,
}

_COMPARISONS: Final[Mapping[str, Callable[[float], bool]]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
}


def parse_condition(condition: dict[str, Any]) -> Operator:
    """Parse `{"<operator>": <operand>}`; InvalidOperandError with the engine's reason otherwise."""
    if len(condition) != 1:
        raise InvalidOperandError("each pattern condition should only have one condition key")
    ((name, operand),) = condition.items()
    if name not in OPERATORS:
        raise InvalidOperandError(f"the pattern condition is unrecognized: {name}")
    return OPERATORS[name](operand)


def _text(name: str, operand: Any) -> str:
    if not isinstance(operand, str):
        raise InvalidOperandError(f"the {name} condition only support string value")
    if not operand:
        raise InvalidOperandError(f"the {name} condition doesn't support empty string value")
    return operand


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond the doubles
        return float("inf") if value > 0 else float("-inf")
