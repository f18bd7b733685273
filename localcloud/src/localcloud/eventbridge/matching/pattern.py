"""Event patterns: compile once, match often, explain why not.

A pattern has the structure of the events it matches. All its fields must hold (AND); a field holds
if any of its conditions does (OR). The top level are the event's attributes; below `data` objects
nest.

Absent, null, false and 0 are four different things. An absent field satisfies `exists: false` and
nothing else, `anything-but` included. An array satisfies a condition if any element does; an
object, an empty array, or an array with an object or array in it satisfies nothing, not even
`exists`. A pattern on `data` never matches an event without `data`.

Everything wrong with a pattern is found by `compile`, with the engine's reason; matching cannot
fail. Source of the rules: "EventBridge: Event patterns" and the open-source engine (see
localcloud/README.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from localcloud.eventbridge.matching.json_path import ABSENT, JsonPath, UnsupportedFunctionError
from localcloud.eventbridge.matching.json_text import dump, parse
from localcloud.eventbridge.matching.operators import (
    Exact,
    InvalidOperandError,
    Operator,
    parse_condition,
)
from localcloud.eventbridge.matching.pattern_field import Field

_Places: TypeAlias = tuple[int, ...]

ATTRIBUTES: Final = frozenset(
    {
        *("specversion", "id", "source", "type"),
        *("datacontenttype", "dataschema", "subject", "time"),
        # "EventBridge: Event overview", and what its sample events carry.
        *("aliyunaccountid", "aliyunpublishtime", "aliyuneventbusname", "aliyunregionid"),
        *("aliyunpublishaddr", "aliyunoriginalaccountid"),
    }
)
"""What a pattern may name beside `data`; another key is an error, as in the engine."""

_SHOWN: Final = 200


class InvalidPatternError(ValueError):
    """A pattern that the engine rejects: where, and the engine's reason."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    @property
    def message(self) -> str:
        """The engine's message, as the API answers it."""
        return f"Event pattern is not valid, reason: {self.reason}"

    def __str__(self) -> str:
        return f"{self.message} (at {self.path})"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first field of a pattern that an event does not satisfy."""

    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, found {self.found}"


class Pattern:
    """A compiled event pattern; make one with `Pattern.compile`."""

    __slots__ = ("_attributes", "_data", "_special", "fields", "text")

    def __init__(self, text: str, fields: tuple[Field, ...]) -> None:
        self.text = text
        self.fields = fields
        self._attributes = tuple((f.names[0], f.test) for f in fields if not f.is_data)
        self._data = tuple((f.names, f.test) for f in fields if f.is_data and f.special is None)
        self._special = tuple(f for f in fields if f.special is not None)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    @classmethod
    def compile(cls, pattern: str | dict[str, Any]) -> Pattern:
        """Compile a pattern from JSON text (or the object that it parses to).

        Raises InvalidPattern with the JSON path and the engine's reason.
        """
        if isinstance(pattern, str):
            try:
                parsed = parse(pattern)
            except ValueError:
                raise InvalidPatternError(
                    "$", "the pattern isn't a valid json format string"
                ) from None
            text = pattern
        else:
            parsed, text = pattern, ""
        if not isinstance(parsed, dict):
            raise InvalidPatternError("$", "the pattern should be a JSON object")
        fields = [
            _field(f"$.{name}", name, _array(f"$.{name}", conditions), names=(name,))
            for name, conditions in parsed.items()
            if name != "data"
        ]
        if "data" in parsed:
            fields += _data_fields(parsed["data"])
        return cls(text or dump(parsed), tuple(fields))

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event satisfies every field; never raises."""
        for name, test in self._attributes:
            if not test(event.get(name, ABSENT)):
                return False
        if not self._data and not self._special:
            return True
        data = event.get("data", ABSENT)
        if data is ABSENT:
            return False
        for names, test in self._data:
            node: Any = data
            for name in names:
                if not isinstance(node, dict):
                    node = ABSENT
                    break
                node = node.get(name, ABSENT)
            if not test(node):
                return False
        if not self._special:
            return True
        return all(field.test(field.read(event)) for field in self._special)

    def explain(self, event: Mapping[str, Any]) -> Mismatch | None:
        """Return the first field, in the pattern's order, that differs; None if all match."""
        for field in self.fields:
            if field.is_data and "data" not in event:
                return Mismatch("$.data", "data to compare", repr(ABSENT))
            value = field.read(event)
            if not field.test(value):
                wanted = " or ".join(condition.describe() for condition in field.conditions)
                return Mismatch(field.path, wanted, _shown(value))
        return None


def _shown(value: Any) -> str:
    if value is ABSENT:
        return repr(ABSENT)
    try:
        text = dump(value)
    except RecursionError:
        return "JSON that is nested too deeply to show"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _array(path: str, conditions: Any) -> list[Any]:
    """Return the conditions if they are an array that is not empty."""
    if not isinstance(conditions, list) or not conditions:
        shown = "an object" if isinstance(conditions, dict) else _unquoted(conditions)
        raise InvalidPatternError(path, f"the pattern has invalid pattern value: {shown}")
    return conditions


def _unquoted(value: Any) -> str:
    return value if isinstance(value, str) else dump(value)


def _data_fields(data: Any) -> list[Field]:
    """Read the nested part in the engine's order, which decides which mistake is reported."""
    if not isinstance(data, dict):
        raise InvalidPatternError("$.data", "the data pattern doesn't have any pattern key")
    found: list[tuple[_Places, Field]] = []
    stack: list[tuple[str, tuple[str, ...], _Places, dict[str, Any]]] = [("$.data", (), (), data)]
    while stack:
        path, names, places, node = stack.pop()
        for place, (name, value) in enumerate(node.items()):
            here = f"{path}.{name}"
            if isinstance(value, dict):
                stack.append((here, (*names, name), (*places, place), value))
                continue
            field = _field(here, name, _array(here, value), names=(*names, name), is_data=True)
            found.append(((*places, place), field))
        if not node:
            raise InvalidPatternError(path, "the data pattern doesn't have any pattern key")
    return [field for _, field in sorted(found, key=lambda entry: entry[0])]


def _field(
    path: str,
    name: str,
    conditions: list[Any],
    *,
    names: tuple[str, ...],
    is_data: bool = False,
) -> Field:
    operators: list[Operator] = []
    for place, condition in enumerate(conditions):
        if isinstance(condition, list):
            raise InvalidPatternError(
                f"{path}[{place}]", f"nested pattern value isn't supported, pattern key: {name}"
            )
        if not isinstance(condition, dict):
            operators.append(Exact.parse(condition))
            continue
        try:
            operators.append(parse_condition(condition))
        except InvalidOperandError as error:
            where = "".join(f".{key}" for key in condition if len(condition) == 1)
            raise InvalidPatternError(f"{path}[{place}]{where}", str(error)) from None
    special = None
    if is_data:
        names, special = _data_path(path, names)
    elif name not in ATTRIBUTES:
        raise InvalidPatternError(path, f"the pattern has unrecognized pattern key: {name}")
    return Field(path, is_data, names, special, tuple(operators))


def _data_path(path: str, names: tuple[str, ...]) -> tuple[tuple[str, ...], JsonPath | None]:
    """Read the keys as the engine does: joined with dots they are a JSONPath into the data."""
    try:
        compiled = JsonPath.compile("$." + ".".join(names))
    except UnsupportedFunctionError:
        compiled = None
    if compiled is None:
        raise InvalidPatternError(
            path,
            "the pattern key is not a definite JSONPath, write a key with a blank, a bracket or a "
            "wildcard as ['the key']",
        )
    plain = compiled.names
    return (plain, None) if plain is not None else ((), compiled)
