"""What a change does to the stacks' settings and to the catalogue of roles, in words.

Two revisions' files are compared as text that was read, not run: no engine, no key, and no code of
the change takes part. What has no words of its own is shown by its path, so nothing is left out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ops.markdown import code, plain
from ops.review.plan import SECRET, shown

SETTINGS = "settings"
"""The key of a stack file, behind the project's name, that holds the settings."""
_ABSENT = object()

_OF_SETTINGS = {
    r"roles\.([^.]+)": "role {} is provisioned on",
    r"instances\.([^.]+)\.ids": "group {}: instances",
    r"instances\.([^.]+)\.tags\.(.+)": "group {}: instances with tag {}",
    r"command\.timeout_seconds": "seconds until a run is ended",
    r"command\.max_parallel_requests": "requests that are started at the same time",
    r"sources\.(.+)\.token_required": "source {} asks for a secret",
    r"onboarding\.token_required": "onboarding asks for a secret",
    r"sources\.(.+)\.allowed_ips": "source {}: addresses that may post",
    r"onboarding\.allowed_ips": "onboarding: addresses that may post",
    r"sources\.(.+)\.chat": "source {}: chat that hears of its requests",
    r"chats\.([^.]+)\.(.+)": "chat {}: {}",
    r"default_chat": "chat that hears of runs by hand",
    r"onboarding\.endpoint": "address that onboarding calls",
    r"stale_after_seconds": "seconds after which a request is too old",
    r"roles_file": "file of the catalogue",
    r"bus\.protect": "the bus is protected against deletion",
}
"""Path of a setting -> what it is, in words."""
_OF_CATALOGUE = {
    r"user_name\.prefix": "account names begin with",
    r"home": "what happens to the home of a locked account",
    r"everyone\.(.+)": "every role: {}",
    r"roles\.([^.]+)\.expires_days": "role {}: days after which an account expires",
    r"roles\.([^.]+)\.(.+)": "role {}: {}",
}


class Unreadable(ValueError):
    """A file is not a YAML mapping."""


def read(text: str, name: str) -> Mapping[str, Any]:
    """Read a YAML file.

    Raises:
        Unreadable: if it holds no mapping.
    """
    try:
        value = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        raise Unreadable(f"{name} is not YAML") from None
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is not a mapping")
    return value


def stack_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Say what changes in a stack file: its settings in words, every other key by its name."""
    old, new = (_stack(file) for file in (before, after))
    yield from _changes(old, new, _OF_SETTINGS, _groups(before) | _groups(after))


def catalogue_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], role: str | None = None
) -> Iterator[str]:
    """Say what changes in the catalogue for one role, or for all of them."""
    old, new = before, after
    if role is not None:
        old, new = (
            {"roles": {name: given for name, given in _roles(c).items() if name == role}}
            for c in (before, after)
        )
    else:
        old, new = ({k: v for k, v in c.items() if k != "roles"} for c in (before, after))
    yield from _changes(old, new, _OF_CATALOGUE)


def settings_of(stack_file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of a stack file."""
    for key, value in _mapping(stack_file.get("config")).items():
        if str(key).rpartition(":")[2] == SETTINGS:
            return _mapping(value)
    return {}


def roles_of(stack_file: Mapping[str, Any]) -> dict[str, str]:
    """Return the roles of a stack, each with the instances on which it is provisioned."""
    settings = settings_of(stack_file)
    groups = _groups(stack_file)
    return {
        str(role): _group(str(group), groups)
        for role, group in _mapping(settings.get("roles")).items()
    }


def _stack(file: Mapping[str, Any]) -> dict[str, Any]:
    config = {
        str(key): value
        for key, value in _mapping(file.get("config")).items()
        if str(key).rpartition(":")[2] != SETTINGS
    }
    others = {str(key): value for key, value in file.items() if key != "config"}
    return {**_mapping(settings_of(file)), **config, **others}


def _roles(catalogue: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(catalogue.get("roles"))


def _groups(stack_file: Mapping[str, Any]) -> dict[str, str]:
    """Return what each group of instances is."""
    groups = {}
    for name, group in _mapping(settings_of(stack_file).get("instances")).items():
        ids = _mapping(group).get("ids")
        tags = _mapping(_mapping(group).get("tags"))
        members = [str(one) for one in ids] if isinstance(ids, list) else []
        members += [f"{key}={value}" for key, value in tags.items()]
        groups[str(name)] = ", ".join(members)
    return groups


def _group(name: str, groups: Mapping[str, str]) -> str:
    return code(name) + (f" ({plain(groups[name])})" if groups.get(name) else "")


def _changes(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    phrases: Mapping[str, str],
    groups: Mapping[str, str] | None = None,
) -> Iterator[str]:
    old, new = dict(_leaves(before)), dict(_leaves(after))
    for path in sorted({*old, *new}):
        was, now = old.get(path, _ABSENT), new.get(path, _ABSENT)
        if was == now and type(was) is type(now):
            continue
        named = groups if re.fullmatch(r"roles\.[^.]+", path) else None
        yield f"{_phrase(path, phrases)}: {_difference(path, was, now, named or {})}"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and not _encrypted(value):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value


def _phrase(path: str, phrases: Mapping[str, str]) -> str:
    for pattern, phrase in phrases.items():
        if match := re.fullmatch(pattern, path):
            return phrase.format(*(code(part) for part in match.groups()))
    return code(path)


def _difference(path: str, was: Any, now: Any, groups: Mapping[str, str]) -> str:
    if isinstance(was, list) or isinstance(now, list):
        old, new = (
            [_text(path, item) for item in value] if isinstance(value, list) else []
            for value in (was, now)
        )
        parts = [
            (word, [item for item in items if item not in others])
            for word, items, others in (("now also", new, old), ("no longer", old, new))
        ]
        shown = [f"{word} {', '.join(map(code, items))}" for word, items in parts if items]
        return "; ".join(shown) or "in another order"
    texts = [_text(path, value) for value in (was, now)]
    if was is not _ABSENT and now is not _ABSENT and (_encrypted(was) or _encrypted(now)):
        ways = ["encrypted" if _encrypted(value) else "**in plain text**" for value in (was, now)]
        return "the secret is another one" if ways[0] == ways[1] else " → ".join(ways)
    before, after = (_group(text, groups) if groups else code(text) for text in texts)
    if was is _ABSENT:
        return f"{after} (was not set)"
    return f"{before} → {after}" if now is not _ABSENT else f"no longer set (was {before})"


def _text(path: str, value: Any) -> str:
    if value is _ABSENT:
        return "not set"
    if _encrypted(value):
        return SECRET
    name = path.rpartition(":")[2].rpartition(".")[2]
    masked = shown(name, value)
    return masked if isinstance(masked, str) else json.dumps(masked, ensure_ascii=False)


def _encrypted(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
