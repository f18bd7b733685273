"""Look at an instance's files from outside, without ever following a link out of it.

Every path is walked by hand, name by name and with links resolved inside the instance's own root,
so that a link created by a script cannot point the cloud at the machine's files.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcloud.sandbox.level import FROM_THE_MACHINE

CONTENT_LIMIT_BYTES = 1 << 20
_LINKS_FOLLOWED = 40
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


class NoSuchPathError(FileNotFoundError):
    """The instance has no such path, or it cannot be read."""


@dataclass(frozen=True)
class Entry:
    """A file, folder or link as it is in the instance."""

    path: str
    kind: str
    """``file``, ``folder``, ``link``, ``pipe``, ``socket`` or ``device``."""
    mode: str
    """As octal digits: ``0640``."""
    owner: int
    group: int
    size: int
    modified: float
    target: str = ""
    """Where a link points."""


class Files:
    """The file tree of an instance: its own files over the machine's programs."""

    def __init__(self, folder: Path, owner: int | None = None) -> None:
        """Take the instance's folder and, without real root, the user that stands for root."""
        self._folder = folder
        self._owner = owner

    def entry(self, path: str) -> Entry:
        """Describe a file or folder; links on the way and at the end are followed."""
        with self._opened(path) as (places, inside):
            return self._describe(inside, os.fstat(places[0]), "")

    def listing(self, path: str) -> list[Entry]:
        """Describe what a folder holds, by name."""
        seen: dict[str, Entry | None] = {}
        with self._opened(path) as (places, inside):
            if not stat.S_ISDIR(os.fstat(places[0]).st_mode):
                raise NoSuchPathError(f"'{path}' is not a folder in the instance")
            for place in places:
                try:
                    names = os.listdir(f"/proc/self/fd/{place}")
                except OSError as error:
                    raise NoSuchPathError(f"'{path}' cannot be read: {error.strerror}") from error
                for name in names:
                    if name not in seen:
                        seen[name] = self._entry_in(place, inside, name)
        return [entry for _, entry in sorted(seen.items()) if entry is not None]

    def content(self, path: str, limit: int = CONTENT_LIMIT_BYTES) -> bytes:
        """Return the beginning of a regular file."""
        with self._opened(path) as (places, _):
            if not stat.S_ISREG(os.fstat(places[0]).st_mode):
                raise NoSuchPathError(f"'{path}' is not a file in the instance")
            try:
                # Reopened through its descriptor: exactly the file that the walk reached.
                with Path(f"/proc/self/fd/{places[0]}").open("rb") as file:
                    return file.read(limit)
            except OSError as error:
                raise NoSuchPathError(f"'{path}' cannot be read: {error.strerror}") from error

    @contextmanager
    def _opened(self, path: str) -> Iterator[tuple[list[int], str]]:
        """Open what a path leads to: one descriptor, or one per layer of a folder."""
        inside: list[str] = []
        todo = _parts(path)
        links = 0
        with ExitStack() as stack:
            places = self._layers(inside, stack)
            while todo:
                name = todo.pop(0)
                if name == "..":
                    inside = inside[:-1]
                    places = self._layers(inside, stack)
                    continue
                found = self._layers([*inside, name], stack)
                if not found:
                    raise NoSuchPathError(f"'{path}' is not in the instance")
                if not stat.S_ISLNK(os.fstat(found[0]).st_mode):
                    inside, places = [*inside, name], found
                    continue
                links += 1
                if links > _LINKS_FOLLOWED:
                    raise NoSuchPathError(f"'{path}' leads through too many links")
                target = os.readlink("", dir_fd=found[0])
                todo = _parts(target) + todo
                if target.startswith("/"):
                    inside = []
                    places = self._layers(inside, stack)
            yield places, "/" + "/".join(inside)

    def _layers(self, parts: list[str], stack: ExitStack) -> list[int]:
        """Open a path without links, except perhaps at its end, in each layer that has it."""
        root = self._folder / "root"
        bases, below = [root], parts
        if parts and parts[0] in FROM_THE_MACHINE and not (root / parts[0]).is_symlink():
            top = parts[0]
            # Without mounts an instance writes below its root; with them into the upper layer.
            layers = (root / top, *(self._folder / kind / top for kind in ("upper", "standins")))
            bases, below = (
                [layer for layer in (*layers, Path("/", top)) if layer.is_dir()],
                parts[1:],
            )
        found: list[int] = []
        for base in bases:
            place, covers = _descend(base, below, stack)
            if place is None:
                if covers:
                    break
                continue
            if found and not stat.S_ISDIR(os.fstat(place).st_mode):
                break
            found.append(place)
            if covers or not stat.S_ISDIR(os.fstat(place).st_mode):
                break
        return found

    def _entry_in(self, place: int, inside: str, name: str) -> Entry | None:
        try:
            status = os.stat(name, dir_fd=place, follow_symlinks=False)
            link = stat.S_ISLNK(status.st_mode)
            target = os.readlink(name, dir_fd=place) if link else ""
        except OSError:
            return None
        if _is_whiteout(status):
            return None
        return self._describe(f"{inside.rstrip('/')}/{name}", status, target)

    def _describe(self, path: str, status: os.stat_result, target: str) -> Entry:
        root = self._owner is not None and status.st_uid == self._owner
        return Entry(
            path,
            _KINDS.get(stat.S_IFMT(status.st_mode), "device"),
            f"{stat.S_IMODE(status.st_mode):04o}",
            0 if root else status.st_uid,
            0 if root else status.st_gid,
            status.st_size,
            status.st_mtime,
            target,
        )


def _descend(base: Path, parts: list[str], stack: ExitStack) -> tuple[int | None, bool]:
    """Open a path in one layer; return whether the layer hides those below it."""
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        place = os.open(base, flags)
        stack.callback(os.close, place)
        covers = False
        for name in parts:
            place = os.open(name, flags, dir_fd=place)
            stack.callback(os.close, place)
            status = os.fstat(place)
            if _is_whiteout(status):
                return None, True
            covers = covers or _is_opaque(place, status)
    except OSError:
        return None, False
    return place, covers


def _is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_opaque(place: int, status: os.stat_result) -> bool:
    if not stat.S_ISDIR(status.st_mode):
        return False
    for name in _OPAQUE:
        try:
            if os.getxattr(f"/proc/self/fd/{place}", name) == b"y":
                return True
        except OSError:
            continue
    return False


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]
