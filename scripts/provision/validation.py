"""Says in plain words what a model of pydantic refuses, without the value, which may be secret."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]

_FIXED = {
    "missing": "missing",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list, as in [a, b]",
    "tuple_type": "must be a list, as in [a, b]",
    "dict_type": "must hold 'name: value' lines",
    "model_type": "must hold 'name: value' lines",
    "model_attributes_type": "must hold 'name: value' lines",
}
_WITH_LIMIT = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "is not accepted; accepted: {expected}",
    "enum": "is not accepted; accepted: {expected}",
}


class Mistake(NamedTuple):
    """One value that a model does not accept."""

    path: Path
    reason: str
    kind: str
    """What pydantic calls it; ``extra_forbidden`` and ``missing`` have remedies of their own."""
    is_name: bool = False
    """Whether it is the name itself, not what stands below it."""
    near: str = ""
    """The key that was probably meant."""


def mistakes(
    error: ValidationError, model: type[BaseModel], forms: Mapping[str, str]
) -> Iterator[Mistake]:
    """Yield everything that is wrong; ``forms`` says in words what a pattern accepts."""
    for detail in error.errors(include_url=False, include_input=False):
        # Steps in brackets are not the user's: "[key]", or which kind of value was tried.
        path = tuple(s for s in detail["loc"] if not (isinstance(s, str) and s.startswith("[")))
        context, kind = detail.get("ctx", {}), detail["type"]
        near = ""
        if kind == "extra_forbidden":
            known = sorted(_model_at(model, path[:-1]).model_fields)
            near = next(iter(difflib.get_close_matches(str(path[-1]), known, n=1)), "")
            meant = f"did you mean '{near}'?" if near else f"accepted here: {', '.join(known)}"
            reason = f"unknown key; {meant}"
        elif kind == "string_pattern_mismatch":
            pattern = str(context["pattern"])
            reason = f"must be {forms.get(pattern, f'text that matches {pattern}')}"
        elif kind in _WITH_LIMIT:
            reason = _WITH_LIMIT[kind].format(**context)
        else:
            reason = _FIXED.get(kind) or _sentence(detail["msg"])
        yield Mistake(path, reason, kind, "[key]" in detail["loc"], near)


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as people read it: ``roles.dba.sudo[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ").removeprefix("Input ")
    # An abbreviation stays one.
    first = text[:1] if text[1:2].isupper() else text[:1].lower()
    return first + text[1:].rstrip(".")


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """Return the model that stands at a path."""
    here: Any = model
    for step in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            here = here.model_fields[str(step)].annotation
        elif get_origin(here) in {dict, tuple, list}:
            arguments = get_args(here)
            here = arguments[-1] if get_origin(here) is dict else arguments[0]
        here = _model_in(here)
    found: type[BaseModel] = here
    return found


def _model_in(annotation: Any) -> Any:
    """Return the model behind ``X | None`` and ``Annotated[X, ...]``, else what was given."""
    if get_origin(annotation) is Annotated:
        return _model_in(get_args(annotation)[0])
    if get_origin(annotation) in {UnionType, Union}:
        inner = [_model_in(one) for one in get_args(annotation)]
        models = [one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)]
        return models[0] if models else inner[0]
    return annotation
