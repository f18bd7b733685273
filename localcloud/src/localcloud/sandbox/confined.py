"""Confine an instance without mounts: a folder serves as root, and nothing outside is writable.

Runs in the agent's process before any script does. Scripts learn the folder from
``PROVISION_ROOT`` and are kept to it by Landlock; a cloud that runs as root also gives up its
identity first.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
import signal
from pathlib import Path

from localcloud.sandbox import filter as calls
from localcloud.sandbox import guard, landlock, linux
from localcloud.sandbox.control_group import ControlGroup
from localcloud.sandbox.guard import Asked
from localcloud.sandbox.level import STRANGERS

# Harmless devices only: a terminal of the user is a file, too.
_READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/proc",
    "/dev/random", "/dev/urandom", "/nix", "/gnu",
)  # fmt: skip
_WRITABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")


def is_stranger() -> bool:
    """Return whether this process runs as the user who owns nothing outside the instance."""
    return os.getresuid()[0] in STRANGERS


def enter(folder: Path, connection: int, group: ControlGroup, meter: Asked) -> list[str]:
    """Confine this process; return the limits that cannot be enforced here.

    Returns in a new process: the caller's process becomes its guard and exits with it.
    """
    notes: list[str] = []
    guard.shut_in(connection, 0, group, asked=meter)
    if os.geteuid() == 0:
        linux.become(os.stat(folder / "root").st_uid)
    linux.die_with_parent(signal.SIGKILL)  # a change of user resets it
    linux.adopt_orphans()
    os.chdir(folder / "root")
    if landlock.version():
        readable = (*_READABLE, str(folder))
        landlock.restrict(readable, (str(folder / "root"), *_WRITABLE_DEVICES))
    else:
        notes.append("the kernel has no Landlock: only permissions guard the machine's files")
    if not is_stranger() and landlock.version() < landlock.SINCE_SCOPES:
        notes.append("the kernel lets scripts signal other processes of the cloud's user")
    os.umask(0o022)
    return notes


def give_up_rights() -> None:
    """Filter the system calls of this process and its descendants that lead outside."""
    calls.install(calls.Kind.CONFINING)
