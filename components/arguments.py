"""Check the arguments of a component, so that a mistake is answered in one line.

The declaration of the arguments is the rule: a key that it does not have, one that is missing, a
value of another kind. What an output holds is known to Pulumi only; it is not looked at.
"""

import difflib
import inspect
from collections.abc import Awaitable, Iterable
from enum import Enum
from typing import Any, NotRequired, get_args, get_origin, is_typeddict

import pulumi

_KINDS: dict[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    bool: ((bool,), "true or false"),
    float: ((int, float), "a number"),
    list: ((list, tuple), "a list"),
    dict: ((dict,), "a mapping"),
}


class ArgumentError(pulumi.RunError, ValueError):
    """An argument of a component is invalid; the message is one line."""


def check(component: str, name: str, args: Any, declared: type) -> None:
    """Raise if the arguments are not what their TypedDict declares."""
    problem = _mapping(args, declared, "")
    if problem:
        raise ArgumentError(f"{component} '{name}': {problem}")


def nearest(given: str, accepted: Iterable[str]) -> str:
    """Return what is accepted, and which of it was probably meant."""
    names = sorted(accepted)
    near = difflib.get_close_matches(given, names, n=1)
    meant = f"did you mean '{near[0]}'? " if near else ""
    return f"{meant}accepted: {', '.join(names)}"


def _mapping(given: Any, declared: Any, path: str) -> str | None:
    if not isinstance(given, dict):
        return f"{_named(path)} must be a mapping, not {_kind_of(given)}"
    kinds = inspect.get_annotations(declared)
    for key in given:
        if key not in kinds:
            return f"there is no {_named(_below(path, key))}; {nearest(str(key), kinds)}"
    for key, kind in kinds.items():
        if key in given:
            problem = _value(given[key], kind, _below(path, key))
            if problem:
                return problem
        elif key in declared.__required_keys__:
            return f"{_named(_below(path, key))} is missing"
    return None


def _value(given: Any, kind: Any, path: str) -> str | None:
    if get_origin(kind) is NotRequired:
        (kind,) = get_args(kind)
    if get_args(kind) and any(get_origin(part) is Awaitable for part in get_args(kind)):
        if isinstance(given, pulumi.Output | Awaitable):
            return None
        kind = get_args(kind)[0]  # pulumi.Input: the plain type comes first
    if isinstance(given, pulumi.Output):
        return f"{_named(path)} must be known before anything is made, not an output"
    if is_typeddict(kind):
        return _mapping(given, kind, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        words = [str(member.value) for member in kind]
        return None if given in words else f"{_named(path)} is '{given}'; {nearest(given, words)}"
    types, wanted = _KINDS[get_origin(kind) or kind]
    if not isinstance(given, types) or (isinstance(given, bool) and bool not in types):
        return f"{_named(path)} must be {wanted}, not {_kind_of(given)}"
    return _inside(given, kind, path)


def _inside(given: Any, kind: Any, path: str) -> str | None:
    if isinstance(given, dict):
        parts = [(f'{path}["{key}"]', value) for key, value in given.items()]
    elif isinstance(given, list | tuple):
        parts = [(f"{path}[{number}]", value) for number, value in enumerate(given)]
    else:
        return None
    inner = get_args(kind)[-1]
    return next(filter(None, (_value(value, inner, place) for place, value in parts)), None)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _named(path: str) -> str:
    return f"argument '{path}'" if path else "what is given"


def _kind_of(given: Any) -> str:
    if given is None:
        return "None (leave it out instead)"
    kinds = (wanted for types, wanted in _KINDS.values() if type(given) in types)
    return next(kinds, type(given).__name__)
