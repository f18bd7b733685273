"""The store keeps what was flushed, in the order it came, whatever happens to the process."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from localcloud.store import Store, StoreFailed, Table


@dataclass(frozen=True)
class Row:
    """A resource as services keep them."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a place for the state."""
    return tmp_path / "state.sqlite"


def test_flushed_rows_are_there_after_a_restart(path: Path) -> None:
    """A table that is opened again has the rows that were flushed, text for text."""

    async def session() -> None:
        store = Store(path)
        table = Table(store, "role", Row)
        table.put("a", Row("a", {"app": "中文 \" ' \n"}))
        table.put("b", Row("b"))
        table.put("b", Row("b2"))
        table.delete("missing")
        await store.flush()
        store.close()

    asyncio.run(session())
    again = Store(path)
    rows = dict(Table(again, "role", Row).items())
    assert {"a": Row("a", {"app": "中文 \" ' \n"}), "b": Row("b2")} == rows
    again.close()


def test_kinds_do_not_mix(path: Path) -> None:
    """Rows of one kind are invisible to the table of another."""
    store = Store(path)
    Table(store, "role", Row).put("a", Row("a"))
    assert [] == list(Table(store, "policy", Row))
    store.close()


def test_many_flushes_share_transactions(path: Path) -> None:
    """A thousand concurrent writers are all durable, in the order in which they wrote."""

    async def session() -> list[int]:
        store = Store(path)
        store.create("CREATE TABLE log (n INTEGER)")

        async def writer(n: int) -> None:
            store.write("INSERT INTO log VALUES (?)", (n,))
            await store.flush()
            (row,) = store.read("SELECT count(*) AS n FROM log WHERE n = ?", (n,))
            assert 1 == row["n"]

        await asyncio.gather(*(writer(n) for n in range(1000)))
        found = [row["n"] for row in store.read("SELECT n FROM log ORDER BY rowid")]
        store.close()
        return found

    assert list(range(1000)) == asyncio.run(session())


def test_a_failed_batch_leaves_nothing_and_is_told_to_all(path: Path) -> None:
    """When one statement fails, its whole batch is undone and every waiter learns of it."""

    async def session() -> None:
        store = Store(path)
        table = Table(store, "role", Row)
        await store.flush()
        with store.together():
            table.put("a", Row("a"))
            store.write("INSERT INTO no_such_table VALUES (1)")
            waiting = [asyncio.ensure_future(store.flush()) for _ in range(3)]
            await asyncio.sleep(0)  # all of them wait before the writer can begin
        for failure in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(failure, StoreFailed)
            assert "could not be written: no such table: no_such_table" in str(failure)
        # Who comes after the failure learns its cause as well.
        for late in (
            lambda: store.write("DELETE FROM resources"),
            lambda: asyncio.run(store.flush()),
        ):
            with pytest.raises(StoreFailed, match=r"no longer be written: .*no_such_table"):
                await asyncio.to_thread(late)
        store.close()

    asyncio.run(session())
    again = Store(path)
    assert [] == list(Table(again, "role", Row))
    again.close()


def test_a_killed_process_keeps_what_it_flushed(path: Path) -> None:
    """After kill -9 between two flushes the first is there and the second is not half there."""
    program = """
import asyncio, os, signal, sys
from pathlib import Path
from localcloud.store import Store

async def main():
    store = Store(Path(sys.argv[1]))
    store.create("CREATE TABLE log (n INTEGER)")
    store.write("INSERT INTO log VALUES (1)")
    await store.flush()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert -9 == done.returncode
    store = Store(path)
    assert [1] == [row["n"] for row in store.read("SELECT n FROM log")]
    store.close()
