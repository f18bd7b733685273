"""JSON as the event engine's Java libraries read and write it.

Exact matching compares numbers by their text (300, 300.0 and 3.0e2 are three values), and a
template gets a number as text. Python keeps no text of a number, so:

- `parse` keeps it for the numbers that Python would write differently (`Number`);
- a plain float is written as Java writes a double (`1.0E10`), because an event from an HTTP source
  went through one;
- reading a member of an object rewrites a number (`canonical`: 3e2 becomes 300), reading an element
  of an array does not.

Lone surrogates, repeated members (the last one counts) and empty names pass, as in the engine.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring as _quoted
from math import isfinite
from typing import Any, Final

_EXPONENT_DIGITS, _INT_MAX = 10, 2**31 - 1
_INT_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_DECIMAL_FROM, _DECIMAL_BELOW = 1e-3, 1e7
_LINE_SEPARATORS: Final = {0x2028: "\\u2028", 0x2029: "\\u2029"}


class Number(float):
    """A JSON number with the text it had."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        """Keep `text`, which must be a JSON number."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def _float(text: str) -> float:
    if not _is_java_decimal(text):
        raise ValueError(f"the exponent of {text[:40]} is beyond what the event engine reads")
    number = float(text)
    return number if double_text(number) == text else Number(text)


def _is_java_decimal(text: str) -> bool:
    """Return whether exponent and scale fit into Java's int, as BigDecimal needs them."""
    digits, _, exponent = text.lower().partition("e")
    if not exponent:
        return True
    if len(exponent.lstrip("+-0")) > _EXPONENT_DIGITS:
        return False
    scale = len(digits.partition(".")[2]) - int(exponent)
    return abs(int(exponent)) <= _INT_MAX and scale <= _INT_MAX


def _integer(text: str) -> int | Number:
    try:
        number = int(text)
    except ValueError:  # more digits than Python converts
        return Number(text)
    return number if str(number) == text else Number(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def parse(text: str) -> Any:
    """Read strict JSON and keep each number's text.

    Raises:
        ValueError: if it is not JSON, too deep, or has an exponent beyond Java's int, on which the
            engine fails for each event.
    """
    try:
        return json.loads(
            text, parse_float=_float, parse_int=_integer, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parse_kept(text: str) -> Any:
    """Read an event that was kept; one that is not JSON, from any version, is its text."""
    try:
        return parse(text)
    except ValueError:
        return {"data": text}


def double_text(number: float) -> str:
    """Write a double as Java's Double.toString does."""
    if number == 0 or not isfinite(number) or _DECIMAL_FROM <= abs(number) < _DECIMAL_BELOW:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    mantissa = "".join(map(str, digits)).rstrip("0")
    point = int(exponent) + len(digits) - 1
    return f"{'-' if sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{point}"


def raw_number_text(number: float) -> str:
    """Write a number (not a bool) as it was sent."""
    if isinstance(number, Number):
        return number.text
    return str(number) if isinstance(number, int) else double_text(number)


def canonical(number: float) -> float:
    """Return a number (not a bool) with the text that the engine writes for it in an object."""
    if isinstance(number, int):
        return number
    text = raw_number_text(number)
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return number
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int):
        return number
    if not exact:
        # BigDecimal knows no negative zero.
        exact = abs(exact)
        text = text.lstrip("-")
    if exponent >= 0:
        return int(exact) if _INT_MIN <= exact <= _LONG_MAX else Number(str(exact))
    double = float(text)
    return double if Decimal(repr(double)) == exact else Number(str(exact))


def scalar_text(value: Any) -> str:
    """Write a string as it is and any other scalar as its JSON text."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return raw_number_text(value)


def dump(value: Any, *, keep_nulls: bool = True) -> str:
    """Write compact JSON, members (not elements) that are null only with `keep_nulls`."""
    if isinstance(value, str):
        return _quoted(value).translate(_LINE_SEPARATORS)
    if isinstance(value, dict):
        members = (
            f"{dump(str(name))}:{dump(member, keep_nulls=keep_nulls)}"
            for name, member in value.items()
            if keep_nulls or member is not None
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dump(element, keep_nulls=keep_nulls) for element in value) + "]"
    return scalar_text(value)
