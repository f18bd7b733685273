"""The nonces that were used: a signature that is still good is accepted once.

They are kept in memory and appended to a file, so that a restart forgets none. Nobody waits for the
disk: only a crash of the whole machine could lose some.
"""

from contextlib import suppress
from hashlib import blake2b
from io import FileIO
from pathlib import Path

_FEW = 10_000


class Nonces:
    """What was used within the last ``window`` seconds.

    Args:
        window: for how long a signature may be good, at most.
        now: seconds since 1970.
        path: the file that outlives the process; nothing: memory only.
    """

    def __init__(self, window: float, now: float, path: Path | None = None) -> None:
        self._window = window
        self._used: dict[str, float] = {}
        self._lines = 0
        self._file: FileIO | None = None
        if path is not None:
            for line in path.read_text(errors="replace").splitlines() if path.exists() else ():
                seconds, _, mark = line.partition(" ")
                if seconds.isdigit() and float(seconds) > now - window:
                    self._used[mark] = float(seconds)
            path.touch(mode=0o600)
            self._file = path.open("ab", buffering=0)
            self._rewrite(self._file)

    def take(self, key: str, nonce: str, now: float) -> bool:
        """Use a key's nonce; false if it was used before."""
        while self._used and next(iter(self._used.values())) <= now - self._window:
            del self._used[next(iter(self._used))]
        mark = blake2b(f"{key}\n{nonce}".encode(), digest_size=16).hexdigest()
        if mark in self._used:
            return False
        self._used[mark] = now
        if self._file is not None:
            self._append(self._file, f"{now:.0f} {mark}\n")
        return True

    def _append(self, file: FileIO, line: str) -> None:
        # On a full disk the memory is still there.
        with suppress(OSError):
            file.write(line.encode())
        self._lines += 1
        if self._lines > 2 * len(self._used) + _FEW:
            self._rewrite(file)

    def _rewrite(self, file: FileIO) -> None:
        """Leave out of the file what is too old to matter."""
        with suppress(OSError):
            file.truncate(0)
            file.write(b"".join(f"{t:.0f} {m}\n".encode() for m, t in self._used.items()))
        self._lines = len(self._used)
