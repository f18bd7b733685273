"""The folder of a local cloud's state: one process, one key, nobody else's eyes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.data_folder import DataFolder, DataFolderError, read_access_key

HOLDER = """
import sys, time
from pathlib import Path
from localcloud.data_folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
folder.note("http://127.0.0.1:1")
print("held", flush=True)
time.sleep(60)
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Let another process hold a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def key_in(path: Path) -> tuple[str, str]:
    """Return the key of a folder, as a cloud that starts there has it."""
    folder = DataFolder(path)
    folder.close()
    return folder.access_key.id, folder.access_key.secret


def test_each_folder_has_a_key_of_its_own_for_good(tmp_path: Path) -> None:
    """It is made once, differs from every other, and says that it opens no real account."""
    one, two = key_in(tmp_path / "one"), key_in(tmp_path / "two")
    assert key_in(tmp_path / "one") == one
    assert not set(one) & set(two)
    assert re.fullmatch(r"LTAIlocal[A-Za-z0-9]{15}", one[0])
    assert re.fullmatch(r"[A-Za-z0-9]{30}", one[1])


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """A generous umask changes nothing."""
    before = os.umask(0)
    try:
        key_in(tmp_path / "data")
    finally:
        os.umask(before)
    modes = {p.name: oct(p.stat().st_mode & 0o777) for p in (tmp_path / "data").iterdir()}
    assert modes == {"access-key.json": "0o600", "lock": "0o600"}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_the_second_process_is_told_about_the_first(tmp_path: Path) -> None:
    """Its address and process, and what to do: not the way that would ruin the first one."""
    first = hold(tmp_path)
    try:
        with pytest.raises(DataFolderError) as refused:
            DataFolder(tmp_path)
    finally:
        first.kill()
        first.communicate()
    assert f"at http://127.0.0.1:1 (process {first.pid}); use that one" in str(refused.value)
    assert "another folder with --data" in str(refused.value)


def test_a_killed_process_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    """The lock is the process's own and ends with it."""
    first = hold(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    DataFolder(tmp_path).close()


FORKING = """
import os, sys, time
from pathlib import Path
from localcloud.data_folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
child = os.fork()
if child:
    print(child, flush=True)
else:
    os.close(1)
    time.sleep(60)
os._exit(0)
"""


def test_a_child_that_outlives_the_cloud_does_not_hold_its_folder(tmp_path: Path) -> None:
    """Not even one that was forked and has every descriptor of its parent."""
    command = [sys.executable, "-c", FORKING, str(tmp_path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=30)
    try:
        DataFolder(tmp_path).close()
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)


def broken(path: Path, content: str) -> Path:
    """Return a file with something in it."""
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"access_key_id": 1, "access_key_secret": "s"}',
        '{"access_key_id": "LTAI5tReal", "access_key_secret": "s"}',
    ],
)
def test_a_file_that_holds_no_key_of_a_local_cloud_is_refused(tmp_path: Path, content: str) -> None:
    """Neither half a file nor a real account's key is taken; the way out is named."""
    file = broken(tmp_path / "access-key.json", content)
    for read in (lambda: read_access_key(file), lambda: DataFolder(tmp_path)):
        with pytest.raises(DataFolderError, match=r"access-key\.json .*remove it"):
            read()


def test_a_folder_that_is_none_is_told_in_a_line(tmp_path: Path) -> None:
    """A file in the folder's place, or above it."""
    file = broken(tmp_path / "file", "")
    for path, reason in ((file, "File exists"), (file / "below", "Not a directory")):
        with pytest.raises(DataFolderError, match=f"file.*: {reason}; .*--data"):
            DataFolder(path)
