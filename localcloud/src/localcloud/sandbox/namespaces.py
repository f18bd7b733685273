"""Enter an instance with namespaces: its own mounts, processes, network and host name.

Runs in the agent's process before any script does. The new root is the instance's tree; the
machine's programs are overlaid so that changes land in the instance's folder. When this process
ends, everything in the instance ends with it.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
import socket
from pathlib import Path

from localcloud.sandbox import filter as calls
from localcloud.sandbox import guard, linux, mounts
from localcloud.sandbox.control_group import ControlGroup
from localcloud.sandbox.guard import Asked
from localcloud.sandbox.level import FROM_THE_MACHINE, Level

_NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
_MEMORY = "mode=700,size=512m"
_WRITABLE_FOR_USERS = (
    "", "bin", "sbin", "lib", "lib/systemd/system", "libexec", "share", "local", "local/bin",
    "local/sbin", "local/lib", "local/etc", "local/share", "src",
)  # fmt: skip


def enter(
    level: Level,
    folder: Path,
    name: str,
    connection: int,
    group: ControlGroup,
    meter: Asked,
    *,
    network: bool,
) -> list[str]:
    """Make this process the init of the instance; return the limits that cannot be enforced.

    Returns in a new process: the caller's process becomes its guard and exits with it.
    """
    spaces = _NAMESPACES if network else _NAMESPACES | linux.CLONE_NEWNET
    inside = 0 if level is Level.USER_NAMESPACE else None
    guard.shut_in(connection, spaces, group, user_inside=inside, asked=meter)
    notes = _mount_root(level, folder)
    socket.sethostname(name)
    if not network:
        linux.raise_loopback()
    return notes


def give_up_rights(level: Level) -> None:
    """Drop everything from this process and its descendants that root inside does not need."""
    if level is Level.NAMESPACES:
        calls.install(calls.Kind.NO_FSYNC)  # needs a capability that is dropped below
        linux.drop_capabilities()
    else:
        linux.drop_capabilities()
        calls.install(calls.Kind.PRETENDING)  # it fakes the dropping of capabilities, too


def _mount_root(level: Level, folder: Path) -> list[str]:
    notes: list[str] = []
    root = folder / "root"
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount(str(root), str(root), flags=linux.MS_BIND)
    for top in FROM_THE_MACHINE:
        if (root / top).is_dir() and not (root / top).is_symlink():
            notes += _show_programs(level, folder, top)
    for store in mounts.STORES:
        if Path("/", store).is_dir():
            (root / store).mkdir(exist_ok=True)
            mounts.bind_read_only(f"/{store}", str(root / store))
    mounts.mount_devices(str(root / "dev"))
    mounts.mount_terminals(str(root / "dev"))
    mounts.mount_processes(str(root / "proc"))
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
    """Keep the overlay's upper layer in memory: this disk supports no overlay."""
    target = str(folder / "root" / top)
    memory = folder / "memory"
    memory.mkdir(exist_ok=True)
    if not os.path.ismount(memory):
        linux.mount("tmpfs", str(memory), "tmpfs", linux.MS_NODEV | linux.MS_NOSUID, _MEMORY)
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
        mounts.bind_read_only(f"/{top}", target)
        return f"/{top} cannot be written in instances ({why})"
    return f"changes below /{top} of an instance last until the cloud stops ({why})"


def _let_users_write(upper: Path, machine: Path) -> None:
    """Create the usual folders: those of the machine belong to an id that is not mapped."""
    for path in _WRITABLE_FOR_USERS:
        if (machine / path).is_dir() and not (machine / path).is_symlink():
            (upper / path).mkdir(exist_ok=True, parents=True)
            (upper / path).chmod(0o755)


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:")
