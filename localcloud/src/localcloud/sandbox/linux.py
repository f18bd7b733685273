"""System calls that Python's standard library lacks: namespaces, mounts, capabilities.

Standard library only: the agent of an instance imports this without site packages.
"""

import ctypes
import fcntl
import os
import struct

from localcloud.sandbox.syscalls import NUMBERS

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

_MNT_DETACH = 2
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

_JOIN_SESSION_KEYRING = 1

MACHINE = os.uname().machine

# What is left to root in an instance: enough to administer accounts, files and packages, nothing
# that reaches the machine (no mounts, devices, modules, raw I/O, tracing, open-by-handle).
_KEPT_CAPABILITIES = (
    0,  # CHOWN
    1,  # DAC_OVERRIDE
    3,  # FOWNER
    4,  # FSETID
    5,  # KILL
    6,  # SETGID
    7,  # SETUID
    8,  # SETPCAP
    10,  # NET_BIND_SERVICE
    13,  # NET_RAW
    18,  # SYS_CHROOT
    29,  # AUDIT_WRITE
    31,  # SETFCAP
)
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """Return the result of a C call, or raise its errno as OSError."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a system call by number; return -1 and set errno on failure."""
    return int(_libc.syscall(number, *arguments))


def prctl(option: int, *arguments: object) -> int:
    """Call prctl; return -1 and set errno on failure."""
    return int(_libc.prctl(option, *arguments))


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system, or bind a folder."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    checked(result, f"mount {kind or 'bind'} on {target}")


def pivot_root(folder: str) -> None:
    """Make a mounted folder the root and detach the old root with all its mounts."""
    os.chdir(folder)
    # Both arguments may be the same folder: the old root is then stacked on the new one.
    checked(syscall(NUMBERS[MACHINE]["pivot_root"], b".", b"."), "pivot_root")
    checked(_libc.umount2(b".", _MNT_DETACH), "umount2")
    os.chdir("/")


def drop_capabilities() -> None:
    """Keep the capabilities that root of an instance needs, and drop the others for good."""
    _forget_capabilities(_KEPT_CAPABILITIES)
    set_capabilities(_KEPT_CAPABILITIES)


def _forget_capabilities(kept: tuple[int, ...]) -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        if capability not in kept:
            prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for numbers the kernel lacks


def set_capabilities(kept: tuple[int, ...]) -> None:
    """Hold exactly these capabilities; a program that is executed inherits none of them."""
    bits = sum(1 << capability for capability in kept)
    header = struct.pack("Ii", 0x20080522, 0)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    data = struct.pack("6I", low, low, 0, high, high, 0)
    checked(syscall(NUMBERS[MACHINE]["capset"], header, data), "capset")


def become(user: int, kept: tuple[int, ...] = ()) -> None:
    """Change from root to a plain user for good, keeping only these capabilities."""
    checked(prctl(_PR_SET_KEEPCAPS, 1 if kept else 0, 0, 0, 0), "prctl")
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if kept:
        set_capabilities(kept)


def die_with_parent(number: int) -> None:
    """Receive that signal when the parent dies."""
    checked(prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Become the subreaper: the parent of descendants whose parent dies."""
    checked(prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def forbid_new_privileges() -> None:
    """Let set-user-id programs run without their privilege from now on."""
    checked(prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def be_closed_to_others() -> None:
    """Hide memory, descriptors and environment from processes of the same user."""
    set_dumpable(allowed=False)


def set_dumpable(*, allowed: bool) -> None:
    """Set whether processes of the same user may trace this one; exec resets it."""
    checked(prctl(_PR_SET_DUMPABLE, int(allowed), 0, 0, 0), "prctl")


def leave_keyring() -> None:
    """Join a new session keyring, so that the parent's keys are not visible."""
    # A kernel or container without keyrings has nothing to hide.
    syscall(NUMBERS[MACHINE]["keyctl"], _JOIN_SESSION_KEYRING, None)


def raise_loopback() -> None:
    """Bring up the loopback interface of a new network namespace."""
    import socket  # noqa: PLC0415 - only instances pay for it, functions start without

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(control, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
