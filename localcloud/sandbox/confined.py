"""Confine an instance without mounts: a folder as root, and no way to write outside it.

Runs in the agent's process before any script does. Scripts learn the folder from
``PROVISION_ROOT`` and are kept to it by Landlock; a cloud that runs as root also gives up its
identity first.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
from pathlib import Path

from localcloud.sandbox import filter as calls
from localcloud.sandbox import landlock

STRANGER = 65533
"""The user and group of scripts when the cloud itself runs as root; it owns nothing else."""

_READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/proc", "/dev",
    "/nix", "/gnu",
)  # fmt: skip
_WRITABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")


def is_stranger() -> bool:
    """Tell whether this process is the user that owns nothing outside its instance."""
    return os.getresuid()[0] == STRANGER


def enter(folder: Path) -> list[str]:
    """Confine this process; give what could not be had."""
    notes: list[str] = []
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(STRANGER, STRANGER, STRANGER)
        os.setresuid(STRANGER, STRANGER, STRANGER)
    os.chdir(folder / "root")
    if landlock.version():
        readable = (*_READABLE, str(folder))
        landlock.restrict(readable, (str(folder / "root"), *_WRITABLE_DEVICES))
    else:
        notes.append("the kernel has no Landlock: only permissions guard the machine's files")
    calls.install(calls.Kind.CONFINING)
    os.umask(0o022)
    return notes
