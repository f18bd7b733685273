"""Writes the tables of arguments and outputs that stand in ``components/README.md``.

.venv/bin/python -m components.reference
"""

from collections.abc import Iterator
from typing import Any

from components.schema import document


def tables() -> str:
    """Return every component's arguments and outputs, as the schema has them."""
    schema = document()
    types = schema["types"]
    parts = []
    for token, component in schema["resources"].items():
        given = _rows(component["inputProperties"], component["requiredInputs"], types, "")
        made = _rows(component["properties"], (), types, "")
        parts += [f"### {_name(token)}", component["description"]]
        parts += ["\n".join([*_heading("argument"), *given])]
        parts += ["\n".join([*_heading("output"), *made])]
    return "\n\n".join(parts)


def _heading(what: str) -> tuple[str, str]:
    return f"| {what} | type | meaning |", "| --- | --- | --- |"


def _rows(
    properties: dict[str, Any], required: Any, types: dict[str, Any], before: str
) -> Iterator[str]:
    """Yield a row for each property, those that are required first."""
    for name in sorted(properties, key=lambda name: (name not in required, name)):
        found = properties[name]
        inner = found.get("items") or found.get("additionalProperties") or found
        step = "[]" if "items" in found else ""
        nested = types.get(inner.get("$ref", "").removeprefix("#/types/"), {})
        kind = _kind(found, types) + (", **required**" if name in required else "")
        if inner.get("plain") and "properties" not in nested:
            kind += ", plain"
        meaning = " ".join(found["description"].split()).replace("<", "&lt;")
        yield f"| `{before}{name}` | {kind} | {meaning} |"
        if "properties" in nested:
            yield from _rows(
                nested["properties"], nested.get("required", ()), types, f"{before}{name}{step}."
            )


def _kind(found: dict[str, Any], types: dict[str, Any]) -> str:
    if "items" in found:
        return f"list of {_kind(found['items'], types)}"
    if "additionalProperties" in found:
        return f"map of {_kind(found['additionalProperties'], types)}"
    if "$ref" in found:
        declared = types[found["$ref"].removeprefix("#/types/")]
        if "enum" in declared:
            return " or ".join(f"`{member['value']}`" for member in declared["enum"])
        return "object"
    return str(found["type"])


def _name(token: str) -> str:
    return token.rpartition(":")[2]


if __name__ == "__main__":
    print(tables())
