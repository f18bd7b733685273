"""Writes the table of all settings that stands in ``stacks/README.md``.

.venv/bin/python -m stacks.reference
"""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stacks.settings import Settings


def table() -> str:
    """Return every setting with its path, its default and what it means."""
    return "\n".join(
        ["| setting | default | meaning |", "| --- | --- | --- |", *_rows(Settings, "")]
    )


def _rows(model: type[BaseModel], before: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner, step = _inner(field.annotation)
        meaning = (field.description or "").replace("|", "\\|").replace("<", "&lt;")
        yield f"| `{before}{name}` | {_default(field, inner)} | {meaning} |"
        if inner:
            yield from _rows(inner, f"{before}{name}.{step}")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """Return the model behind an annotation, and the step that stands for a key of one's own."""
    step = "<name>." if get_origin(annotation) is dict else ""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate, step
    return None, ""


def _default(field: FieldInfo, inner: type[BaseModel] | None) -> str:
    if field.is_required():
        return "**required**"
    if inner or field.default in (PydanticUndefined, (), None):
        return ""
    value = getattr(field.default, "value", field.default)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    print(table())
