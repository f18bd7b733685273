"""Reads the targets of event rules: what they call, with what, and where failures go."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from provisioning_policies.documents import items
from provisioning_policies.rule import Resource

FUNCTION = "acs.fc.function"
DINGTALK = "acs.dingtalk"

# RFC 6761: these names never leave the machine, so plain HTTP to them is heard by nobody else.
_LOCAL = re.compile(r"(^|\.)(localhost|invalid|test)$|^127\.|^\[?::1\]?$")


def targets_of(rule: Resource) -> Iterator[Mapping[str, Any]]:
    """Give the targets of a rule."""
    for target in items(rule.props.get("targets")):
        if isinstance(target, Mapping):
            yield target


def parameters_of(target: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give what a target is given."""
    for parameter in items(target.get("paramLists")):
        if isinstance(parameter, Mapping):
            yield parameter


def label(target: Mapping[str, Any]) -> str:
    """Name a target in a message; its endpoint may be a secret."""
    return f"target '{target.get('targetId', '?')}' ({target.get('type', '?')})"


def function_name(target: Mapping[str, Any]) -> str | None:
    """Give the function that a target calls, or None if it calls none."""
    if target.get("type") != FUNCTION:
        return None
    if match := re.search(r"functions/([^/]+)$", str(target.get("endpoint", ""))):
        return match[1]
    for parameter in parameters_of(target):
        if parameter.get("resourceKey") == "functionName":
            return str(parameter.get("value"))
    return None


def queue_name(arn: Any) -> str | None:
    """Give the queue that an ARN of the message service names, or None if it names another thing.

    The ARN is written with and without a slash before ``queues``.
    """
    match = re.fullmatch(r"acs:mns:[^:]*:[^:]*:/?queues/([^/]+)", str(arn))
    return match[1] if match else None


def leaves_in_plain(url: Any) -> bool:
    """Tell whether a URL is plain HTTP to something outside this machine."""
    parts = urlsplit(str(url))
    return parts.scheme.lower() == "http" and not _LOCAL.search(parts.hostname or "")
