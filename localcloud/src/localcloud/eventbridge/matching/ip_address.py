"""IP addresses as the event engine's Java libraries read them, without looking up names.

Java is more liberal than Python's ipaddress: `10.1` is 10.0.0.1, leading zeros are decimal, an
IPv4-mapped IPv6 address is the IPv4 address, `%1` behind one is ignored. In a block all four parts
are required. A zone with a name is none: what it means depends on the interfaces of a machine.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

_FOUR_PARTS: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
_BLOCK: Final = re.compile(_FOUR_PARTS.pattern + r"/([0-9]{1,2})")
_IPV4_LENGTH: Final = 15

Address: TypeAlias = "tuple[int, int]"
"""IP version and number."""


@dataclass(frozen=True, slots=True)
class Block:
    """An IPv4 block; its first and last address are outside."""

    first: int
    last: int

    def holds(self, text: str) -> bool:
        """Return whether the text is an address strictly between the first and the last."""
        parts = _FOUR_PARTS.fullmatch(text)
        number = _number(parts.groups()) if parts else None
        return number is not None and self.first < number < self.last


def parse_block(text: str) -> Block | None:
    """Read `a.b.c.d/n`; None if it is not one."""
    parts = _BLOCK.fullmatch(text)
    if not parts:
        return None
    *octets, length = parts.groups()
    number = _number(octets)
    if number is None or int(length) > 32:
        return None
    mask = (0xFFFFFFFF << (32 - int(length))) & 0xFFFFFFFF
    return Block(number & mask, (number & mask) | (mask ^ 0xFFFFFFFF))


def parse_address(text: str) -> Address | None:
    """Read a literal IPv4 or IPv6 address; None if it is not one."""
    if len(text) <= _IPV4_LENGTH and (number := _short_ipv4(text)) is not None:
        return (4, number)
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    written, sign, zone = text.partition("%")
    if sign and not (zone.isascii() and zone.isdigit()):
        return None
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return None
    mapped = address.ipv4_mapped
    return (4, int(mapped)) if mapped is not None else (6, int(address))


def _number(octets: tuple[str, ...] | list[str]) -> int | None:
    number = 0
    for octet in map(int, octets):
        if octet > 0xFF:
            return None
        number = number << 8 | octet
    return number


def _short_ipv4(text: str) -> int | None:
    parts = text.split(".")
    if len(parts) > 4 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    *octets, rest = map(int, parts)
    rest_bits = 8 * (4 - len(octets))
    if any(octet > 0xFF for octet in octets) or rest >= 1 << rest_bits:
        return None
    number = 0
    for octet in octets:
        number = number << 8 | octet
    return number << rest_bits | rest
