"""The store keeps what was flushed, in the order it came, whatever happens to the process."""

import asyncio
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from localcloud.store import StateError, Store, StoreError, Table, opening


@dataclass(frozen=True)
class Row:
    """A resource as services keep them."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a place for the state."""
    return tmp_path / "state.sqlite"


async def test_flushed_rows_are_there_after_a_restart(path: Path) -> None:
    """A table that is opened again has the rows that were flushed, text for text."""
    store = Store(path)
    table = Table(store, "role", Row)
    table.put("a", Row("a", {"app": "中文 \" ' \n"}))
    table.put("b", Row("b"))
    table.put("b", Row("b2"))
    table.delete("missing")
    await store.flush()
    store.close()
    again = Store(path)
    rows = dict(Table(again, "role", Row).items())
    assert rows == {"a": Row("a", {"app": "中文 \" ' \n"}), "b": Row("b2")}
    again.close()


def test_kinds_do_not_mix(path: Path) -> None:
    """Rows of one kind are invisible to the table of another."""
    store = Store(path)
    Table(store, "role", Row).put("a", Row("a"))
    assert list(Table(store, "policy", Row)) == []
    store.close()


async def test_many_flushes_share_transactions(path: Path) -> None:
    """A thousand concurrent writers are all durable, in the order in which they wrote."""
    store = Store(path)
    store.create("CREATE TABLE log (n INTEGER)")

    async def writer(n: int) -> None:
        store.write("INSERT INTO log VALUES (?)", (n,))
        await store.flush()
        (row,) = store.read("SELECT count(*) AS n FROM log WHERE n = ?", (n,))
        assert row["n"] == 1

    await asyncio.gather(*(writer(n) for n in range(1000)))
    found = [row["n"] for row in store.read("SELECT n FROM log ORDER BY rowid")]
    store.close()

    assert found == list(range(1000))


async def test_a_flush_waits_for_what_is_being_written(path: Path) -> None:
    """It is not over while the batch with the rows is on its way to the disk."""
    store = Store(path)
    store.create("CREATE TABLE log (n INTEGER)")
    await store.flush()
    with store._writing:
        store.write("INSERT INTO log VALUES (1)")
        while store._statements:  # noqa: ASYNC110 - until the writing thread has taken it
            await asyncio.sleep(0.001)
        flushing = asyncio.create_task(store.flush())
        await asyncio.sleep(0.05)
        assert not flushing.done()
    await flushing
    assert len(store.read("SELECT n FROM log")) == 1
    store.close()


async def test_what_lies_in_memory_is_written_by_the_flush_itself() -> None:
    """No thread has to be waited for; what fails is told to who flushed, and to all who follow."""
    threads = set(threading.enumerate())
    store = Store(None)
    store.create("CREATE TABLE log (n INTEGER UNIQUE)")
    written: list[int] = []
    store.on_written = lambda: written.append(1)
    store.write("INSERT INTO log VALUES (1)")
    assert store.read("SELECT n FROM log") == []
    await store.flush()
    assert [row["n"] for row in store.read("SELECT n FROM log")] == [1]
    assert written == [1]
    assert set(threading.enumerate()) <= threads
    store.write("INSERT INTO log VALUES (1)")
    with pytest.raises(StoreError, match="UNIQUE"):
        await store.flush()
    with pytest.raises(StoreError, match="no longer be written"):
        await store.flush()
    store.close()


async def test_a_failed_batch_leaves_nothing_and_is_told_to_all(path: Path) -> None:
    """When one statement fails, its whole batch is undone and every waiter learns of it."""
    store = Store(path)
    table = Table(store, "role", Row)
    await store.flush()
    with store.transaction():
        table.put("a", Row("a"))
        store.write("INSERT INTO no_such_table VALUES (1)")
        waiting = [asyncio.ensure_future(store.flush()) for _ in range(3)]
        await asyncio.sleep(0)  # all of them wait before the writer can begin
    for failure in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(failure, StoreError)
        assert "could not be written: no such table: no_such_table" in str(failure)
    # Who comes after the failure learns its cause as well.
    for late in (
        lambda: store.write("DELETE FROM resources"),
        lambda: asyncio.run(store.flush()),
    ):
        with pytest.raises(StoreError, match=r"no longer be written: .*no_such_table"):
            await asyncio.to_thread(late)
    store.close()
    again = Store(path)
    assert list(Table(again, "role", Row)) == []
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
    assert done.returncode == -9
    store = Store(path)
    assert [row["n"] for row in store.read("SELECT n FROM log")] == [1]
    store.close()


def fill(store: Store) -> None:
    """Let the disk take nothing more."""
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")


def make_room(store: Store) -> None:
    """Let the disk take everything again."""
    store._writer.execute("PRAGMA max_page_count = 1000000")


async def test_a_full_disk_refuses_and_loses_nothing(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once; who waits is served when there is room again, in the old order."""
    monkeypatch.setattr("localcloud.store._AGAIN_SECONDS", 0.01)
    store = Store(path)
    store.create("CREATE TABLE log (n INTEGER, text TEXT)")
    fill(store)
    store.write("INSERT INTO log VALUES (1, ?)", ("x" * 100_000,))
    with pytest.raises(StoreError, match="could not be written: database or disk is full"):
        await store.flush(patient=False)
    with pytest.raises(StoreError, match=f"{path} cannot be written: .*; make room, and"):
        store.check()
    store.write("INSERT INTO log VALUES (2, '')")
    waiting = asyncio.ensure_future(store.flush())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    make_room(store)
    await asyncio.wait_for(waiting, 10)
    store.check()
    assert [row["n"] for row in store.read("SELECT n FROM log ORDER BY rowid")] == [1, 2]
    store.close()
    assert [record.message for record in caplog.records] == [
        f"the state in {path} cannot be written: database or disk is full; make room, and it goes "
        "on",
        f"the state in {path} is written again",
    ]


async def test_a_full_disk_does_not_keep_a_cloud_from_ending(path: Path) -> None:
    """What waits is told, and the process ends."""
    store = Store(path)
    store.create("CREATE TABLE log (text TEXT)")
    fill(store)
    store.write("INSERT INTO log VALUES (?)", ("x" * 100_000,))
    waiting = asyncio.ensure_future(store.flush())
    await asyncio.sleep(0.05)
    await asyncio.wait_for(asyncio.to_thread(store.close), 10)
    with pytest.raises(StoreError, match="disk is full"):
        await waiting


@pytest.mark.parametrize("value", ["\ud800", 2**63, -(2**64)], ids=repr)
async def test_what_cannot_be_kept_is_refused_to_its_sender_alone(
    path: Path, value: object
) -> None:
    """A batch holds the statements of many; none of them may break it."""
    store = Store(path)
    store.create("CREATE TABLE log (value)")
    store.write("INSERT INTO log VALUES (1)")
    with pytest.raises(ValueError, match=r"\S"):
        store.write("INSERT INTO log VALUES (?)", (value,))
    await store.flush()
    assert [row["value"] for row in store.read("SELECT value FROM log")] == [1]
    store.close()


def test_one_bad_row_does_not_hide_the_others(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One of an older version, or half of one, is left out and named."""
    store = Store(path)
    Table(store, "role", Row).put("good", Row("good"))
    for key, value in (("old", '{"title": "x"}'), ("half", '{"name": '), ("list", "[1]")):
        store.write("INSERT INTO resources VALUES ('role', ?, ?)", (key, value))
    store.close()
    again = Store(path)
    assert [key for key, _ in Table(again, "role", Row).items()] == ["good"]
    assert [r.message.split("'")[1] for r in caplog.records] == ["half", "list", "old"]
    again.close()


def test_only_the_owner_may_read_the_state(path: Path) -> None:
    """Also what SQLite puts beside it, and what was there before."""
    path.touch(mode=0o644)
    store = Store(path)
    Table(store, "role", Row).put("a", Row("a"))
    asyncio.run(store.flush())
    assert {oct(p.stat().st_mode & 0o777) for p in path.parent.iterdir()} == {"0o600"}
    store.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" * 1000])
def test_a_file_that_is_no_state_is_told_in_a_line(path: Path, content: bytes) -> None:
    """With the way out."""
    path.write_bytes(content)
    with (
        pytest.raises(StateError, match=f"cannot use the state in {path}: .*--data"),
        opening(path),
    ):
        Store(path)
