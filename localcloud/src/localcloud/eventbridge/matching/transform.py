"""Transforms: what a rule's target gets of an event, by the four documented forms.

- ORIGINAL: the whole event as JSON.
- CONSTANT: the configured text.
- JSONPATH: the value at a path. A string comes as it is, any other scalar as its JSON text, an
  object or array as compact JSON (null members of objects are dropped), null as `null`, and a
  missing value as nothing at all: None, which is not the empty text.
- TEMPLATE: `value` is a JSON object that names variables by paths, `template` a text with
  `${variable}` in it. A variable whose path leads nowhere stays in the text as it stands there.
  What does not read as a definite path is a constant.

Substitution is into text, nothing is quoted: a value with a quotation mark in it breaks a JSON
template, and a value with `${other}` in it is substituted again. The engine does so; hence anything
untrusted goes on as ORIGINAL.

Source: "EventBridge: Event transformation" and the open-source engine (see localcloud/README.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.eventbridge.matching.json_path import ABSENT, JsonPath, UnsupportedFunctionError
from localcloud.eventbridge.matching.json_text import canonical, dump, parse, scalar_text
from localcloud.eventbridge.matching.substitution import SubstitutionError, substitute

FORMS = ("ORIGINAL", "CONSTANT", "JSONPATH", "TEMPLATE")
_EMBED_KEY = "EB_SYS_EMBED_OBJECT"


class InvalidTransformError(ValueError):
    """A form, value or template that the engine rejects when the rule is created."""

    def __init__(self, shown: str, reason: str) -> None:
        super().__init__(shown, reason)
        self.shown = shown
        self.reason = reason

    @property
    def message(self) -> str:
        """The engine's message, as the API answers it."""
        return f"The config is invalid. which is [{self.shown}]."

    def __str__(self) -> str:
        return f"{self.message} {self.reason}"


class TransformError(ValueError):
    """A transform that fails on this event."""


class _Form(Protocol):
    def apply(self, event: Mapping[str, Any]) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Transform:
    """A compiled transform; make one with `Transform.compile`."""

    form: str
    _how: _Form

    @staticmethod
    def compile(form: str, value: str | None = None, template: str | None = None) -> Transform:
        """Compile a target's parameter; raises InvalidTransform with the engine's reason."""
        if form == "ORIGINAL":
            return Transform(form, _Original())
        if form not in FORMS:
            raise InvalidTransformError(form, f"form must be one of {', '.join(FORMS)}")
        if not value:
            raise InvalidTransformError(str(value), f"{form} needs a value")
        if form == "CONSTANT":
            return Transform(form, _Constant(value))
        if form == "JSONPATH":
            path = _path(value, shown=value)
            if path is None:
                raise InvalidTransformError(
                    value, "the value is no JSONPath that leads to one value"
                )
            return Transform(form, _Value(path))
        return Transform(form, _template(value, template))

    def apply(self, event: Mapping[str, Any]) -> str | None:
        """Return the text for the target, or None if there is nothing to send.

        Raises TransformError where the engine fails on the event too.
        """
        try:
            return self._how.apply(event)
        except SubstitutionError as error:
            raise TransformError(str(error)) from None
        except RecursionError:
            raise TransformError("the event is nested too deeply") from None


@dataclass(frozen=True, slots=True)
class _Original:
    def apply(self, event: Mapping[str, Any]) -> str | None:
        return dump(event)


@dataclass(frozen=True, slots=True)
class _Constant:
    text: str

    def apply(self, event: Mapping[str, Any]) -> str | None:  # noqa: ARG002 - ignored by design
        return self.text


@dataclass(frozen=True, slots=True)
class _Value:
    path: JsonPath

    def apply(self, event: Mapping[str, Any]) -> str | None:
        value = self.path.read(event)
        if value is ABSENT:
            return None
        if isinstance(value, (Mapping, list)):
            return dump(value, keep_nulls=False)
        if isinstance(value, float) and not self.path.from_array:
            value = canonical(value)
        return scalar_text(value)


@dataclass(frozen=True, slots=True)
class _Template:
    variables: tuple[tuple[str, _Form], ...]
    template: str

    def apply(self, event: Mapping[str, Any]) -> str | None:
        values: dict[str, str] = {}
        for name, form in self.variables:
            text = form.apply(event)
            if text is not None:
                values[name] = text
        return substitute(self.template, values)


def _template(value: str, template: str | None) -> _Template:
    if template is None:
        raise InvalidTransformError(value, "TEMPLATE needs a template")
    if _EMBED_KEY in template:
        raise InvalidTransformError(value, f"{_EMBED_KEY} in a template is not supported here")
    try:
        parsed = parse(value)
    except ValueError:
        raise InvalidTransformError(value, "the value is not JSON") from None
    if not isinstance(parsed, dict):
        raise InvalidTransformError(value, "the value is not a JSON object")
    variables: list[tuple[str, _Form]] = []
    for name, text in parsed.items():
        if text is None or isinstance(text, (dict, list)):
            raise InvalidTransformError(value, f"the variable {name} is not a text, number or bool")
        constant = scalar_text(text)
        path = _path(constant, shown=value)
        variables.append((name, _Constant(constant) if path is None else _Value(path)))
    return _Template(tuple(variables), template)


def _path(text: str, *, shown: str) -> JsonPath | None:
    try:
        return JsonPath.compile(text)
    except UnsupportedFunctionError:
        raise InvalidTransformError(
            shown, f"functions in a JSONPath are not supported: {text}"
        ) from None
