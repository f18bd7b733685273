"""What was accepted survives: SQLite with group commit.

One thread owns the connection that writes. Statements are queued without waiting; ``flush`` waits
until everything queued before it is on the disk. While one transaction is being synced the next
one gathers, so that many clients share one sync: that is what makes "durable before the answer"
cheap. Writes are never seen half: a batch is one transaction.

``Table`` keeps the rows of one kind of resource in memory and mirrors them here; what grows
without bound (events, deliveries, messages, logs) has a table of its own and is read with ``read``.

The standard library's ``sqlite3`` is used as it is: the wrappers in reach either cost more start
time than the whole server may take or give each statement a thread hop of its own.
"""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Statement = tuple[str, Sequence[Any]]

_RESOURCES = """
CREATE TABLE IF NOT EXISTS resources (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


class StoreFailed(RuntimeError):
    """The state could not be written; nothing accepted since then is safe, so the server stops."""


class Store:
    """The state of one local cloud in one SQLite file (or in memory, for tests)."""

    def __init__(self, path: Path | None) -> None:
        # Not a shared cache: there a write fails at once when somebody reads the same table.
        name = str(path) if path else f"file:/localcloud-{id(self)}?vfs=memdb"
        self._reader = _connect(name, uri=path is None)
        self._writer = _connect(name, uri=path is None)
        self._writing = threading.Lock()
        self._condition = threading.Condition()
        self._statements: list[Statement] = []
        self._waiters: list[Callable[[Exception | None], None]] = []
        self._failure: Exception | None = None
        self._closing = False
        self.create(_RESOURCES)
        self._thread = threading.Thread(target=self._write_batches, name="store", daemon=True)
        self._thread.start()

    def create(self, script: str) -> None:
        """Make the tables and indexes of ``script`` at once, if they are not there."""
        with self._writing:
            self._writer.executescript(script)

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Queue one statement; it is durable after the next ``flush``."""
        with self._condition:
            self._check()
            self._statements.append((sql, parameters))
            self._condition.notify()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Put all statements of the block into one transaction: all are durable or none is."""
        # The condition's lock is re-entrant, so the writer can't take a batch before the end.
        with self._condition:
            yield

    async def flush(self) -> None:
        """Wait until everything queued before is on the disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish(failure: Exception | None) -> None:
            if done.cancelled():
                return
            if failure:
                done.set_exception(StoreFailed(f"the state could not be written: {failure}"))
            else:
                done.set_result(None)

        with self._condition:
            self._check()
            self._waiters.append(partial(_call_in, loop, finish))
            self._condition.notify()
        await done

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Give the rows of a query over what is on the disk (flush first to see what is queued)."""
        return self._reader.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Write what is queued and let go of the file."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()
        self._writer.close()
        self._reader.close()

    def _check(self) -> None:
        if self._failure:
            # The first failure is the cause of all later ones, and whoever comes late must see it.
            message = f"the state can no longer be written: {self._failure}"
            raise StoreFailed(message) from self._failure

    def _write_batches(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._statements or self._waiters or self._closing)
                statements, self._statements = self._statements, []
                waiters, self._waiters = self._waiters, []
                closing = self._closing
            failure = self._commit(statements)
            for waiter in waiters:
                waiter(failure)
            if closing:
                return

    def _commit(self, statements: list[Statement]) -> Exception | None:
        if self._failure or not statements:
            return self._failure
        try:
            with self._writing, self._writer:
                self._writer.execute("BEGIN")
                for sql, parameters in statements:
                    self._writer.execute(sql, parameters)
        except Exception as error:
            # Whatever it is: waiters must learn of it, or they would wait for ever.
            with self._condition:
                self._failure = error
            return error
        return None


class Table(Generic[T]):
    """The resources of one kind: in memory to read, on the disk to survive.

    ``T`` is a dataclass of JSON values. Reads are dictionary look-ups; ``put`` and ``delete`` are
    durable after the store's next flush, which the gateway awaits before it answers.
    """

    def __init__(self, store: Store, kind: str, row: type[T]) -> None:
        self._store = store
        self._kind = kind
        rows = store.read("SELECT key, value FROM resources WHERE kind = ? ORDER BY key", (kind,))
        self._rows: dict[str, T] = {r["key"]: row(**json.loads(r["value"])) for r in rows}

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._rows.values()))

    def get(self, key: str) -> T | None:
        """Give the row with that key, or nothing."""
        return self._rows.get(key)

    def items(self) -> Iterable[tuple[str, T]]:
        """Give the keys and rows, as they are now."""
        return list(self._rows.items())

    def put(self, key: str, row: T) -> None:
        """Insert or replace a row."""
        self._rows[key] = row
        self._store.write(
            "INSERT INTO resources (kind, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            (self._kind, key, json.dumps(asdict(row))),
        )

    def delete(self, key: str) -> T | None:
        """Take a row away and give it, or nothing if there was none."""
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
