"""The limits of an instance.

A control group limits an instance as a whole. Where the machine permits none, each process of the
instance is limited by itself, which is weaker; the cloud reports it.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
import resource
from typing import NamedTuple

from localcloud.sandbox.level import STRANGERS, Level

OUTPUT_LIMIT_BYTES = 24 * 1024
"""How much of a script's output is kept: the end, as the Cloud Assistant agent does."""

_OPEN_FILES = 4096
_COUNTS_BY_NAMESPACE = (5, 14)  # since then a user namespace counts its own processes only


class Limits(NamedTuple):
    """The most that an instance may use."""

    processes: int = 512
    memory_bytes: int = 1 << 30
    disk_bytes: int = 1 << 30


def restrict(limits: Limits, granted: set[str]) -> list[str]:
    """Limit each process by itself; return what is not limited as a whole."""
    restrict_files(limits.disk_bytes)
    if "memory" in granted:
        return []
    restrict_memory(limits.memory_bytes)
    return ["no control group for memory here: the limit holds for each process of an instance"]


def restrict_files(largest_bytes: int) -> None:
    """Limit the size of files and the number of open ones; write no core files."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, largest_bytes)


def restrict_memory(most_bytes: int) -> None:
    """Limit the memory of each process by itself."""
    _lower(resource.RLIMIT_DATA, most_bytes)


def processes_allowed(limits: Limits, level: Level, granted: set[str]) -> tuple[int | None, str]:
    """Return the process limit of this process's user, and what it leaves unlimited."""
    if "pids" in granted:
        return None, ""
    user = os.getresuid()[0]
    none = "no control group for processes here"
    if level is Level.USER_NAMESPACE:
        if _is_root_outside() or _kernel() < _COUNTS_BY_NAMESPACE:
            return None, f"{none}: their number is not limited"
        return limits.processes, ""
    if user in STRANGERS:
        return limits.processes, ""
    if user != 0:
        return limits.processes, f"{none}: the limit also counts the user's own ones"
    return None, f"{none}: their number is not limited"


def restrict_processes(allowed: int) -> None:
    """Limit the user of this process to that many processes more than it has now."""
    user = os.getresuid()[0]
    own = 0 if user == 0 or user in STRANGERS else _threads_of(user)
    _lower(resource.RLIMIT_NPROC, allowed + own)


def _is_root_outside() -> bool:
    """Return whether root of this user namespace is the machine's root as well."""
    with open("/proc/self/uid_map", encoding="utf-8") as mapping:
        return mapping.read().split()[1] == "0"


def _threads_of(user: int) -> int:
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue  # it has ended
    return count


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (lowered, lowered))
