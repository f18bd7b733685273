"""The settings of an HTTP source: what they may be, and whom they let in."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from localcloud import strict_json
from localcloud.eventbridge.errors import (
    EventBridgeError,
    HttpSourceParametersInvalidError,
    SecurityCheckFailedError,
)

_TYPES = ("HTTP", "HTTPS", "HTTP&HTTPS")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT")
_SECURITY = ("none", "ip", "referer")
_ENTRIES = 5
_REFERER_CHARACTERS = 256


@dataclass(frozen=True)
class HttpParameters:
    """``SourceHttpEventParameters``, in the order in which they came: the provider compares it."""

    type: str
    security: str
    methods: list[str] = field(default_factory=list)
    ips: list[str] = field(default_factory=list)
    referers: list[str] = field(default_factory=list)

    def admit(self, method: str, source_ip: str, referer: str) -> None:
        """Admit a request.

        Raises:
            SecurityCheckFailedError: when method, address or referer are not those of the source.
        """
        if self.methods and method not in self.methods:
            raise SecurityCheckFailedError("request method", self.methods, method)
        if self.security == "ip" and not _is_in(source_ip, self.ips):
            raise SecurityCheckFailedError("source IP", self.ips, source_ip)
        if self.security == "referer" and not _refers(referer, self.referers):
            raise SecurityCheckFailedError("security domain", self.referers, referer)

    def described(self, urls: list[str]) -> dict[str, Any]:
        """Return the parameters as the API answers them."""
        return {
            "Type": self.type,
            "SecurityConfig": self.security,
            "Method": self.methods,
            "Ip": self.ips,
            "Referer": self.referers,
            "PublicWebHookUrl": urls,
            "VpcWebHookUrl": [],
        }


def parse(text: str) -> HttpParameters | None:
    """Return ``SourceHttpEventParameters``, or None if it is empty or ``{}``.

    Raises:
        HttpSourceParametersInvalidError: with the parameter that is wrong.
        EventBridgeError: when a parameter is empty or there are too many values.
    """
    try:
        values = strict_json.read(text or "{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise HttpSourceParametersInvalidError(
            "SourceHttpEventParameters", text[:200], "a JSON object"
        )
    if not values:
        return None
    found = HttpParameters(
        type=_choice(values, "Type", _TYPES),
        security=_choice(values, "SecurityConfig", _SECURITY),
        methods=_texts(values, "Method"),
        ips=_texts(values, "Ip"),
        referers=_texts(values, "Referer"),
    )
    if not found.methods:
        raise _empty("Method")
    for method in found.methods:
        if method not in _METHODS:
            raise HttpSourceParametersInvalidError("Method", method, ", ".join(_METHODS))
    _check_list("Ip", found.ips, wanted=found.security == "ip")
    _check_list("Referer", found.referers, wanted=found.security == "referer")
    for ip in found.ips:
        try:
            ip_network(ip, strict=False)
        except ValueError:
            raise HttpSourceParametersInvalidError(
                "Ip", ip, "an IP address or CIDR block"
            ) from None
    for referer in found.referers:
        if len(referer) > _REFERER_CHARACTERS:
            raise HttpSourceParametersInvalidError(
                "Referer", referer[:50], f"at most {_REFERER_CHARACTERS} characters"
            )
    return found


def digest(token: str) -> bytes:
    """Return what tokens are looked up by: comparing digests tells nothing about a token."""
    return sha256(token.encode()).digest()


def is_same(token: str, other: str) -> bool:
    """Compare two tokens in a time that does not depend on where they differ."""
    return hmac.compare_digest(token.encode(), other.encode())


def _choice(values: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = values.get(name)
    if not value:
        raise _empty(name)
    if value not in choices:
        raise HttpSourceParametersInvalidError(name, value, ", ".join(choices))
    return str(value)


def _texts(values: dict[str, Any], name: str) -> list[str]:
    value = values.get(name) or []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise HttpSourceParametersInvalidError(name, value, "a list of texts")
    if not all(value):
        raise _empty(name)
    return value


def _check_list(name: str, values: list[str], *, wanted: bool) -> None:
    if bool(values) != wanted:
        accepted = "at least one value" if wanted else "an empty list with this SecurityConfig"
        raise HttpSourceParametersInvalidError(name, ", ".join(values), accepted)
    if len(values) > _ENTRIES:
        raise EventBridgeError(
            "ExceedHttpSourceParametersCount",
            f"the HTTP source has {len(values)} values of {name}; the limit is {_ENTRIES}",
        )


def _empty(name: str) -> EventBridgeError:
    return EventBridgeError(
        "HttpSourceParametersEmpty", f"the parameter {name} of the HTTP source is empty"
    )


def _is_in(source_ip: str, blocks: list[str]) -> bool:
    try:
        address = ip_address(source_ip)
    except ValueError:
        return False
    return any(address in ip_network(block, strict=False) for block in blocks)


def _refers(referer: str, domains: list[str]) -> bool:
    # guess: the console calls the entries "security domain names", the engine compares the whole
    # header; either lets a request in here.
    try:
        host = urlsplit(referer).hostname or ""
    except ValueError:
        host = ""
    return referer in domains or host in domains
