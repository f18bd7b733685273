"""What was accepted survives: SQLite with group commit.

One thread owns the connection that writes to a disk. Statements are queued without waiting;
``flush`` waits until everything queued before it is on the disk. While one transaction is being
synced the next one gathers, so that many clients share one sync: that is what makes "durable before
the answer" cheap. Writes are never seen half: a batch is one transaction.

``Table`` keeps the rows of one kind of resource in memory and mirrors them here; what grows
without bound (events, deliveries, messages, logs) has a table of its own and is read with ``read``.

The standard library's ``sqlite3`` is used as it is: the wrappers in reach either cost more start
time than the whole server may take or give each statement a thread hop of its own.
"""

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from localcloud.commandline.errors import UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Statement = tuple[str, Sequence[Any]]

_RESOURCES = """
CREATE TABLE IF NOT EXISTS resources (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


# What a machine can get over: a full disk above all. The numbers are SQLite's "Result codes".
_TEMPORARY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_PRIMARY_CODE = 0xFF
_AGAIN_SECONDS = 1.0
_LARGEST_INTEGER = 2**63 - 1
_log = logging.getLogger("localcloud")


class StoreError(RuntimeError):
    """The state can't be written, so nothing more is accepted; the message says why."""


class StateError(UserError):
    """There is a file in the state's place that is not one, or not one that can be used."""


@contextmanager
def opening(path: Path | None) -> Iterator[None]:
    """Report in one line why a state cannot be used."""
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(
            f"cannot use the state in {path}: {error}; make room or mend it, move it away to begin "
            "anew, or choose another folder with --data"
        ) from error


class Store:
    """The state of one local cloud in one SQLite file (or in memory, for tests)."""

    def __init__(self, path: Path | None) -> None:
        # Not a shared cache: there a write fails at once when somebody reads the same table.
        name = str(path) if path else f"file:/localcloud-{id(self)}?vfs=memdb"
        if path:
            # SQLite gives its other files the same mode.
            path.touch(mode=0o600)
            path.chmod(0o600)
        self._reader = _connect(name, uri=path is None)
        self._writer = _connect(name, uri=path is None)
        self._writing = threading.Lock()
        self._condition = threading.Condition()
        self._statements: list[Statement] = []
        self._waiters: list[_Waiter] = []
        self._path = path
        self._failure: Exception | None = None
        self._is_final = False
        self._is_idle = True
        self._closing = False
        self._ending = threading.Event()
        self.on_written: Callable[[], None] = _nothing
        """Called after each batch that was written, on the thread that writes."""
        self.create(_RESOURCES)
        # What only lies in memory has no disk to wait for: a flush writes it on the spot.
        self._thread: threading.Thread | None = None
        if path:
            self._thread = threading.Thread(target=self._write_batches, name="store", daemon=True)
            self._thread.start()

    def create(self, script: str) -> None:
        """Create the tables and indexes of ``script`` at once, if they are not there."""
        # In one transaction: SQLite would sync the disk after each statement.
        with self._writing, self._writer:
            self._writer.executescript(f"BEGIN;{script};COMMIT;")

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Queue one statement; it is durable after the next ``flush``.

        Raises:
            ValueError: if a parameter can't be kept; a batch must not fail for one of many.
            StoreError: if nothing can be written any more.
        """
        _check_parameters(parameters)
        with self._condition:
            if self._is_final:
                self.check()
            self._statements.append((sql, parameters))
            self._condition.notify()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Put all statements of a block into one transaction: all become durable or none does."""
        # The condition's lock is re-entrant, so the writer can't take a batch before the end.
        with self._condition:
            yield

    async def flush(self, *, patient: bool = True) -> None:
        """Wait until everything queued before is on the disk.

        While the disk takes nothing, it waits until it does, if it is patient.

        Raises:
            StoreError: if nothing can be written any more, or not now and it is not patient.
        """
        with self._condition:
            if self._is_final or not patient:
                self.check()
            if self._is_idle and not self._statements and not self._failure:
                return
            done = self._next_batch(patient=patient) if self._thread else None
        if done:
            await done
        elif failure := self._write_batch():
            raise _not_written(failure)

    def _next_batch(self, *, patient: bool) -> asyncio.Future[None]:
        """Return what is done when the statements that are queued now are on the disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish(failure: Exception | None) -> None:
            if done.cancelled():
                return
            if failure:
                done.set_exception(_not_written(failure))
            else:
                done.set_result(None)

        self._waiters.append(_Waiter(partial(_call_in, loop, finish), patient))
        self._condition.notify()
        return done

    def check(self) -> None:
        """Raise if the state can't be written at the moment."""
        if self._failure:
            raise StoreError(self._told(self._failure)) from self._failure

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return a query's rows over what is on the disk (flush first to see what is queued)."""
        return self._reader.execute(sql, parameters).fetchall()

    def resources(self) -> dict[str, list[str]]:
        """Return the keys of the rows of every ``Table`` that are on the disk, by kind."""
        found: dict[str, list[str]] = {}
        for row in self.read("SELECT kind, key FROM resources ORDER BY kind, key"):
            found.setdefault(row["kind"], []).append(row["key"])
        return found

    def close(self) -> None:
        """Write what is queued and let go of the file."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._ending.set()
        if self._thread:
            self._thread.join()
        else:
            self._write_batch(is_last=True)
        self._writer.close()
        self._reader.close()

    def _told(self, failure: Exception) -> str:
        # The first failure is the cause of all later ones, and whoever comes late must see it.
        if self._is_final:
            return f"the state can no longer be written: {failure}; start the local cloud again"
        return f"the state in {self._path} cannot be written: {failure}; make room, and it goes on"

    def _write_batches(self) -> None:
        is_last = False
        while not is_last:
            with self._condition:
                self._condition.wait_for(lambda: self._statements or self._waiters or self._closing)
                is_last = self._closing
            failure = self._write_batch(is_last=is_last)
            if failure and not self._is_final:
                self._ending.wait(_AGAIN_SECONDS)

    def _write_batch(self, *, is_last: bool = False) -> Exception | None:
        """Write what is queued, and tell those who wait for it; return why it failed."""
        with self._condition:
            statements, self._statements = self._statements, []
            waiters, self._waiters = self._waiters, []
            self._is_idle = False
        failure = self._commit(statements)
        with self._condition:
            if failure and _is_temporary(failure) and not is_last:
                # Nothing is lost: memory and disk agree again once these are written.
                self._statements[:0] = statements
                self._waiters[:0] = [waiter for waiter in waiters if waiter.is_patient]
                waiters = [waiter for waiter in waiters if not waiter.is_patient]
            self._note(failure)
            self._is_idle = True
        for waiter in waiters:
            waiter.finish(failure)
        if statements and not failure:
            self.on_written()
        return failure

    def _note(self, failure: Exception | None) -> None:
        """Remember how the last batch went, and say it once."""
        before, self._failure = self._failure, failure
        self._is_final = failure is not None and not _is_temporary(failure)
        if failure and not before:
            _log.error("%s", self._told(failure))
        elif before and not failure:
            _log.error("the state in %s is written again", self._path)

    def _commit(self, statements: list[Statement]) -> Exception | None:
        if self._is_final or not statements:
            return self._failure
        try:
            with self._writing, self._writer:
                self._writer.execute("BEGIN")
                for sql, parameters in statements:
                    self._writer.execute(sql, parameters)
        except Exception as error:
            # Whatever it is: waiters must learn of it, or they would wait for ever.
            return error
        return None


@dataclass(frozen=True, slots=True)
class _Waiter:
    """Somebody who wants to know that what was queued is on the disk."""

    finish: Callable[[Exception | None], None]
    is_patient: bool


def _not_written(failure: Exception) -> StoreError:
    return StoreError(f"the state could not be written: {failure}")


def _nothing() -> None:
    """Stand in until somebody wants to know that something was written."""


def _is_temporary(failure: Exception) -> bool:
    code = getattr(failure, "sqlite_errorcode", 0) & _PRIMARY_CODE
    return isinstance(failure, sqlite3.OperationalError) and code in _TEMPORARY


def _check_parameters(parameters: Sequence[Any]) -> None:
    for value in parameters:
        if isinstance(value, str):
            if not value.isascii():
                value.encode()
        elif isinstance(value, int) and not -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER:
            raise ValueError(f"{value:.3e} is too large to be kept")


class Table(Generic[T]):
    """The resources of one kind: in memory to read, on the disk to survive.

    ``T`` is a dataclass of JSON values. Reads are dictionary look-ups; ``put`` and ``delete`` are
    durable after the store's next flush, which the gateway awaits before it answers.
    """

    def __init__(self, store: Store, kind: str, row: type[T]) -> None:
        self._store = store
        self._kind = kind
        self._rows: dict[str, T] = {}
        for found in store.read(
            "SELECT key, value FROM resources WHERE kind = ? ORDER BY key", (kind,)
        ):
            try:
                self._rows[found["key"]] = row(**json.loads(found["value"]))
            except (ValueError, TypeError) as error:
                # One that an older version wrote, or a hand, must not hide the others.
                _log.warning("left out %s '%s' of the state: %s", kind, found["key"], error)

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._rows.values()))

    def get(self, key: str) -> T | None:
        """Return the row with that key, or None."""
        return self._rows.get(key)

    def items(self) -> Iterable[tuple[str, T]]:
        """Return the keys and rows, as they are now."""
        return list(self._rows.items())

    def put(self, key: str, row: T) -> None:
        """Insert or replace a row."""
        self._store.write(
            "INSERT INTO resources (kind, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            (self._kind, key, json.dumps(asdict(row))),
        )
        self._rows[key] = row

    def delete(self, key: str) -> T | None:
        """Delete a row and return it, or None if there was none."""
        row = self._rows.pop(key, None)
        if row is not None:
            self._store.write("DELETE FROM resources WHERE kind = ? AND key = ?", (self._kind, key))
        return row


def _call_in(
    loop: asyncio.AbstractEventLoop,
    finish: Callable[[Exception | None], None],
    failure: Exception | None,
) -> None:
    loop.call_soon_threadsafe(finish, failure)


def _connect(name: str, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(name, uri=uri, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    # WAL with a full sync: a commit is on the disk when it returns, and readers do not wait for it.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection
