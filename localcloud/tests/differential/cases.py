"""Random patterns, transforms and events: small alphabets, so that many of them meet."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from localcloud.eventbridge.matching.json_text import Number, dump

_NUMBERS = (
    *("0", "-0", "1", "2", "-1", "7", "7.0", "100", "300", "300.0", "3.0e2", "3E2", "3e+2", "0.5"),
    *("1.5", "1.50", "-1.5", "0.1", "1e-7", "1E-10", "0.30000000000000004", "0.001", "0.00099"),
    *("1.00000001", "1.0000001", "1.000001", "10000000.0", "12345678.9", "1e7", "1e16", "1e30"),
    *("2147483647", "2147483648", "-2147483648", "-2147483649", "1767225600000", "1.7672256E12"),
    *("9223372036854775807", "9223372036854775808", "12345678901234567890123", "1e400", "-1E400"),
    *(
        "-0.0",
        "0e0",
        "-0e5",
        "0.00",
        "1e2147483647",
        "1e2147483648",
    ),
    *("1000000000", "1000000001", "-1.0e9", "1.0E10", "0.1000000000000000055511151231257827"),
)
_LIMITS = (
    "0",
    "1",
    "2",
    "7",
    "100",
    "300",
    "300.0",
    "0.5",
    "-1.5",
    "1.0000001",
    "1e-7",
    "1000000000",
)
_STRINGS = (
    *(
        "",
        "a",
        "ab",
        "b",
        "ba",
        "abc",
        "A",
        "null",
        "true",
        "false",
        "300",
        "300.0",
        "7",
        "é",
        "中国",
    ),
    *(
        "acs.ecs",
        "acs.oss",
        "acs.",
        "dingtalk.approval",
        "a b",
        'q"q',
        "\\",
        "a\nb",
        "\u2028",
        "\x7f",
    ),
    *("10.0.0.1", "10.0.0.0", "10.0.0.255", "10.0.1.1", "192.168.0.1", "10.1", "10.0.0.1234"),
    *("fe80::1%1", "fe80::1%eth0", "::1%0", "::1%lo", "fe80::1%", "10.0.0.1%1", "[fe80::1%1]"),
    *("::1", "::ffff:10.0.0.1", "fe80::1", "010.0.0.1", "10.0.0", "1", "127.0.0.1", " 10.0.0.1"),
    *("${a}", "${b}", "$${a}", "${c:-d}", "$", "{", "}", "x${a", "${", "$.data.a", "😀"),
)
_BLOCKS = (
    *("10.0.0.0/24", "10.0.0.0/8", "10.0.0.1/32", "10.0.0.0/31", "10.0.0.0/30", "0.0.0.0/0"),
    *("fe80::1", "fe80::1%2", "fe80::1%eth0", "fe80::1%lo", "::1%lo", "::1%1", "[fe80::1%1]"),
    *("10.0.0.1", "::1", "10.1", "127.0.0.1", "fe80::1%1", "[::1]", "::ffff:10.0.0.1", "010.0.0.1"),
)
_BAD_BLOCKS = (
    *(
        "10.0.0.0/33",
        "10.0.0/24",
        "300.0.0.0/8",
        "::/0",
        "10.0.0.0/",
        "/",
        "10.0.0.0/024",
        "fefe",
        "",
    ),
    *(
        "10.0.0.1 ",
        "1.2.3.4.5",
        "256.1.1.1",
        "1..2",
        "[",
        "[]",
        "localhost",
        "10.0.0.0/2 4",
        ":",
        "%1",
    ),
)
_KEYS = ("a", "b", "c", "a-b", "Content-Type", "中")
_ODD_KEYS = (
    "a.b",
    "a b",
    "",
    "a[0]",
    "*",
    "a.",
    "['a']",
    "['a b']",
    "length()",
    ".a",
    "a..b",
    "..a",
    "a..",
    "c[0:1]",
    "c[0,1]",
    "c[:1]",
    "c[-1:]",
    "a['b','c']",
    "a[*]",
    "[0]",
)
_ATTRIBUTES = (
    *("source", "type", "id", "subject", "time", "specversion", "datacontenttype", "dataschema"),
    *("aliyuneventbusname", "aliyunregionid", "aliyunaccountid", "aliyunpublishtime"),
)
_OPERATORS = ("prefix", "suffix", "anything-but", "numeric", "cidr", "exists")
_STRANGE_OPERATORS = ("wildcard", "equals-ignore-case", "PREFIX", "", "$or", "anything-but-prefix")
_PATHS = (
    *("$.a", "$.data.a", "$.data.b", "$.data.a.b", "$.data", "$", "$.data.a[0]", "$.data.a[-1]"),
    *(
        "$.data.a[5]",
        "$.data['a']",
        '$.data["a"]',
        "$.data['a','b']",
        "$['data']['a'].b",
        "$.data.",
    ),
    *(
        "$.data.a[0].b",
        "$.data.a[ 0 ]",
        "$.data.a[0,1]",
        "$.data.a[0:1]",
        "$.data.*",
        "$..a",
        "$.data.a ",
    ),
    *(
        "$.data['a b']",
        "$.data['a'",
        "$.data.a[",
        "$.data.a]",
        "$.data.a[0]x",
        "$.data.a[0]xy",
        "$a",
    ),
    *(
        "$.data.a[x]",
        "$.data.a[]",
        "$.data.a b",
        "$.data.中",
        "$.data.a-b",
        "$.data[?(@.a==1)]",
        "$$",
        "$[",
    ),
    *(
        "$.data.a[99999999999]",
        "$.data['\\u0061']",
        "$.data['a\\'b']",
        "$.data[*].a",
        "a.b",
        "data.a",
        "@.data.a",
    ),
    *(
        "$.id",
        "$.source",
        "$.time",
        "$.data.a[0][1]",
        "$.data.a[- 1]",
        "$.data.a[1 ]",
        " $.a",
        "$. a",
        "$..",
    ),
)
_TEMPLATES = (
    *(
        "${a}",
        "x${a}y${b}z",
        '{"a":"${a}","b":${b}}',
        "${c}",
        "$${a}",
        "$$${a}",
        "$$$${a}",
        "${a",
        "a}",
    ),
    *(
        "${a:-b}",
        "${c:-d}",
        "${c:-${a}}",
        "${ a}",
        "${}",
        "${a}${b}",
        "$${a}${b}",
        "${a}$${b}",
        "$",
        "{}",
    ),
    *(
        "${${a}}",
        "${a ${b}",
        "${a ${b}}",
        "${c:-}",
        "${:-x}",
        "${c:-a:-b}",
        "${a}$",
        "$ {a}",
        "${b}{a}",
    ),
    *("The ${a} = ${b}!", "", "${a}${a}${a}", "${x${a:-q}", "中${a}国"),
)


@dataclass(frozen=True)
class Case:
    """One request to both sides."""

    kind: str
    pattern: str = ""
    form: str = ""
    value: str | None = None
    template: str | None = None
    event: str = "{}"


class Cases:
    """An endless supply from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def matches(self, events_per_pattern: int) -> list[Case]:
        """Return a pattern with several events, most of them built to resemble it."""
        pattern = self.pattern()
        text = dump(pattern)
        if self._chance(0.01):
            text = self._damaged(text)
        return [
            Case("match", pattern=text, event=dump(self._event_for(pattern)))
            for _ in range(events_per_pattern)
        ]

    def transform(self) -> Case:
        """Return a transform with an event."""
        form = self._random.choice(("JSONPATH", "TEMPLATE", "TEMPLATE", "CONSTANT", "ORIGINAL"))
        value, template = None, None
        if form == "JSONPATH":
            value = self._path()
        if form == "CONSTANT":
            value = self._random.choice(_STRINGS)
        if form == "TEMPLATE":
            names = self._random.sample(("a", "b", "c", "x", ""), self._random.randint(0, 4))
            value = dump({name: self._variable() for name in names})
            if self._chance(0.02):
                value = self._damaged(value)
            template = self._random.choice(_TEMPLATES)
            if self._chance(0.3):
                template += self._random.choice(_TEMPLATES)
        return Case(
            "transform", form=form, value=value, template=template, event=dump(self.event())
        )

    def pattern(self) -> Any:
        """Return a pattern, in about one case of five an invalid one."""
        out: dict[str, Any] = {}
        for name in self._random.sample(_ATTRIBUTES, self._random.choice((0, 1, 1, 2))):
            out[name] = self._conditions()
        if self._chance(0.7):
            out["data"] = self._data_pattern(0)
        if self._chance(0.02):
            out[self._random.choice(("detail", "Source", "x", "aliyun"))] = self._conditions()
        if self._chance(0.02):
            out[self._random.choice((*_ATTRIBUTES, "data"))] = self._anything(1)
        items = list(out.items())
        self._random.shuffle(items)
        return self._anything(1) if self._chance(0.003) else dict(items)

    def event(self) -> dict[str, Any]:
        """Return an event."""
        out = {name: self._scalar_or_list() for name in _ATTRIBUTES if self._chance(0.4)}
        if self._chance(0.95):
            out["data"] = self._object(0) if self._chance(0.97) else self._anything(1)
        return out

    def _event_for(self, pattern: Any) -> dict[str, Any]:
        event = self.event()
        if not isinstance(pattern, dict):
            return event
        for name, conditions in pattern.items():
            if name != "data":
                if self._chance(0.8):
                    event[name] = self._value_for(conditions)
            elif self._chance(0.97):
                event["data"] = self._data_for(conditions)
        return event

    def _data_for(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return self._value_for(node)
        out = {} if self._chance(0.5) else self._object(2)
        for name, inner in node.items():
            if self._chance(0.93):
                out[name] = self._data_for(inner) if self._chance(0.97) else self._anything(1)
        return out

    def _value_for(self, conditions: Any) -> Any:
        if not isinstance(conditions, list) or not conditions or self._chance(0.15):
            return self._scalar_or_list()
        value = self._value_of(self._random.choice(conditions))
        if self._chance(0.1):
            return [value, self._scalar()] if self._chance(0.5) else [self._scalar(), value]
        return value

    def _value_of(self, condition: Any) -> Any:
        if not isinstance(condition, dict) or len(condition) != 1:
            return condition
        ((name, operand),) = condition.items()
        pick = self._random.choice
        if name == "prefix" and isinstance(operand, str):
            return operand + pick(_STRINGS)
        if name == "suffix" and isinstance(operand, str):
            return pick(_STRINGS) + operand
        if name == "anything-but":
            values = operand if isinstance(operand, list) else [operand]
            return self._value_of(pick(values)) if values and self._chance(0.6) else self._scalar()
        if name == "numeric" and isinstance(operand, list) and operand:
            limits = [value for value in operand if isinstance(value, float)]
            return pick(limits) if limits and self._chance(0.5) else Number(pick(_NUMBERS))
        return self._scalar()

    def _data_pattern(self, depth: int) -> Any:
        out: dict[str, Any] = {}
        for name in self._random.sample(_KEYS, self._random.choice((1, 1, 2, 3))):
            key = name if self._chance(0.985) else self._random.choice(_ODD_KEYS)
            nested = depth < 2 and self._chance(0.25)
            out[key] = self._data_pattern(depth + 1) if nested else self._conditions()
        if self._chance(0.01):
            out[self._random.choice(_KEYS)] = self._anything(1)
        return {} if self._chance(0.005) else out

    def _conditions(self) -> list[Any]:
        count = self._random.choice((1, 1, 1, 2, 2, 3))
        return [] if self._chance(0.005) else [self._condition() for _ in range(count)]

    def _condition(self) -> Any:
        if self._chance(0.4):
            return self._scalar()
        if self._chance(0.01):
            return self._anything(1)
        name = self._random.choice(_OPERATORS)
        if self._chance(0.01):
            name = self._random.choice(_STRANGE_OPERATORS)
        condition = {name: self._operand(name)}
        if self._chance(0.005):
            condition[self._random.choice(_OPERATORS)] = self._scalar()
        return condition

    def _operand(self, name: str) -> Any:
        if self._chance(0.03):
            return self._anything(1)
        pick = self._random.choice
        if name in {"prefix", "suffix"}:
            return pick(_STRINGS) or pick(_STRINGS)
        if name == "cidr":
            return pick(_BLOCKS if self._chance(0.95) else _BAD_BLOCKS)
        if name == "exists":
            return self._chance(0.5)
        if name == "numeric":
            pairs = self._random.choice((1, 1, 2, 2, 3)) if self._chance(0.1) else pick((1, 2))
            return [part for _ in range(pairs) for part in self._comparison()]
        if self._chance(0.3):
            name = (
                pick(("prefix", "suffix")) if self._chance(0.95) else pick(("cidr", "exists", "x"))
            )
            return {name: pick(_STRINGS) or "a"}
        return (
            [self._scalar() for _ in range(pick((0, 1, 2, 3)))]
            if self._chance(0.5)
            else self._scalar()
        )

    def _comparison(self) -> tuple[Any, Any]:
        operator: Any = self._random.choice(("=", "!=", ">", ">=", "<", "<="))
        if self._chance(0.01):
            operator = self._random.choice(("==", "", "<>", True, None))
        limit: Any = Number(self._random.choice(_NUMBERS if self._chance(0.1) else _LIMITS))
        return operator, self._scalar() if self._chance(0.01) else limit

    def _variable(self) -> Any:
        if self._chance(0.02):
            return self._anything(1)
        return self._path() if self._chance(0.8) else self._scalar()

    def _path(self) -> str:
        return self._random.choice(_PATHS)

    def _scalar(self) -> Any:
        roll = self._random.random()
        if roll < 0.55:
            return self._random.choice(_STRINGS)
        if roll < 0.85:
            return Number(self._random.choice(_NUMBERS))
        return self._random.choice((True, False, None))

    def _scalar_or_list(self) -> Any:
        if self._chance(0.1):
            return [self._scalar() for _ in range(self._random.randint(0, 3))]
        return self._scalar()

    def _object(self, depth: int) -> dict[str, Any]:
        keys = (*_KEYS, "a b") if self._chance(0.1) else _KEYS
        return {name: self._anything(depth) for name in keys if self._chance(0.6)}

    def _anything(self, depth: int) -> Any:
        roll = self._random.random()
        if depth < 3 and roll < 0.15:
            return self._object(depth + 1)
        if depth < 3 and roll < 0.3:
            return [self._anything(depth + 1) for _ in range(self._random.randint(0, 3))]
        return self._scalar()

    def _damaged(self, text: str) -> str:
        at = self._random.randrange(len(text) + 1)
        return text[:at] + self._random.choice(("", "{", "}", '"', ",", "'", "x")) + text[at + 1 :]

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
