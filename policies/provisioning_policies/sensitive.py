"""Recognises values that must not lie about in plain text, by what they look like and are called.

It says what kind of secret a value looks like, never the value.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioning_policies.secretness import is_secret

_VALUES = {
    "a DingTalk webhook URL": r"/robot/send\?[^\s\"]*access_token=\S",
    "a Lark webhook URL": r"/open-apis/bot/v2/hook/[\w-]",
    "the webhook URL of an event source": r"/webhook/putEvents\?[^\s\"]*token=\S",
    "a DingTalk signing secret": r"\bSEC[0-9A-Za-z]{32,}\b",
    "an access key": r"\bLTAI[0-9A-Za-z]{8,}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an authorization header": r"\b(Bearer|Basic) +[\w.~+/=-]{8,}",
    "a URL with a password": r"\w://[^/\s:@\"]+:[^/\s@\"]+@",
    "a URL with a token": r"https?://[^\s\"]*[?&](access_?token|token|api_?key|sign|secret)=\S",
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _VALUES.items()}

_NAME = re.compile(
    r"secret|token|password|passwd|passphrase|credential|private_?key|access_?key|api_?key"
    r"|authorization",
    re.IGNORECASE,
)
# What such a name usually ends with when the value is about the secret and not the secret itself.
_ABOUT = re.compile(
    r"(_|-|(?<=[a-z])(?=[A-Z]))(name|arn|id|path|file|required|seconds|length|type|header|url"
    r"|endpoint|version|enabled)s?$",
    re.IGNORECASE,
)


def plain_secrets(name: str, value: Any) -> Iterator[str]:
    """Yield what a value looks like, for each part that is not kept secret by Pulumi.

    A text that holds JSON is looked into.
    """
    if is_secret(value):
        return
    if isinstance(value, str):
        yield from _in_text(name, value)
    elif isinstance(value, Mapping):
        for key in value:
            yield from plain_secrets(str(key), value[key])
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
    if kind := look(text):
        yield kind
    elif text and _NAME.search(name) and not _ABOUT.search(name):
        yield f"something called {name}"


def look(text: str) -> str | None:
    """Say which kind of secret a text contains, or None."""
    for kind, pattern in _PATTERNS.items():
        if pattern.search(text):
            return kind
    return None
