"""Measures from outside how much disk an instance uses.

The kernel limits the size of a folder only on file systems with project quotas. So the guard of an
instance measures it twice a second while scripts run, and scripts that exceed the limit are killed.

Standard library only: the agent of an instance imports this without site packages.
"""

import os
import socket
import stat

_MEASURE = b"measure"
_SETTLE = b"settle"
_FULL = b"full"
_FINE = b"fine"
_BLOCK = 512
_DEEPEST = 200
_LITTLE = 1 << 20  # what a script that frees space needs, its own file included


class Meter:
    """Measures the folder of an instance for its agent, which cannot see all of it."""

    def __init__(self, folder: str, limit_bytes: int) -> None:
        self.agents, self._own = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._limit = self._ceiling = limit_bytes
        self._used = self._free = 0
        self._settle()

    def fileno(self) -> int:
        """Return the descriptor on which the agent's requests arrive."""
        return self._own.fileno()

    def answer(self) -> None:
        """Measure, and tell the agent whether the disk is full."""
        if self._own.recv(len(_MEASURE)) == _SETTLE:
            self._settle()
        self._own.send(_FULL if self._is_full() else _FINE)

    def close(self) -> None:
        """Close what only the guard needs."""
        self._own.close()
        os.close(self._folder)

    def _is_full(self) -> bool:
        free = self._free_now()
        if free > self._free - (self._ceiling - self._used):
            # Even if the instance wrote everything that was written since, it is below the limit.
            return False
        self._used, self._free = used(self._folder), free
        if self._used <= self._limit:
            self._ceiling = self._limit
        return self._used > self._ceiling

    def _settle(self) -> None:
        """Accept what is there now: a script that frees space on a full disk must not be killed."""
        self._used, self._free = used(self._folder), self._free_now()
        self._ceiling = max(self._limit, self._used + _LITTLE)

    def _free_now(self) -> int:
        status = os.fstatvfs(self._folder)
        return status.f_bfree * status.f_frsize


class Gauge:
    """The agent's side: asks the guard, which answers asynchronously."""

    def __init__(self, agents: socket.socket) -> None:
        self._agents = agents
        self._unanswered = 0

    def fileno(self) -> int:
        """Return the descriptor on which answers arrive."""
        return self._agents.fileno()

    def close(self) -> None:
        """Close the connection to the guard."""
        self._agents.close()

    def ask(self, question: bytes = _MEASURE) -> None:
        """Ask the guard to measure."""
        self._agents.send(question)
        self._unanswered += 1

    def is_full(self) -> bool:
        """Read an answer; return whether the disk is full."""
        self._unanswered -= 1
        return self._agents.recv(len(_FULL)) == _FULL

    def settle(self) -> None:
        """Accept what has been written so far."""
        self.ask(_SETTLE)
        while self._unanswered:
            self.is_full()


def used(folder: int, depth: int = 0) -> int:
    """Return the bytes that a folder and all below it take on the disk, links not followed."""
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
        # Its owner, the guard's user, has closed it; an opened folder cannot be swapped.
        below = _opened(name, folder, how)
    try:
        return used(below, depth + 1)
    finally:
        os.close(below)
