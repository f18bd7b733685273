"""Shows a rule which values are Pulumi secrets.

The engine tells a policy pack which values are secrets, and so does a program under mocks: both
wrap them in a marked object. The policy SDK for Python takes that mark off before a rule sees the
value. Without it a rule could only guess by names whether a signing secret in a function's
environment is encrypted in the state or lies there in plain text. So the pack unwraps the values
itself and keeps the mark: a secret text is a :class:`SecretText`, which is a ``str`` in all else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi_policy.policy

# How the engine marks special values (pulumi, sdk/go/common/resource/properties.go).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of a secret, not one


class SecretText(str):
    """A text that Pulumi keeps encrypted and does not show."""

    __slots__ = ()


def install() -> None:
    """Let the policy SDK hand marked values to rules; a remediation is given what it was before."""
    original = pulumi_policy.policy.deserialize_properties  # type: ignore[attr-defined]

    def replacement(properties: dict[str, Any], proxy_secrets: bool = False) -> Any:
        return original(properties, True) if proxy_secrets else deserialize(properties)

    pulumi_policy.policy.deserialize_properties = replacement  # type: ignore[attr-defined,assignment]


def deserialize(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties as they came over the wire, with each secret text as a SecretText."""
    return {key: _value(value, secret=False) for key, value in properties.items()}


def _value(value: Any, *, secret: bool) -> Any:
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return _value(value.get("value"), secret=True)
        return {key: _value(part, secret=secret) for key, part in value.items()}
    if isinstance(value, str):
        return SecretText(value) if secret else value
    if isinstance(value, Sequence):
        return [_value(part, secret=secret) for part in value]
    return value


def is_secret(value: object) -> bool:
    """Return whether Pulumi keeps this value secret."""
    return isinstance(value, SecretText)
