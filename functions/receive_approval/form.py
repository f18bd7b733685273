"""Takes the fields of requests out of a form; pure.

Components are named by id or alias, never by their label, which anybody may change. A table gives a
request for each of its rows; what a row does not hold is taken from the rest of the form.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.receive_approval.approval import Component
from functions.receive_approval.settings import Definition

MOST_ROWS = 50
_LONGEST = 2000
_TABLES = {"TableField", "fieldList"}
_DATE = re.compile(r"(20\d\d-[01]\d-[0-3]\d)(?:[T ].*)?")
_NUMBER = re.compile(r"[1-9]\d{0,3}(?:\.0+)?")


def requests(form: Sequence[Component], definition: Definition) -> list[dict[str, str]]:
    """Return the fields of each request in a form, the same one once."""
    wanted = set(definition.fields.values())
    tables = [row for c in form if c.kind in _TABLES for row in _rows(c.value)]
    rows: list[Sequence[Component]] = [
        row for row in tables if any(_names(c) & wanted for c in row)
    ]
    found = [_fields([*row, *form], definition) for row in rows or [()]]
    return [fields for n, fields in enumerate(found) if fields not in found[:n]]


def component(given: Any) -> Component | None:
    """Return a component of DingTalk's or Lark's, in a row as well as in the form itself."""
    if not isinstance(given, dict):
        return None

    def first(*names: str) -> Any:
        return next((given[name] for name in names if given.get(name) is not None), None)

    return Component(
        id=_text(first("id", "key")),
        alias=_text(first("bizAlias", "custom_id")),
        kind=_text(first("componentType", "type")),
        value=given.get("value"),
        extra=first("extValue", "extendValue", "open_ids"),
    )


def _fields(components: Sequence[Component], definition: Definition) -> dict[str, str]:
    fields = {}
    for name, wanted in definition.fields.items():
        found = next((c for c in components if wanted in _names(c)), None)
        value = _said(found) if found else ""
        if value:
            fields[name] = _as(name, value)
    role = fields.get("role", "")
    if role in definition.role_names:
        fields["role"] = definition.role_names[role]
    return {**fields, **definition.constants}


def _as(name: str, value: str) -> str:
    if name != "expires":
        return value
    if date := _DATE.fullmatch(value):
        return date[1]
    return f"{value.partition('.')[0]}d" if _NUMBER.fullmatch(value) else value


def _said(one: Component) -> str:
    """Return what a component says: a person by id, a choice by its only option."""
    extra = _parsed(one.extra)
    if one.kind == "InnerContactField" and isinstance(extra, list):
        people = [p.get("emplId") for p in extra if isinstance(p, Mapping)]
        return _only(people)
    value = _parsed(one.value)
    if isinstance(value, list):
        return _only(value)
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.strip()[:_LONGEST]


def _only(values: Sequence[Any]) -> str:
    """Return the one text of a list; several stay a list, which no field of a request accepts."""
    texts = [v for v in values if isinstance(v, str)]
    if len(values) == 1 and texts:
        return texts[0].strip()[:_LONGEST]
    return json.dumps(values, ensure_ascii=False)[:_LONGEST] if values else ""


def _rows(value: Any) -> Iterator[list[Component]]:
    table = _parsed(value)
    for row in table if isinstance(table, list) else ():
        cells = row.get("rowValue") if isinstance(row, dict) else row
        if isinstance(cells, list):
            yield [c for c in map(component, cells) if c]


def _parsed(value: Any) -> Any:
    """Return what a value holds: lists may come as JSON in a text."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _names(one: Component) -> set[str]:
    return {one.id, one.alias} - {""}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
