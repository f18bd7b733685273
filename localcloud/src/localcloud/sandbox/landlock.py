"""Landlock: a process gives up access to all files outside the folders that it names.

Standard library only: the agent of an instance imports this without site packages.
"""

import ctypes
import os
import struct
from collections.abc import Iterable

from localcloud.sandbox import linux

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_VERSION = 1
_PATH_BENEATH = 1
_PORT = 2
_CONNECT = 1 << 1
_SINCE_PORTS = 4

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_TRUNCATE = 1 << 14
_IOCTL_DEVICE = 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many bits that version knows
_SCOPED = 0b11  # abstract sockets and signals
SINCE_SCOPES = 6
"""The version from which processes outside cannot be signalled."""


def version() -> int:
    """Return the kernel's version of Landlock; 0 if it has none or it is switched off."""
    return max(0, linux.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))


def restrict(readable: Iterable[str], writable: Iterable[str], port: int | None = None) -> None:
    """Restrict this process and its descendants to these folders and files.

    Paths that do not exist are skipped. The restricted processes can no longer signal or trace
    others (signals: from version 6). With a ``port`` they connect to no other (from version 4).
    """
    known = version()
    rights = (1 << _RIGHTS_BY_VERSION[min(known, 5)]) - 1
    ruleset = _ruleset(known, rights, port)
    try:
        for path in readable:
            _allow(ruleset, path, rights & _READ)
        for path in writable:
            _allow(ruleset, path, rights)
        _take_effect(ruleset)
    finally:
        os.close(ruleset)


def restrict_network(port: int) -> None:
    """Restrict this process and its descendants to one TCP port, where the kernel can."""
    known = version()
    if known < _SINCE_PORTS:
        return
    ruleset = _ruleset(known, 0, port)
    try:
        _take_effect(ruleset)
    finally:
        os.close(ruleset)


def _ruleset(known: int, rights: int, port: int | None) -> int:
    on_ports = _CONNECT if port is not None and known >= _SINCE_PORTS else 0
    scopes = _SCOPED if known >= SINCE_SCOPES else 0
    attributes = struct.pack("QQQ", rights, on_ports, scopes)
    size = 8 if known < _SINCE_PORTS else 16 if known < SINCE_SCOPES else 24
    ruleset = linux.checked(
        linux.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0), "landlock"
    )
    if on_ports:
        rule = struct.pack("QQ", on_ports, port)
        linux.checked(linux.syscall(_ADD_RULE, ruleset, _PORT, rule, 0), "landlock")
    return ruleset


def _take_effect(ruleset: int) -> None:
    linux.forbid_new_privileges()
    linux.checked(linux.syscall(_RESTRICT_SELF, ruleset, 0), "landlock")


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if os.path.isdir(path) else rights & _ON_FILES
        rule = struct.pack("=Qi", allowed, place)
        linux.checked(linux.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0), "landlock")
    finally:
        os.close(place)
