"""Recognises values that must not lie about in plain text, by what they look like and are called.

It says what kind of secret a value looks like, never the value.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioning_policies.redaction import kind_of
from provisioning_policies.secretness import is_secret

_NAME = re.compile(
    r"secret|token|password|passwd|passphrase|pwd|credential|private_?key|access_?key|api_?key"
    r"|authorization|signing_?key|密码|密钥|口令",
    re.IGNORECASE,
)
# What a value is that is about the secret and not the secret itself: the end of its name -> how it
# then looks. Whatever looks otherwise is taken for the secret.
_WORD = r"[A-Za-z0-9]{1,20}"
_ABOUT = {
    "name|path|file|header|type|version|id": rf"[~.]?/?{_WORD}(?:[-_./: ]{{1,2}}{_WORD}){{0,7}}/?",
    "arn": r"acs:[\w-]+:[\w-]*:\d*:[\w./@-]+",
    "required|enabled": r"(?i)true|false|yes|no|0|1",
    "seconds|length|count|ttl": r"\d{1,9}",
    "url|uri|endpoint|host": r"(?:https://)?[\w.-]+(?::\d+)?(?:/[\w./-]*)?",
}
_ENDS = tuple(
    (
        re.compile(rf"(?:(?:_|-|\.)(?i:{names})|(?<=[a-z])(?i:{names}))s?$"),
        re.compile(shape),
    )
    for names, shape in _ABOUT.items()
)
_RANDOM = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{12,}")


def plain_secrets(name: str, value: Any) -> Iterator[str]:
    """Yield what a value looks like, for each part that is not kept secret by Pulumi.

    A text that holds JSON is looked into.
    """
    if is_secret(value):
        return
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield from _in_text(name, str(value).strip())
    elif isinstance(value, Mapping):
        for key in value:
            # In a table of secrets the names are those of their owners.
            inside = f"{name}.{key}" if _NAME.search(name) else str(key)
            yield from plain_secrets(inside, value[key])
    elif isinstance(value, Sequence):
        for part in value:
            yield from plain_secrets(name, part)


def _in_text(name: str, text: str) -> Iterator[str]:
    if text[:1] in {"{", "["}:
        try:
            yield from plain_secrets(name, json.loads(text))
        except ValueError:
            pass
        else:
            return
    if kind := kind_of(text):
        yield kind
    elif text and _NAME.search(name) and not _is_about(name, text):
        yield f"something called {name}"


def _is_about(name: str, text: str) -> bool:
    """Return whether a value that is called after a secret only says something about it."""
    shapes = [shape for ends, shape in _ENDS if ends.search(name)]
    return any(shape.fullmatch(text) for shape in shapes) and not _RANDOM.search(text)
