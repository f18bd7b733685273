"""Mounts that instances and functions share: devices, processes, read-only folders.

Standard library only: agents and functions import this without site packages.
"""

import os

from localcloud.sandbox import linux

QUIET = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_READ_ONLY_IN_PROC = (
    "sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "driver", "dynamic_debug", "mtrr",
    "pressure", "tty",
)  # fmt: skip
_HIDDEN_IN_PROC = ("kcore", "keys", "timer_list", "sched_debug", "kallsyms", "scsi")
STORES = ("nix", "gnu")
"""Where NixOS and Guix keep what ``/usr/bin`` points to."""


def mount_devices(dev: str, size: str = "64m") -> None:
    """Create a folder of harmless devices, with some shared memory."""
    options = f"mode=755,size={size}"
    linux.mount("tmpfs", dev, "tmpfs", linux.MS_NOSUID | linux.MS_NOEXEC, options)
    for name in _DEVICES:
        with open(f"{dev}/{name}", "w", encoding="utf-8"):
            pass
        linux.mount(f"/dev/{name}", f"{dev}/{name}", flags=linux.MS_BIND)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"{dev}/{name}")
    os.mkdir(f"{dev}/shm")
    os.chmod(f"{dev}/shm", 0o1777)  # noqa: S103 - as everywhere


def mount_terminals(dev: str) -> None:
    """Add private pseudo-terminals to the devices, where the machine allows it."""
    os.mkdir(f"{dev}/pts")
    try:
        options = "newinstance,ptmxmode=0666,mode=0620"
        linux.mount("devpts", f"{dev}/pts", "devpts", linux.MS_NOSUID, options)
    except OSError:
        return  # scripts have no terminal anyway
    os.symlink("pts/ptmx", f"{dev}/ptmx")


def mount_processes(proc: str) -> None:
    """Mount /proc of this namespace, with the kernel's settings read-only."""
    linux.mount("proc", proc, "proc", QUIET)
    for name in _READ_ONLY_IN_PROC:
        if os.path.exists(f"{proc}/{name}"):
            bind_read_only(f"{proc}/{name}", f"{proc}/{name}")
    for name in _HIDDEN_IN_PROC:
        if os.path.isfile(f"{proc}/{name}"):
            linux.mount("/dev/null", f"{proc}/{name}", flags=linux.MS_BIND)


def bind_read_only(source: str, target: str) -> None:
    """Bind a folder or file at another path, read-only."""
    linux.mount(source, target, flags=linux.MS_BIND | linux.MS_REC)
    # In a user namespace the source's flags are locked and must be repeated.
    flags = os.statvfs(target).f_flag & (linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    flags |= linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY
    linux.mount("none", target, flags=flags)
