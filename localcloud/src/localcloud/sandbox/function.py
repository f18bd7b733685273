"""Confines a worker of a function: it sees its code, the machine's programs and nothing else.

Runs in the worker's process before any code of the function. With namespaces the root is a file
system in memory, read-only except for ``/tmp``; the code is at ``/code``, as in the real service.
Without them the worker may read programs and its code, nothing else.

Standard library only: workers import this without site packages, while a caller waits.
"""

import errno
import os
import signal

from localcloud.sandbox import filter as calls
from localcloud.sandbox import guard, landlock, limits, linux, mounts
from localcloud.sandbox.control_group import ControlGroup
from localcloud.sandbox.level import FROM_THE_MACHINE, STRANGERS, Level
from localcloud.sandbox.limits import Limits

_NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
_PLACE = "/tmp"  # noqa: S108 - where the new root is put together, seen by nobody
_CODE = "/code"
_OWN = "/tmp"  # noqa: S108 - as in the real service
_CONFIGURATION = (
    "alternatives", "ca-certificates", "crypto-policies", "gai.conf", "host.conf", "hosts",
    "ld.so.cache", "localtime", "mime.types", "nsswitch.conf", "pki", "protocols", "resolv.conf",
    "services", "ssl",
)  # fmt: skip
_CAP_DAC_READ_SEARCH = 2


def enter(
    connection: int, level: Level, code: str, interpreter: list[str], allowed: Limits, port: int
) -> tuple[str, str]:
    """Turn this process into a confined worker; return where its code and its files are.

    Returns in a new process: the caller's process becomes its guard and exits with it.

    Args:
        connection: the connection to the cloud.
        level: how it is confined.
        code: the folder of the function's code.
        interpreter: the folders of the Python that runs it.
        allowed: the limits of all of its processes together.
        port: the port of the cloud, the only one that the function may connect to.
    """
    linux.leave_keyring()
    # Its files are in memory too, where it has namespaces.
    group = ControlGroup(allowed.processes, allowed.memory_bytes + allowed.disk_bytes)
    user = STRANGERS[os.getpid() % len(STRANGERS)]
    if level is Level.DIRECTORY:
        own = _make_own_folder(user)
        guard.shut_in(connection, 0, group, tidy_up=lambda: _remove(own))
        _confine(user, code, interpreter, own, port)
    else:
        inside = user if level is Level.USER_NAMESPACE else None
        guard.shut_in(connection, _NAMESPACES, group, user_inside=inside)
        shown = [(path, path) for path in interpreter] + [(code, _CODE)]
        _mount_root(user, shown, allowed.disk_bytes)
        _stay_first_process()
        code, own = _CODE, _OWN
        if level is Level.USER_NAMESPACE or not _becomes(user):
            linux.set_capabilities(())
        linux.set_dumpable(allowed=True)  # no other process can look into it
        if landlock.version():
            landlock.restrict_network(port)
    processes, _ = limits.processes_allowed(allowed, level, group.granted)
    if processes is not None:
        limits.restrict_processes(processes)
    limits.restrict_files(allowed.disk_bytes)
    limits.restrict_memory(allowed.memory_bytes)
    linux.die_with_parent(signal.SIGKILL)  # a change of user resets it
    os.umask(0o022)
    os.chdir(code)
    calls.install(calls.Kind.FUNCTION)
    return code, own


def _mount_root(user: int, shown: list[tuple[str, str]], own_bytes: int) -> None:
    os.umask(0o022)
    # Opened before anything is mounted: the code may lie where the new root is assembled.
    opened = [(os.open(source, os.O_PATH | os.O_CLOEXEC), path) for source, path in shown]
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    kept = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("localcloud", _PLACE, "tmpfs", kept, "mode=755,size=1m")
    for top in (*FROM_THE_MACHINE, *mounts.STORES):
        if os.path.islink(f"/{top}"):
            os.symlink(os.readlink(f"/{top}"), f"{_PLACE}/{top}")
        elif os.path.isdir(f"/{top}"):
            os.mkdir(f"{_PLACE}/{top}")
            mounts.bind_read_only(f"/{top}", f"{_PLACE}/{top}")
    for folder in ("dev", "etc", "proc", "tmp", "var"):
        os.mkdir(f"{_PLACE}/{folder}")
    linux.mount("localcloud", f"{_PLACE}{_OWN}", "tmpfs", kept, f"mode=1777,size={own_bytes}")
    os.symlink(_OWN, f"{_PLACE}/var{_OWN}")
    for file, path in opened:
        if path.split("/")[1] not in FROM_THE_MACHINE:
            os.makedirs(f"{_PLACE}{path}", exist_ok=True)
            mounts.bind_read_only(f"/proc/self/fd/{file}", f"{_PLACE}{path}")
        os.close(file)
    _show_configuration(user)
    mounts.mount_devices(f"{_PLACE}/dev")
    flags = linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY
    linux.mount("none", f"{_PLACE}/dev", flags=flags | linux.MS_NOSUID | linux.MS_NOEXEC)
    mounts.mount_processes(f"{_PLACE}/proc")
    linux.mount("none", _PLACE, flags=flags | kept)
    linux.pivot_root(_PLACE)


def _becomes(user: int) -> bool:
    """Give up root; return whether there is a user for that, which a container may lack."""
    try:
        linux.become(user)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return True


def _show_configuration(user: int) -> None:
    for name in _CONFIGURATION:
        here, there = f"/etc/{name}", f"{_PLACE}/etc/{name}"
        if os.path.isdir(here):
            os.mkdir(there)
        elif os.path.isfile(here):
            with open(there, "w", encoding="utf-8"):
                pass
        else:
            continue
        mounts.bind_read_only(here, there)
    with open(f"{_PLACE}/etc/passwd", "w", encoding="utf-8") as accounts:
        accounts.write("root:x:0:0::/:/bin/false\n")
        accounts.write(f"function:x:{user}:{user}::/tmp:/bin/false\n")


def _stay_first_process() -> None:
    """Continue in a child; this process, the init of its namespace, only reaps."""
    linux.be_closed_to_others()
    child = os.fork()
    while child:
        if os.wait()[0] == child:
            os._exit(0)


def _confine(user: int, code: str, interpreter: list[str], own: str, port: int) -> None:
    if os.geteuid() == 0:
        kept: tuple[int, ...] = ()
        if landlock.version() and not all(map(_is_open, (code, *interpreter))):
            # An unprivileged user cannot reach it, and Landlock permits nothing else.
            kept = (_CAP_DAC_READ_SEARCH,)
        linux.become(user, kept)
    if landlock.version():
        configuration = [f"/etc/{name}" for name in _CONFIGURATION]
        programs = [f"/{top}" for top in (*FROM_THE_MACHINE, *mounts.STORES)]
        devices = ["/dev/random", "/dev/urandom"]
        readable = [*programs, *configuration, *interpreter, *devices, "/proc", code]
        landlock.restrict(readable, [own, "/dev/null", "/dev/zero", "/dev/full"], port)


def _make_own_folder(user: int) -> str:
    # Another cloud that was killed may have left the folder of a process of the same number.
    folder = f"/tmp/localcloud-function-{os.getpid()}-{os.urandom(4).hex()}"  # noqa: S108
    os.mkdir(folder, 0o700)
    if os.geteuid() == 0:
        os.chown(folder, user, user)
    return folder


def _remove(folder: str) -> None:
    import shutil  # noqa: PLC0415 - only the end pays for it

    shutil.rmtree(folder, ignore_errors=True)


def _is_open(path: str) -> bool:
    """Return whether every user may traverse a path."""
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return False
        path = os.path.dirname(path)
    return True
