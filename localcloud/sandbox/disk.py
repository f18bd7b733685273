"""How much an instance has on the disk, measured from outside.

No kernel limits what a folder may hold, but for file systems that were set up for it. So the guard
of an instance measures, twice a second while scripts run, and scripts that fill it up are ended.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
import socket
import stat

_QUESTION = b"?"
_FULL = b"full"
_FINE = b"fine"
_BLOCK = 512
_DEEPEST = 200


class Meter:
    """Measures the folder of an instance for its agent, which can't see all of it."""

    def __init__(self, folder: str, limit_bytes: int) -> None:
        self.agents, self._own = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._limit = limit_bytes
        self._used = used(self._folder)
        self._free = self._free_now()

    def fileno(self) -> int:
        """Give the descriptor at which the agent's question arrives."""
        return self._own.fileno()

    def answer(self) -> None:
        """Measure and tell the agent whether the disk is full."""
        self._own.recv(len(_QUESTION))
        self._own.send(_FULL if self._is_full() else _FINE)

    def close(self) -> None:
        """Let go of what only the guard needs."""
        self._own.close()
        os.close(self._folder)

    def _is_full(self) -> bool:
        free = self._free_now()
        if free > self._free - (self._limit - self._used):
            # Even if all that the disk has lost since was written by the instance, it has room.
            return False
        before, self._used, self._free = self._used, used(self._folder), free
        # Whoever only removes something goes on.
        return self._used > self._limit and self._used > before

    def _free_now(self) -> int:
        status = os.fstatvfs(self._folder)
        return status.f_bfree * status.f_frsize


def ask(agents: socket.socket) -> None:
    """Ask the guard whether the disk is full; the answer comes later."""
    agents.send(_QUESTION)


def is_full(agents: socket.socket) -> bool:
    """Read the guard's answer."""
    return agents.recv(len(_FULL)) == _FULL


def used(folder: int, depth: int = 0) -> int:
    """Give the bytes that a folder and all below it take on the disk, links not followed."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
                total += status.st_blocks * _BLOCK // max(status.st_nlink, 1)
                if stat.S_ISDIR(status.st_mode) and depth < _DEEPEST:
                    total += _used_below(folder, entry.name, depth)
            except OSError:
                continue  # gone meanwhile
    return total


def _opened(name: str, folder: int, how: int) -> int:
    place = os.open(name, how | os.O_PATH, dir_fd=folder)
    try:
        os.chmod(f"/proc/self/fd/{place}", 0o700)
        return os.open(f"/proc/self/fd/{place}", how & ~os.O_NOFOLLOW)
    finally:
        os.close(place)


def _used_below(folder: int, name: str, depth: int) -> int:
    how = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        below = os.open(name, how, dir_fd=folder)
    except PermissionError:
        # Its owner has closed it, and is the user of the guard; what is opened can't be exchanged.
        below = _opened(name, folder, how)
    try:
        return used(below, depth + 1)
    finally:
        os.close(below)
