"""Statements that belong together become durable together."""

import asyncio
import subprocess
import sys
from pathlib import Path

from localcloud.store import Store

KILLED_IN_THE_MIDDLE = """
import asyncio, os, signal, sys, time
from pathlib import Path
from localcloud.store import Store
store = Store(Path(sys.argv[1]))
store.create("CREATE TABLE pairs (half TEXT)")
with store.together():
    store.write("INSERT INTO pairs VALUES ('first')")
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_half_of_a_block_is_never_durable(tmp_path: Path) -> None:
    """A process that is killed within the block leaves nothing of it behind."""
    path = tmp_path / "state.sqlite"
    subprocess.run([sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(path)], check=False)
    store = Store(path)
    assert not store.read("SELECT half FROM pairs")
    store.close()


async def test_whole_block_is_durable_after_a_flush(tmp_path: Path) -> None:
    """All statements of a block are there after the next flush, those outside it too."""
    store = Store(tmp_path / "state.sqlite")
    store.create("CREATE TABLE pairs (half TEXT)")
    with store.transaction():
        store.write("INSERT INTO pairs VALUES ('first')")
        store.write("INSERT INTO pairs VALUES ('second')")
    store.write("INSERT INTO pairs VALUES ('third')")
    await store.flush()
    halves = [row["half"] for row in store.read("SELECT half FROM pairs")]
    store.close()

    assert halves == ["first", "second", "third"]


async def test_reading_and_writing_at_once_never_fail() -> None:
    """In memory as on the disk, a read in the middle of a write waits or sees what was before."""
    store = Store(None)
    store.create("CREATE TABLE pairs (half TEXT)")
    with store.transaction():
        for number in range(20_000):
            store.write("INSERT INTO pairs VALUES (?)", (str(number),))
    flushed = asyncio.create_task(store.flush())
    while not flushed.done():
        store.read("SELECT COUNT(*) FROM pairs")
        await asyncio.sleep(0)
    (row,) = store.read("SELECT COUNT(*) AS n FROM pairs")
    store.close()

    assert int(row["n"]) == 20_000
