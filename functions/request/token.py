"""The secret that a sender shows in a header, besides the token in the webhook's URL."""

import hmac
from collections.abc import Mapping

from functions.cloud.errors import SettingError
from functions.request import environment
from functions.request.events import Event

HEADER = "x-provisioning-token"
MISSING = "no-token"
WRONG = "wrong-token"


def read(environ: Mapping[str, str]) -> dict[str, str]:
    """Read ``SOURCE_TOKENS``: source -> the secret that its senders must show.

    Raises:
        SettingError: if one of them is not a text: a slip must never open a source.
    """
    given = environment.json_object(environ, "SOURCE_TOKENS", "{}")
    tokens = {name: token for name, token in given.items() if isinstance(token, str) and token}
    if len(tokens) != len(given):
        raise SettingError("SOURCE_TOKENS", "each source's token must be a non-empty string")
    return tokens


def problem(event: Event, expected: str) -> str:
    """Return why a sender is not trusted, ``no-token`` or ``wrong-token``; empty if it is."""
    shown = _headers(event.get("headers"), HEADER)
    if not shown:
        return MISSING
    # All of them, in constant time: one right header beside a wrong one proves nothing.
    right = [hmac.compare_digest(_bytes(token), _bytes(expected)) for token in shown]
    return "" if all(right) else WRONG


def _headers(headers: object, name: str) -> list[str]:
    """Return a header's values whatever the case of its name; a value of another type is wrong."""
    if not isinstance(headers, dict):
        return []
    found = [v for k, v in headers.items() if k.lower() == name]
    return [value if isinstance(value, str) else "" for value in found]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
