"""The folder of one local cloud's state: held by one process, readable by its owner alone.

``access-key.json`` is the account's key, which whoever may read the folder may use. ``lock`` is
held for as long as the process lives, and says who holds it.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localcloud.access_key import PREFIX, AccessKey
from localcloud.commandline.errors import UserError

KEY_FILE = "access-key.json"
_LOCK_FILE = "lock"


class DataFolderError(UserError):
    """The state can't be kept in the folder; the message says why and what to do."""


class DataFolder:
    """A folder that this process holds until it closes it or ends.

    Raises:
        DataFolderError: if another process holds it, or it can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _one_line(path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Not flock(): its locks are inherited, and a process that the cloud started may
                # outlive it after a kill -9.
                fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataFolderError(self._held()) from None
            self.note()
            self.access_key = self._key()

    @property
    def access_key_file(self) -> Path:
        """Where the account's key is."""
        return self.path / KEY_FILE

    def note(self, endpoint: str = "") -> None:
        """Write into the lock who holds it, for whoever comes second."""
        text = json.dumps({"process": os.getpid(), "endpoint": endpoint})
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, text.encode(), 0)

    def close(self) -> None:
        """Release the folder to other processes."""
        os.close(self._lock)

    def _held(self) -> str:
        holder: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            holder = json.loads(os.pread(self._lock, 4096, 0))
        endpoint, process = holder.get("endpoint"), holder.get("process", "unknown")
        where = f"at {endpoint} " if endpoint else ""
        return (
            f"a local cloud runs on {self.path} already, {where}(process {process}); use that one, "
            f"stop it with 'kill {process}', or choose another folder with --data"
        )

    def _key(self) -> AccessKey:
        if self.access_key_file.exists():
            return read_access_key(self.access_key_file)
        key = AccessKey.random()
        text = json.dumps({"access_key_id": key.id, "access_key_secret": key.secret})
        # Whole or not at all: half a key would be no key for ever.
        unfinished = self.access_key_file.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600, exist_ok=False)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.rename(self.access_key_file)
        return key


def read_access_key(path: Path) -> AccessKey:
    """Return the key in a file.

    Raises:
        DataFolderError: if it can't be read or is not a key of a local cloud.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        key = AccessKey(found["access_key_id"], found["access_key_secret"])
        if key.id.startswith(PREFIX) and key.secret:
            return key
    except OSError as error:
        raise DataFolderError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise DataFolderError(
        f"{path} holds no key of a local cloud; remove it, and the next start makes another"
    )


@contextlib.contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataFolderError(
            f"cannot use {error.filename or path}: {error.strerror}; choose another folder with "
            "--data"
        ) from error
