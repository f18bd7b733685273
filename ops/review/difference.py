"""What differs between two states of a resource: a line for each key that changes.

A list, a JSON document in a text, or a function's archive counts as the keys that it holds. A text
of several lines, such as a script, is shown as the lines that differ, as ``diff -u`` has them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, unified_diff
from typing import Any

from ops.review.plan import UNKNOWN, Step, without_secrets

_PLAIN_KEY = re.compile(r"[\w-]+")
_LONGEST_VALUE = 300
_ABSENT = object()


def lines(step: Step) -> list[str]:
    """Return the lines of a step: ``! key: old → new``, ``+ key: new`` or ``- key: old``."""
    found = list(_between("", step.before, step.after))
    # What is masked on both sides looks the same; the engine knows that it is not.
    told = [path for path, _ in found]
    unseen = [path for path in step.paths if not any(_is_within(one, path) for one in told)]
    return [line for _, line in found] + [
        f"! {without_secrets(path)}: another value, which is not shown" for path in unseen
    ]


def _between(path: str, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and the line of each difference."""
    if before is _ABSENT or after is _ABSENT:
        sign, value = ("+", after) if before is _ABSENT else ("-", before)
        yield from ((one, f"{sign} {one}: {text}") for one, text in _leaves(path, value))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            values = (state.get(key, _ABSENT) for state in (before, after))
            yield from _between(_below(path, key), *values)
    elif _is_list(before) and _is_list(after):
        yield from _between_lists(path, before, after)
    elif before != after or type(before) is not type(after):
        yield path, _changed(path, before, after)


def _between_lists(
    path: str, before: Sequence[Any], after: Sequence[Any]
) -> Iterator[tuple[str, str]]:
    # Items that stay are found again wherever they are: one more at the front moves all.
    old_texts, new_texts = ([_json(item) for item in items] for items in (before, after))
    matcher = SequenceMatcher(None, old_texts, new_texts, autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "replace" and i_end - i == j_end - j:
            for old, new in zip(range(i, i_end), range(j, j_end), strict=True):
                yield from _between(f"{path}[{new}]", before[old], after[new])
        elif kind != "equal":
            for old in range(i, i_end):
                yield from _between(f"{path}[{old}]", before[old], _ABSENT)
            for new in range(j, j_end):
                yield from _between(f"{path}[{new}]", _ABSENT, after[new])


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from _leaves(_below(path, key), value[key])
    elif _is_list(value) and any(isinstance(item, Mapping) or _is_list(item) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(f"{path}[{number}]", item)
    else:
        yield path, _shown(value)


def _changed(path: str, before: Any, after: Any) -> str:
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        differing = list(unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm=""))
        return "\n".join([f"! {path}:", *differing[2:]])
    if after == UNKNOWN and not isinstance(before, str | int | float | bool):
        return f"! {path}: {UNKNOWN}"
    return f"! {path}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else _json(value)
    if "\n" in text:
        return "\n".join(["", *(f"    {line}" for line in text.splitlines())])
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _below(path: str, key: str) -> str:
    """Return the path of a key, in the form in which the engine writes it."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
