"""The system-call filters of the sandboxes.

Every filter refuses what leads out of a sandbox or into rarely used parts of the kernel: new
namespaces, mounts, other processes' memory, keys, BPF, io_uring. Without real root, calls that only
root may make (giving files away, changing identity, making devices) succeed without doing anything,
so that tools written for root run to their end; ownership is not recorded. The idea is that of the
``--seccomp`` option of Charliecloud.

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
from localcloud.sandbox.syscalls import NUMBERS

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
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_OFFSET_NUMBER = 0
_OFFSET_ARCHITECTURE = 4
_OFFSET_ARGUMENTS = 16

_X32 = 0x40000000  # a third numbering, which would bypass the filter

_AF_UNIX = 1
_AF_INET = 2
_AF_INET6 = 10
_AF_NETLINK = 16
_AF_PACKET = 17
_INTERNET = (_AF_INET, _AF_INET6)
_SOCKET_TYPE = 0xF
_SOCK_STREAM = 1
_SOCK_SEQPACKET = 5

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_PRETENDED = (
    "chown", "fchown", "lchown", "fchownat", "setuid", "setgid", "setreuid", "setregid",
    "setgroups", "setresuid", "setresgid", "setfsuid", "setfsgid", "capset",
)  # fmt: skip
_WAITING_FOR_DISK = ("sync", "fsync", "fdatasync", "syncfs")
_IDENTITY = ("getuid", "geteuid", "getgid", "getegid")

_REFUSED = (
    "setns", "mount", "umount2", "pivot_root", "open_tree", "open_tree_attr", "move_mount",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    "bpf", "perf_event_open", "userfaultfd", "fanotify_init", "lookup_dcookie",
    "keyctl", "add_key", "request_key", "open_by_handle_at", "syslog", "acct", "quotactl",
    "quotactl_fd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime",
    "clock_adjtime", "iopl", "ioperm", "vhangup",
)  # fmt: skip
# Libraries fall back when these fail: clone3, whose flags no filter can read, to clone.
_ABSENT = ("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register")
_NEW_NAMESPACES = 0x7E020000
_NEW_TIME_NAMESPACE = 0x80  # in the flags of unshare; in those of clone it is part of a signal

_SHARED_MEMORY = (
    "shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop", "msgget",
    "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink",
)  # fmt: skip

_WATCHED = ("chmod", "fchmod", "fchmodat", "utimensat")
# Variants of the above, to which the C library then falls back.
_WITHOUT = ("fchmodat2", "utime", "utimes", "futimesat", "setxattrat", "removexattrat")
_WITHOUT_ATTRIBUTES = (
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
)  # fmt: skip

Instruction = tuple[int, int, int, int]


class Kind(StrEnum):
    """What a filter does besides refusing what leads out."""

    NO_FSYNC = "no-fsync"
    """Syncing to disk succeeds without effect: instances are disposable, and the page cache
    survives the death of the cloud."""
    PRETENDING = "pretending"
    """The same; calls that only real root may make succeed without effect, too."""
    CONFINING = "confining"
    """The same for a process without namespaces: it believes that it is root, opens no socket,
    shares no memory and cannot signal all processes at once."""
    FUNCTION = "function"
    """For a function: it may use the network and nothing else on the machine."""


def install(kind: Kind) -> None:
    """Filter the system calls of this process and of all its descendants."""
    if kind is not Kind.NO_FSYNC:  # with real root, programs such as sudo keep working
        linux.forbid_new_privileges()
    with _prepared(program(linux.MACHINE, kind)) as header:
        result = linux.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)
    linux.checked(result, "install the system-call filter")


def install_watch() -> int:
    """Suspend calls that change a file's mode or times; return the listener that resolves them."""
    number = _SECCOMP[linux.MACHINE]
    arguments = (_SECCOMP_SET_MODE_FILTER, _NEW_LISTENER)
    with _prepared(watch_program(linux.MACHINE)) as header:
        return linux.checked(linux.syscall(number, *arguments, header), "watch system calls")


def watched_call(number: int) -> str:
    """Return the name of a call that waits for the listener."""
    names = {NUMBERS[linux.MACHINE].get(name): name for name in _WATCHED}
    return names[number]


def watch_program(machine: str) -> list[Instruction]:
    """Return the filter that hands calls to a listener; it is installed on top of another."""
    numbers = NUMBERS[machine]
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
    """Return the filter for a machine's system-call numbers."""
    confined = kind is Kind.CONFINING
    numbers = NUMBERS[machine]
    lines = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        # Programs for another architecture (32 bits) have other numbers and would bypass it.
        (_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    answers: list[tuple[tuple[str, ...], int]] = [
        (_REFUSED, errno.EPERM),
        (_ABSENT, errno.ENOSYS),
    ]
    if kind is not Kind.FUNCTION:
        answers.append((_WAITING_FOR_DISK, 0))
    if kind in {Kind.PRETENDING, Kind.CONFINING}:
        answers.append((_PRETENDED, 0))
        for name, position in (("mknod", 1), ("mknodat", 2)):
            if name in numbers:
                lines += _pretend_devices(numbers[name], position)
    if confined:
        answers.append((_IDENTITY, 0))
    if kind in {Kind.CONFINING, Kind.FUNCTION}:
        answers.append((_SHARED_MEMORY, errno.ENOSYS))
        lines += _refuse(numbers["kill"], 0, (0xFFFFFFFF,), errno.EPERM)
        # A datagram socket pair could be connected to any other socket of the machine.
        pairs = (_SOCK_STREAM, _SOCK_SEQPACKET)
        lines += _only(numbers["socketpair"], 1, pairs, errno.EOPNOTSUPP, mask=_SOCKET_TYPE)
    for names, error in answers:
        for name in names:
            if name in numbers:
                lines += _answer(numbers[name], error)
    lines += _refuse_bits(numbers["unshare"], _NEW_NAMESPACES | _NEW_TIME_NAMESPACE)
    lines += _refuse_bits(numbers["clone"], _NEW_NAMESPACES)
    if confined:
        lines += _refuse(numbers["socket"], 0, (*_INTERNET, _AF_PACKET), errno.ENETUNREACH)
    lines += _only(numbers["socket"], 0, _families(kind), errno.EAFNOSUPPORT)
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def _families(kind: Kind) -> tuple[int, ...]:
    """Return the permitted socket families; none reaches the hypervisor."""
    if kind is Kind.CONFINING:
        return ()
    if kind is Kind.FUNCTION:
        return _INTERNET
    return (_AF_UNIX, *_INTERNET, _AF_NETLINK, _AF_PACKET)


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


def _only(
    number: int, position: int, values: tuple[int, ...], error: int, mask: int = 0xFFFFFFFF
) -> list[Instruction]:
    checks = [line for value in values for line in [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]]
    body = [(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * position), (_AND, 0, 0, mask), *checks]
    body.append((_RETURN, 0, 0, _ERRNO | error))
    return [(_EQUAL, 0, len(body), number), *body]


def _refuse_bits(number: int, bits: int) -> list[Instruction]:
    body = [
        (_LOAD, 0, 0, _OFFSET_ARGUMENTS),
        (_ANY_BIT, 0, 1, bits),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
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
