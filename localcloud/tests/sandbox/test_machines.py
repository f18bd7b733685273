"""Which isolation is chosen, and what is said about it."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import plain_user
from lab.plain_user import PLAIN_USER
from localcloud.sandbox import machines as module
from localcloud.sandbox import skeleton
from localcloud.sandbox.instance import Script
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.level import STRANGERS, Level
from localcloud.sandbox.machines import Machines


def test_unknown_isolation_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    """An isolation that does not exist is refused before anything starts."""
    with pytest.raises(SandboxUnavailableError, match="auto, namespaces, user-namespace"):
        Machines(tmp_path, "jail")


async def test_other_systems_get_a_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere than on Linux the message says what is needed and what to do."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailableError, match="need Linux and this is darwin; run"):
        await Machines(tmp_path).isolation()


async def test_machine_without_bash_gets_a_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without bash no instance is tried."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SandboxUnavailableError, match="install the package bash"):
        await Machines(tmp_path).isolation()


async def test_a_level_that_does_not_work_names_one_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked for a level hears why it fails here, and which one to ask for."""
    machines = Machines(tmp_path, "namespaces")

    async def attempt(level: Level) -> tuple[str, ...]:
        if level is not Level.DIRECTORY:
            raise SandboxUnavailableError("not permitted")
        return ()

    monkeypatch.setattr(machines, "_try", attempt)
    with pytest.raises(
        SandboxUnavailableError,
        match=r"--isolation namespaces does not work here: .*not permitted; directory does",
    ):
        await machines.isolation()


async def test_strongest_level_that_works_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level that fails is passed over, and why is told with the one that is used."""
    machines = Machines(tmp_path)
    tried = []

    async def attempt(level: Level) -> tuple[str, ...]:
        tried.append(level)
        if level is not Level.DIRECTORY:
            raise SandboxUnavailableError("not permitted")
        return ("a weakness",)

    monkeypatch.setattr(machines, "_try", attempt)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    first, second = await machines.isolation(), await machines.isolation()
    assert tried == list(Level)

    assert first is second
    assert str(first) == (
        "directory; no namespaces: not permitted; no user-namespace: not permitted; a weakness"
    )


async def test_no_level_at_all_is_an_error_with_all_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing works, each level's reason is in the message."""
    machines = Machines(tmp_path)

    async def attempt(level: Level) -> tuple[str, ...]:
        raise SandboxUnavailableError(f"{level.value} is off")

    monkeypatch.setattr(machines, "_try", attempt)
    with pytest.raises(SandboxUnavailableError, match=r"user-namespace is off.*directory is off"):
        await machines.isolation()


async def test_trying_leaves_nothing_behind(tmp_path: Path) -> None:
    """After the isolation was chosen there is no trace of the instance it was tried with."""
    machines = Machines(tmp_path)
    await machines.isolation()
    left = list(machines.folder("x").parent.iterdir())
    await machines.close()

    assert left == []


async def test_run_that_is_stopped_before_its_instance_is_there_never_begins(
    tmp_path: Path,
) -> None:
    """A stop that comes while the instance is still being made is not lost."""
    machines = Machines(tmp_path)
    script = Script("t-1", b"echo begun", 30.0)
    run = asyncio.create_task(machines.run("i-1", script))
    await asyncio.sleep(0)
    machines.stop("i-1", "t-1")
    outcome = await run
    await machines.close()

    assert (outcome.ended, outcome.output) == ("stopped", b"")


async def test_instances_without_a_data_folder_are_thrown_away() -> None:
    """A cloud that keeps nothing leaves nothing on the disk."""
    machines = Machines(None)
    outcome = await machines.run("i-1", Script("t-1", b"echo here", 30.0))
    folder = machines.folder("i-1")
    existed = folder.exists()
    await machines.close()

    assert (outcome.output, existed, folder.exists()) == (b"here\n", True, False)


PROGRAM = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.instance import Script

async def main():
    machines = Machines(Path(sys.argv[2]), sys.argv[3])
    isolation = await machines.isolation()
    text = '''
id -u
useradd ${PROVISION_ROOT:+--prefix $PROVISION_ROOT} -m e1 && echo made
chown 12:34 ${PROVISION_ROOT:-}/home/e1 && echo given
cd $PROVISION_ROOT/tmp; touch mine; chmod 640 mine; touch -d 2020-02-02 mine
stat -c '%a %y' mine | cut -c1-14
mine=PRECIOUS
echo intruder > $mine/intruder
ln -s $mine/file link
chmod 777 $mine/file; chmod 777 link; (cd $mine && chmod 777 file); chmod 777 $mine
touch -d 2020-01-01 $mine/file; touch -c -d 2020-01-01 link; mv $mine/file /tmp; rm -rf $mine
'''
    text = text.replace("PRECIOUS", sys.argv[4])
    outcome = await machines.run("i-1", Script("t-1", b"#!/bin/bash\\n" + text.encode(), 30.0))
    print(isolation.level.value, *outcome.output.decode().split("\\n")[:4], sep=",")
    await machines.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("level", ["auto", "user-namespace", "directory"])
def test_plain_user_can_run_a_cloud(level: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without root a script is still root in its instance, makes accounts, and stays inside."""
    if os.geteuid() != 0:
        pytest.skip("the other tests run as a plain user already")
    base = Path("/tmp") / f"localcloud-plain-{os.getpid()}-{level}"
    data, precious = base / "data", base / "precious"
    for folder in (base, data, precious):
        folder.mkdir()
        folder.chmod(0o755)
        os.chown(folder, PLAIN_USER, PLAIN_USER)
    (precious / "file").write_text("kept")
    (precious / "file").chmod(0o604)
    os.chown(precious / "file", PLAIN_USER, PLAIN_USER)
    os.utime(precious / "file", (1000, 1000))
    try:
        sources = plain_user.readable_copy(base)
        done = subprocess.run(
            [plain_user.python(), "-c", PROGRAM, sources, data, level, precious],
            check=False, capture_output=True, text=True, cwd="/tmp",
            env={"PATH": os.defpath}, **plain_user.identity(),
        )  # fmt: skip
        if level == "user-namespace" and "not permitted" in done.stderr:
            pytest.skip("user namespaces are switched off here")
        assert done.returncode == 0, done.stderr
        used, *lines = done.stdout.strip().split(",")
        assert lines == ["0", "made", "given", "640 2020-02-02"]
        assert level in {"auto", used}
        assert used != "namespaces"
        status = (precious / "file").stat()
        assert (status.st_mode & 0o777, status.st_mtime) == (0o604, 1000)
        assert (precious / "file").read_text() == "kept"
        assert [entry.name for entry in precious.iterdir()] == ["file"]
        assert precious.stat().st_mode & 0o777 == 0o755
    finally:
        skeleton.remove(base)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users to give")
async def test_each_instance_without_namespaces_has_a_user_of_its_own() -> None:
    """What one instance does counts against no other; it keeps its user when the cloud restarts."""

    async def users(data: Path) -> dict[str, int]:
        machines = Machines(data, "directory")
        try:
            await machines.isolation()
            found = {}
            for name in ("i-2", "i-1", "i-3"):
                script = Script("t-1", b"#!/bin/bash\ntouch $PROVISION_ROOT/made\n", 30.0)
                assert (await machines.run(name, script)).exit_code == 0
                assert machines.files(name).entry("/made").owner == 0, "as root sees it there"
                found[name] = (machines.folder(name) / "root/made").stat().st_uid
                (machines.folder(name) / "root/made").unlink()
            return found
        finally:
            await machines.close()

    data = Path(tempfile.mkdtemp(prefix="localcloud-users-", dir="/tmp"))
    data.chmod(0o755)
    try:
        first = await users(data)
        assert len(set(first.values()) & set(STRANGERS)) == 3
        assert await users(data) == first
    finally:
        skeleton.remove(data)


def test_only_what_everybody_may_read_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the machine's configuration nothing enters an instance that is closed to other users."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for name, mode in (("open", 0o644), ("closed", 0o640), ("own", 0o600)):
        (source / name).write_text(name)
        (source / name).chmod(mode)
    (source / "keys").mkdir(mode=0o750)
    (source / "keys" / "key").write_text("secret")
    skeleton._copy(source, target)
    assert [entry.name for entry in target.iterdir()] == ["open"]


def test_instances_move_where_a_stranger_can_reach_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a closed folder a stranger's instances lie elsewhere, and go when their data goes."""
    if os.geteuid() != 0:
        pytest.skip("only a cloud that runs as root lets a stranger run scripts")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(module, "_ELSEWHERE", elsewhere)
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)

    def made(data: Path) -> Path:
        home = module._home(data, Level.DIRECTORY)
        module._make_home(home, data)
        return home

    first = made(closed / "data")
    assert first.is_relative_to(elsewhere)
    assert module._home(closed / "data", Level.NAMESPACES) == closed / "data" / "instances"
    (closed / "data").rmdir()
    (closed / "other").mkdir()
    second = made(closed / "other")
    assert [entry.name for entry in elsewhere.iterdir()] == [second.parent.name]


def test_a_home_elsewhere_is_that_of_a_folder_whose_name_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder's name is bytes; what is noted of it leads back to it."""
    monkeypatch.setattr(module, "_ELSEWHERE", tmp_path)
    data = tmp_path / os.fsdecode(b"d\xff\n")
    data.mkdir()
    home = tmp_path / "localcloud-1" / "instances"
    module._make_home(home, data)
    assert not module._is_left(home.parent / "data")
    data.rmdir()
    assert module._is_left(home.parent / "data")


def test_a_cloud_keeps_its_instances_while_others_remove_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many clouds that start at once, each with the leftovers of a former one, have a home each."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(module, "_ELSEWHERE", elsewhere)
    places = [tmp_path / f"data-{number}" for number in range(8)]
    homes = [elsewhere / f"localcloud-{number}" / "instances" for number in range(8)]

    def start(number: int) -> None:
        for _ in range(50):
            places[number].mkdir()
            module._make_home(homes[number], places[number])
            assert homes[number].is_dir()
            assert (homes[number].parent / "data").read_text() == str(places[number])
            places[number].rmdir()

    with ThreadPoolExecutor(len(places)) as clouds:
        for _ in clouds.map(start, range(8)):
            pass


@pytest.mark.parametrize("kind", ["link", "file", "nothing"])
def test_homes_elsewhere_are_never_what_somebody_else_made(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of all users holds what any of them wishes; a link in it is not followed."""
    monkeypatch.setattr(module, "_ELSEWHERE", tmp_path)
    target, data = tmp_path / "target", tmp_path / "data"
    target.mkdir()
    data.mkdir()
    place = tmp_path / "localcloud-1"
    if kind == "file":
        place.touch()
    else:
        place.symlink_to(target if kind == "link" else tmp_path / "nowhere")
    with pytest.raises(SandboxUnavailableError, match="localcloud-1 is not a folder; remove it"):
        module._make_home(place / "instances", data)
    assert list(target.iterdir()) == []
