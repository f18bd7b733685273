"""A control group per sandbox, which limits all of its processes together.

The group is created beside the cloud's own, in whichever hierarchies the machine has and permits:
version 1, version 2 or both. Where it permits none, nothing is limited this way.

Standard library only: agents and functions import this without site packages.
"""

import os

_PREFIX = "localcloud-"
_CONTROLLERS = {"pids", "memory"}
_UNIFIED = "cgroup2"


class ControlGroup:
    """A control group: created, entered by the process to be limited, and removed."""

    def __init__(self, processes: int, memory_bytes: int) -> None:
        self.granted: set[str] = set()
        """What the group limits: ``pids``, ``memory``."""
        self._name = f"{_PREFIX}{os.getpid()}"
        self._parents: list[int] = []
        self._doors: list[int] = []
        for folder, controllers, unified in _hierarchies():
            parent = _parent_with_limits(folder) if unified else folder
            self._make(parent, controllers, unified, processes, memory_bytes)

    def enter(self) -> None:
        """Move this process, and everything that it starts later, into the group."""
        for door in self._doors:
            os.write(door, b"0")
            os.close(door)
        for parent in self._parents:
            os.close(parent)

    def remove(self) -> None:
        """Remove the group; no process may be left in it."""
        for parent in self._parents:
            try:
                os.rmdir(self._name, dir_fd=parent)
            except OSError:
                continue  # the next cloud removes it

    def _make(
        self, parent: str, controllers: set[str], unified: bool, processes: int, memory: int
    ) -> None:
        try:
            _sweep(parent)
            place = f"{parent}/{self._name}"
            os.mkdir(place, 0o755)
            try:
                door = os.open(f"{place}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
                self._parents.append(os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
            except OSError:
                os.rmdir(place)
                return
        except OSError:
            return  # this machine permits no new groups here
        self._doors.append(door)
        for controller, files in _limits(unified, processes, memory).items():
            wanted = [(f"{place}/{name}", value) for name, value in files]
            if (unified or controller in controllers) and _write(*wanted[0]):
                self.granted.add(controller)
                for path, value in wanted[1:]:
                    _write(path, value)  # swap is not accounted for everywhere


def _limits(unified: bool, processes: int, memory: int) -> dict[str, list[tuple[str, int]]]:
    if unified:
        return {
            "pids": [("pids.max", processes)],
            "memory": [("memory.max", memory), ("memory.swap.max", 0)],
        }
    return {
        "pids": [("pids.max", processes)],
        "memory": [("memory.limit_in_bytes", memory), ("memory.memsw.limit_in_bytes", memory)],
    }


def _write(path: str, value: int) -> bool:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(file, str(value).encode())
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def _hierarchies() -> list[tuple[str, set[str], bool]]:
    """Return this process's folder and its controllers in each hierarchy that can limit it."""
    found = []
    mounts = _mounts()
    for line in _lines("/proc/self/cgroup"):
        _, names, path = line.split(":", 2)
        controllers = set(names.split(",")) & _CONTROLLERS
        if names and not controllers:
            continue
        for kind, root, place, options in mounts:
            right = kind == _UNIFIED if not names else bool(controllers & options)
            if right and f"{path}/".startswith(f"{root.rstrip('/')}/"):
                below = path if root == "/" else path[len(root) :]
                found.append((f"{place}{below}".rstrip("/"), controllers, not names))
                break
    return found


def _mounts() -> list[tuple[str, str, str, set[str]]]:
    """Return kind, root, place and options of the control groups' file systems."""
    found = []
    for line in _lines("/proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(), right.split(" ", 2)
        if kind in {"cgroup", _UNIFIED}:
            found.append((kind, fields[3], fields[4], set(options.split(","))))
    return found


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _parent_with_limits(folder: str) -> str:
    """Return the nearest group of version 2 whose children are limited, or else ``folder``."""
    # A group with processes of its own cannot limit its children, so it is rarely the cloud's.
    place = folder
    while os.path.exists(f"{place}/cgroup.controllers"):
        limited = set(" ".join(_lines(f"{place}/cgroup.subtree_control")).split())
        if limited >= _CONTROLLERS and os.access(place, os.W_OK):
            return place
        place = os.path.dirname(place)
    return folder


def _sweep(parent: str) -> None:
    """Remove the groups of clouds that were killed."""
    for name in os.listdir(parent):
        maker = name.removeprefix(_PREFIX)
        if maker != name and not os.path.exists(f"/proc/{maker}"):
            try:
                os.rmdir(f"{parent}/{name}")
            except OSError:
                continue  # another user's, or not empty yet
