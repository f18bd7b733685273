"""Reads the targets of event rules: what they call, with what, and where failures go."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from provisioning_policies.documents import items
from provisioning_policies.rule import Resource

FUNCTION = "acs.fc.function"
DINGTALK = "acs.dingtalk"

# RFC 6761: these names never leave the machine, so plain HTTP to them is heard by nobody else.
_LOCAL_NAMES = re.compile(r"(.+\.)?(localhost|invalid|test)\.?")
# Schemes whose traffic everybody on the way can read and change.
_PLAIN_URL = re.compile(r"(?i)\b(?:http|ws|ftp|tftp|telnet|ldap|smtp)://[^\s\"'<>|;)`]*")


def targets_of(rule: Resource) -> Iterator[Mapping[str, Any]]:
    """Yield the targets of a rule."""
    for target in items(rule.props.get("targets")):
        if isinstance(target, Mapping):
            yield target


def parameters_of(target: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a target is given."""
    for parameter in items(target.get("paramLists")):
        if isinstance(parameter, Mapping):
            yield parameter


def label(target: Mapping[str, Any]) -> str:
    """Name a target in a message; its endpoint may be a secret."""
    return f"target '{target.get('targetId', '?')}' ({target.get('type', '?')})"


def function_name(target: Mapping[str, Any]) -> str | None:
    """Return the function that a target calls, or None if it calls none."""
    if target.get("type") != FUNCTION:
        return None
    if match := re.search(r"functions/([^/]+)$", str(target.get("endpoint", ""))):
        return match[1]
    for parameter in parameters_of(target):
        if parameter.get("resourceKey") == "functionName":
            return str(parameter.get("value"))
    return None


def queue_name(arn: Any) -> str | None:
    """Return the queue that an ARN of the message service names, or None if it names no queue.

    The ARN is written with and without a slash before ``queues``, and for destinations of
    asynchronous calls with its messages behind it.
    """
    match = re.fullmatch(r"acs:mns:[^:]*:[^:]*:/?queues/([^/]+)(?:/messages)?", str(arn))
    return match[1] if match else None


def plain_urls(text: Any, *also_local: str) -> Iterator[str]:
    """Yield the hosts of the URLs in a text that leave this machine unencrypted."""
    for url in _PLAIN_URL.findall(str(text)):
        # Whoever resolves it may read a backslash as a slash.
        host = _host(url.replace("\\", "/"))
        if not is_local(host) and host not in also_local:
            yield host or url


def is_local(host: str) -> bool:
    """Return whether a host is this machine, by its address or by a name that says so."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return bool(_LOCAL_NAMES.fullmatch(host))


def _host(url: str) -> str:
    """Return the host of a URL, or nothing if it is not clear which one it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if "[" in parts.netloc and not re.fullmatch(r"(.*@)?\[[^]]*\](:\d+)?", parts.netloc):
        return ""
    return (parts.hostname or "").lower()
