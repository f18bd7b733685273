"""Enter an instance with namespaces: its own mounts, processes, network and host name.

Runs in the agent's process before any script does. The new root is the instance's tree; the
machine's programs are overlaid so that changes land in the instance's folder. When this process
ends, everything in the instance ends with it.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
import signal
import socket
from pathlib import Path

from localcloud.sandbox import filter as calls
from localcloud.sandbox import linux
from localcloud.sandbox.level import FROM_THE_MACHINE, Level

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_STORES = ("nix", "gnu")  # where NixOS and Guix keep what /usr/bin points to
_READ_ONLY_IN_PROC = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi")
_HIDDEN_IN_PROC = ("kcore", "keys", "timer_list", "sched_debug", "kallsyms", "scsi")
_WRITABLE_FOR_USERS = (
    "", "bin", "sbin", "lib", "lib/systemd/system", "libexec", "share", "local", "local/bin",
    "local/sbin", "local/lib", "local/etc", "local/share", "src",
)  # fmt: skip


def enter(level: Level, folder: Path, name: str, *, network: bool) -> list[str]:
    """Make this process the first one of the instance; give what could not be had.

    Returns in a new process: the caller's own process only waits for it and ends with it.
    """
    spaces = linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
    if not network:
        spaces |= linux.CLONE_NEWNET
    if level is Level.USER_NAMESPACE:
        _become_root_of_new_user_namespace(spaces)
    else:
        linux.unshare(spaces)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    linux.die_with_parent(signal.SIGKILL)
    notes = _mount_root(level, folder)
    socket.sethostname(name)
    if not network:
        linux.raise_loopback()
    if level is Level.NAMESPACES:
        calls.install(calls.Kind.HASTY)  # needs a capability that is about to go
        linux.drop_capabilities()
    else:
        linux.drop_capabilities()
        calls.install(calls.Kind.PRETENDING)  # also pretends to drop capabilities
    return notes


def _become_root_of_new_user_namespace(spaces: int) -> None:
    # Only the own id is mapped: what scripts leave behind stays readable and removable for the
    # user, and no helper (newuidmap) and no entry in /etc/subuid is needed.
    user, group = os.geteuid(), os.getegid()
    linux.unshare(spaces | linux.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _mount_root(level: Level, folder: Path) -> list[str]:
    notes: list[str] = []
    root = folder / "root"
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount(str(root), str(root), flags=linux.MS_BIND)
    for top in FROM_THE_MACHINE:
        if (root / top).is_dir() and not (root / top).is_symlink():
            notes += _show_programs(level, folder, top)
    for store in _STORES:
        if Path("/", store).is_dir():
            (root / store).mkdir(exist_ok=True)
            _bind_read_only(f"/{store}", str(root / store))
    linux.mount("proc", str(root / "proc"), "proc", _quiet())
    _make_devices(root / "dev")
    _protect_proc(root / "proc")
    linux.pivot_root(str(root))
    os.umask(0o022)
    return notes


def _show_programs(level: Level, folder: Path, top: str) -> list[str]:
    target = str(folder / "root" / top)
    upper, work = folder / "upper" / top, folder / "work" / top
    for place in (upper, work):
        place.mkdir(parents=True, exist_ok=True)
    if level is Level.USER_NAMESPACE:
        _let_users_write(upper, Path("/") / top)
    standins = folder / "standins" / top
    lower = f"{_escaped(standins)}:/{top}" if standins.is_dir() else f"/{top}"
    options = f"lowerdir={lower},upperdir={_escaped(upper)},workdir={_escaped(work)}"
    if level is Level.USER_NAMESPACE:
        options += ",userxattr"
    try:
        linux.mount("overlay", target, "overlay", linux.MS_NODEV, options)
    except OSError as refused:
        why = f"the disk of its data can't carry an overlay: {os.strerror(refused.errno or 0)}"
        return [_show_programs_in_memory(level, folder, top, lower, why)]
    return []


def _show_programs_in_memory(level: Level, folder: Path, top: str, lower: str, why: str) -> str:
    """Keep changes below the machine's programs in memory: the disk can't carry an overlay."""
    target = str(folder / "root" / top)
    memory = folder / "memory"
    memory.mkdir(exist_ok=True)
    if not os.path.ismount(memory):
        linux.mount("tmpfs", str(memory), "tmpfs", linux.MS_NODEV | linux.MS_NOSUID, "mode=700")
    upper, work = memory / "upper" / top, memory / "work" / top
    for place in (upper, work):
        place.mkdir(parents=True, exist_ok=True)
    if level is Level.USER_NAMESPACE:
        _let_users_write(upper, Path("/") / top)
    options = f"lowerdir={lower},upperdir={_escaped(upper)},workdir={_escaped(work)}"
    if level is Level.USER_NAMESPACE:
        options += ",userxattr"
    try:
        linux.mount("overlay", target, "overlay", linux.MS_NODEV, options)
    except OSError:
        _bind_read_only(f"/{top}", target)
        return f"/{top} can't be written in instances ({why})"
    return f"changes below /{top} of an instance last until the cloud stops ({why})"


def _let_users_write(upper: Path, machine: Path) -> None:
    """Own the usual folders: those of the machine belong to an id that is not mapped."""
    for path in _WRITABLE_FOR_USERS:
        if (machine / path).is_dir() and not (machine / path).is_symlink():
            (upper / path).mkdir(exist_ok=True, parents=True)
            (upper / path).chmod(0o755)


def _make_devices(dev: Path) -> None:
    linux.mount("tmpfs", str(dev), "tmpfs", linux.MS_NOSUID | linux.MS_NOEXEC, "mode=755")
    for name in _DEVICES:
        (dev / name).touch()
        linux.mount(f"/dev/{name}", str(dev / name), flags=linux.MS_BIND)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (dev / name).symlink_to(f"/proc/self/fd{target}")
    (dev / "shm").mkdir(mode=0o777)
    (dev / "shm").chmod(0o1777)
    (dev / "pts").mkdir()
    try:
        options = "newinstance,ptmxmode=0666,mode=0620"
        linux.mount("devpts", str(dev / "pts"), "devpts", linux.MS_NOSUID, options)
    except OSError:
        return  # no terminals in the instance; scripts have none anyway
    (dev / "ptmx").symlink_to("pts/ptmx")


def _protect_proc(proc: Path) -> None:
    for name in _READ_ONLY_IN_PROC:
        if (proc / name).exists():
            _bind_read_only(str(proc / name), str(proc / name))
    for name in _HIDDEN_IN_PROC:
        if (proc / name).is_file():
            linux.mount("/dev/null", str(proc / name), flags=linux.MS_BIND)


def _bind_read_only(source: str, target: str) -> None:
    linux.mount(source, target, flags=linux.MS_BIND | linux.MS_REC)
    # In a user namespace the flags that the source has are locked and must be repeated.
    flags = os.statvfs(target).f_flag & (linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    flags |= linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY
    linux.mount("none", target, flags=flags)


def _quiet() -> int:
    return linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:")
