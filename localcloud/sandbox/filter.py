"""A system-call filter for instances without real root.

Calls that only root may make (giving files away, changing identity, making devices) succeed
without doing anything, so that tools written for root run to their end; ownership is not
recorded. The idea is that of the ``--seccomp`` option of Charliecloud.

Standard library only: the agent of an instance imports this without site packages.
"""

import ctypes
import errno
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from localcloud.sandbox import linux

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NOTIFY = 0x7FC00000
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER = 1
_NEW_LISTENER = 8

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_OFFSET_NUMBER = 0
_OFFSET_ARCHITECTURE = 4
_OFFSET_ARGUMENTS = 16

_X32 = 0x40000000  # a third numbering, which would go round the filter

_AF_INET = 2
_AF_INET6 = 10
_AF_PACKET = 17

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
        "setuid": 105, "setgid": 106, "setreuid": 113, "setregid": 114, "setgroups": 116,
        "setresuid": 117, "setresgid": 119, "setfsuid": 122, "setfsgid": 123, "capset": 126,
        "mknod": 133, "mknodat": 259, "getuid": 102, "getgid": 104, "geteuid": 107,
        "getegid": 108, "kill": 62, "socket": 41, "sync": 162, "fsync": 74,
        "fdatasync": 75, "syncfs": 306,
        "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "utime": 132,
        "utimes": 235, "futimesat": 261, "utimensat": 280, "setxattr": 188,
        "lsetxattr": 189, "fsetxattr": 190,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "setxattrat": 463,
        "removexattrat": 466,
        "io_uring_setup": 425,
    },
    "aarch64": {
        "fchown": 55, "fchownat": 54,
        "setuid": 146, "setgid": 144, "setreuid": 145, "setregid": 143, "setgroups": 159,
        "setresuid": 147, "setresgid": 149, "setfsuid": 151, "setfsgid": 152, "capset": 91,
        "mknodat": 33, "getuid": 174, "geteuid": 175, "getgid": 176, "getegid": 177,
        "kill": 129, "socket": 198, "sync": 81, "fsync": 82, "fdatasync": 83, "syncfs": 267,
        "fchmod": 52, "fchmodat": 53, "fchmodat2": 452, "utimensat": 88,
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
        "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16, "setxattrat": 463,
        "removexattrat": 466,
        "io_uring_setup": 425,
    },
}  # fmt: skip
_PRETENDED = (
    "chown", "fchown", "lchown", "fchownat", "setuid", "setgid", "setreuid", "setregid",
    "setgroups", "setresuid", "setresgid", "setfsuid", "setfsgid", "capset",
)  # fmt: skip
_WAITING_FOR_DISK = ("sync", "fsync", "fdatasync", "syncfs")
_IDENTITY = ("getuid", "geteuid", "getgid", "getegid")

_WATCHED = ("chmod", "fchmod", "fchmodat", "utimensat")
# Older and newer ways to the same: the C library then takes one of the above.
_WITHOUT = ("fchmodat2", "utime", "utimes", "futimesat", "setxattrat", "removexattrat")
_WITHOUT_ATTRIBUTES = (
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
)  # fmt: skip

Instruction = tuple[int, int, int, int]


class Kind(StrEnum):
    """How much a filter does; each kind does what the one before does as well."""

    HASTY = "hasty"
    """Nothing waits for the disk: instances are thrown away, and what a killed cloud leaves is
    in the machine's memory all the same."""
    PRETENDING = "pretending"
    """What only real root may do succeeds without effect."""
    CONFINING = "confining"
    """For a process among the machine's: it takes itself for root, opens no network socket and
    can't signal everybody at once."""


def install(kind: Kind) -> None:
    """Filter the system calls of this process and of all its descendants."""
    if kind is not Kind.HASTY:
        linux.forbid_new_privileges()
    with _prepared(program(linux.MACHINE, kind)) as header:
        result = linux.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)
    linux.checked(result, "install the system-call filter")


def install_watch() -> int:
    """Let calls that change a file's mode or times wait for the listener that this gives."""
    number = _SECCOMP[linux.MACHINE]
    arguments = (_SECCOMP_SET_MODE_FILTER, _NEW_LISTENER)
    with _prepared(watch_program(linux.MACHINE)) as header:
        return linux.checked(linux.syscall(number, *arguments, header), "watch system calls")


def watched_call(number: int) -> str:
    """Give the name of a call that waits for the listener."""
    names = {_NUMBERS[linux.MACHINE].get(name): name for name in _WATCHED}
    return names[number]


def watch_program(machine: str) -> list[Instruction]:
    """Write the filter that hands calls over to a listener; it comes on top of a confining one."""
    numbers = _NUMBERS[machine]
    lines: list[Instruction] = [(_LOAD, 0, 0, _OFFSET_NUMBER)]
    for names, answer in (
        (_WITHOUT, _ERRNO | errno.ENOSYS),
        (_WITHOUT_ATTRIBUTES, _ERRNO | errno.EOPNOTSUPP),
    ):
        for name in names:
            if name in numbers:
                lines += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, answer)]
    for name in _WATCHED:
        if name in numbers:
            lines += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, _NOTIFY)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def program(machine: str, kind: Kind) -> list[Instruction]:
    """Write the filter for a machine's system-call numbers."""
    confined = kind is Kind.CONFINING
    numbers = _NUMBERS[machine]
    lines = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        # Programs for another architecture (32 bits) have other numbers: left alone when their
        # identity is real, refused when the filter is what confines them.
        (_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS if confined else _ALLOW),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    succeed: tuple[str, ...] = _WAITING_FOR_DISK
    if kind is not Kind.HASTY:
        succeed += _PRETENDED + (_IDENTITY if confined else ())
    for name in succeed:
        if name in numbers:
            lines += _answer(numbers[name], 0)
    for name, position in (("mknod", 1), ("mknodat", 2)):
        if name in numbers and kind is not Kind.HASTY:
            lines += _pretend_devices(numbers[name], position)
    if confined:
        lines += _answer(numbers["io_uring_setup"], errno.ENOSYS)
        lines += _refuse(numbers["kill"], 0, (0xFFFFFFFF,), errno.EPERM)
        families = (_AF_INET, _AF_INET6, _AF_PACKET)
        lines += _refuse(numbers["socket"], 0, families, errno.ENETUNREACH)
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


@contextmanager
def _prepared(instructions: list[Instruction]) -> Iterator[bytes]:
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    yield struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(buffer))


def _answer(number: int, error: int) -> list[Instruction]:
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]


def _refuse(number: int, position: int, values: tuple[int, ...], error: int) -> list[Instruction]:
    checks = [line for value in values for line in _answer(value, error)]
    body = [(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * position), *checks]
    body.append((_LOAD, 0, 0, _OFFSET_NUMBER))
    return [(_EQUAL, 0, len(body), number), *body]


def _pretend_devices(number: int, position: int) -> list[Instruction]:
    body = [
        (_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * position),
        (_AND, 0, 0, stat.S_IFMT(0xFFFF)),
        *_answer(stat.S_IFCHR, 0),
        *_answer(stat.S_IFBLK, 0),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    return [(_EQUAL, 0, len(body), number), *body]
