"""All instances of one cloud, under the strongest isolation that works on this machine."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localcloud.sandbox import skeleton
from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Instance, Progress, Script
from localcloud.sandbox.isolation import Isolation, SandboxUnavailableError
from localcloud.sandbox.level import STRANGERS, Level
from localcloud.sandbox.limits import Limits
from localcloud.sandbox.outcome import Outcome

_ELSEWHERE = Path("/var/tmp")  # noqa: S108
_LIMITS = Limits()
_PROBE = Script("probe", b"#!/bin/bash\nexit 7\n", timeout_seconds=20.0)
_PROBE_EXIT_CODE = 7


class Machines:
    """Creates instances on demand and runs scripts in them."""

    def __init__(
        self,
        data: Path | None,
        isolation: str = "auto",
        packages: str = "stand-in",
        limits: Limits = _LIMITS,
    ) -> None:
        if isolation != "auto" and isolation not in {level.value for level in Level}:
            accepted = ", ".join(["auto", *Level])
            raise SandboxUnavailableError(f"isolation '{isolation}' is not one of {accepted}")
        self._temporary = None if data else tempfile.TemporaryDirectory(prefix="localcloud-")
        self._data = data or Path(self._temporary.name)  # type: ignore[union-attr]
        self._wanted = isolation
        self._packages = packages
        self._limits = limits
        self._instances: dict[str, Instance] = {}
        self._isolation: Isolation | None = None
        self._coming: set[tuple[str, str]] = set()
        self._choosing = asyncio.Lock()
        self._making = asyncio.Lock()

    @property
    def known_isolation(self) -> Isolation | None:
        """The level that was chosen; None until something needed it."""
        return self._isolation

    async def isolation(self) -> Isolation:
        """Choose the level once, by running a script in a disposable instance."""
        async with self._choosing:
            if self._isolation is None:
                self._isolation = await self._choose()
            return self._isolation

    async def run(self, name: str, script: Script, progress: Progress | None = None) -> Outcome:
        """Run a script in an instance, which is created if it does not exist."""
        self._coming.add((name, script.name))
        try:
            instance = await self._instance(name)
            if (name, script.name) not in self._coming:
                return Outcome("stopped")
            return await instance.run(script, progress)
        finally:
            self._coming.discard((name, script.name))

    def stop(self, name: str, script: str) -> None:
        """Kill a script and all that it started, or prevent it from starting."""
        # Both: a run may wait for an instance that exists already.
        self._coming.discard((name, script))
        if name in self._instances:
            self._instances[name].stop(script)

    def folder(self, name: str) -> Path:
        """Return the folder of an instance, whether or not it exists."""
        level = self._isolation.level if self._isolation else None
        return _home(self._data, level) / name

    def files(self, name: str) -> Files:
        """Return the files of an instance, read from outside."""
        owner, folder = None, self.folder(name)
        if self._isolation and self._isolation.level is not Level.NAMESPACES:
            owner = _owner(folder) if _is_stranger(self._isolation.level) else os.geteuid()
        return Files(folder, owner)

    async def close(self) -> None:
        """Stop all instances; their disks stay."""
        for instance in self._instances.values():
            await instance.close()
        self._instances.clear()
        if self._temporary is not None:
            skeleton.remove(self.folder("").parent)
            self._temporary.cleanup()

    async def _instance(self, name: str) -> Instance:
        if name not in self._instances:
            isolation = await self.isolation()
            async with self._making:
                if name not in self._instances:
                    self._instances[name] = await asyncio.to_thread(
                        _make, self._data, name, isolation.level, self._packages, self._limits
                    )
        return self._instances[name]

    async def _choose(self) -> Isolation:
        if not sys.platform.startswith("linux"):
            raise SandboxUnavailableError(
                f"instances need Linux and this is {sys.platform}; run the local cloud in a Linux "
                "container or virtual machine"
            )
        if not shutil.which("/bin/bash"):
            raise SandboxUnavailableError("instances need /bin/bash; install the package bash")
        reasons: list[str] = []
        if self._wanted == "auto":
            found = await self._first_that_works(self._candidates(reasons), reasons)
            if found is None:
                raise SandboxUnavailableError("; ".join(["no isolation works here", *reasons]))
            return found
        found = await self._first_that_works([Level(self._wanted)], reasons)
        if found is None:
            other = await self._first_that_works(self._candidates([]), [])
            remedy = f"{other.level.value} does, and so does auto" if other else "nor does another"
            raise SandboxUnavailableError(
                f"--isolation {self._wanted} does not work here: {reasons[0]}; {remedy}"
            )
        return found

    async def _first_that_works(
        self, levels: Iterable[Level], reasons: list[str]
    ) -> Isolation | None:
        for level in levels:
            try:
                notes = await self._try(level)
            except (SandboxUnavailableError, OSError) as error:
                reasons.append(f"no {level.value}: {error}")
            else:
                return Isolation(level, (*reasons, *notes))
        return None

    def _candidates(self, reasons: list[str]) -> Iterable[Level]:
        candidates = list(Level)
        if os.geteuid() != 0:
            candidates.remove(Level.NAMESPACES)
            reasons.append("no namespaces: the cloud does not run as root")
        if self._packages == "machine":
            candidates.remove(Level.DIRECTORY)
        return candidates

    async def _try(self, level: Level) -> tuple[str, ...]:
        name = f".probe-{os.getpid()}"
        instance = await asyncio.to_thread(_make, self._data, name, level, "stand-in", self._limits)
        try:
            outcome = await instance.run(_PROBE)
        finally:
            await instance.close()
            skeleton.remove(instance.folder)
        if outcome.exit_code != _PROBE_EXIT_CODE:
            what = outcome.reason or outcome.output.decode(errors="replace").strip()
            raise SandboxUnavailableError(f"a script ended with {outcome.exit_code}: {what}")
        return instance.notes


def _make(data: Path, name: str, level: Level, packages: str, limits: Limits) -> Instance:
    home = _home(data, level)
    _make_home(home, data)
    stranger = _is_stranger(level)
    # Set-user-id programs created inside must be unreachable for other users of the machine.
    home.chmod(0o711 if stranger else 0o700)
    folder = home / name
    folder.mkdir(exist_ok=True)
    skeleton.build(folder, name, packages)
    skeleton.build_standins(folder, packages, root_is_real=level is Level.NAMESPACES)
    if stranger:
        _give_to(folder / "root", _user_of(folder))
    return Instance(name, folder, level, packages, limits)


def _user_of(folder: Path) -> int:
    """Return the user whom an instance belongs to: as before, or one that no neighbour has."""
    owner = _owner(folder)
    if owner is not None and owner in STRANGERS:
        return owner
    first = zlib.crc32(bytes(folder.parent))  # another cloud's instances begin elsewhere
    users = [STRANGERS[(first + number) % len(STRANGERS)] for number in range(len(STRANGERS))]
    taken = {_owner(neighbour) for neighbour in folder.parent.iterdir()}
    return next((user for user in users if user not in taken), users[0])


def _owner(folder: Path) -> int | None:
    try:
        return (folder / "root").lstat().st_uid
    except OSError:
        return None


def _is_stranger(level: Level | None) -> bool:
    return level is Level.DIRECTORY and os.geteuid() == 0


def _home(data: Path, level: Level | None) -> Path:
    """Return the folder of all instances: below ``data`` if scripts can reach it."""
    real = data.resolve()
    if _is_stranger(level) and not all(
        place.stat().st_mode & stat.S_IXOTH for place in (real, *real.parents)
    ):
        # Scripts of another user cannot traverse, for example, /root.
        key = hashlib.sha256(bytes(real)).hexdigest()[:12]
        return _ELSEWHERE / f"localcloud-{key}" / "instances"
    return data / "instances"


def _make_home(home: Path, data: Path) -> None:
    """Make the folder of all instances; elsewhere, remove those whose data folder is gone."""
    if home == data / "instances":
        home.mkdir(parents=True, exist_ok=True)
        return
    with _held(home.parent, made=True):
        (home.parent / "data").write_bytes(bytes(data.resolve()))
        home.mkdir(exist_ok=True)
    for note in _ELSEWHERE.glob("localcloud-*/data"):
        if _is_left(note):
            with suppress(FileNotFoundError), _held(note.parent):
                if _is_left(note):  # its cloud may have come back
                    skeleton.remove(note.parent)


def _is_left(note: Path) -> bool:
    with suppress(FileNotFoundError):  # another cloud may remove it at this moment
        ours = note.lstat().st_uid == note.parent.lstat().st_uid == os.geteuid()
        return ours and not Path(os.fsdecode(note.read_bytes())).exists()
    return False


@contextmanager
def _held(folder: Path, *, made: bool = False) -> Iterator[None]:
    """Keep other clouds from making or removing a folder elsewhere.

    Raises:
        FileNotFoundError: if another one has removed it and it is not to be made.
        SandboxUnavailableError: if it belongs to another user of the machine.
    """
    while True:
        if made:
            with suppress(FileExistsError):
                folder.mkdir(mode=0o711)
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            if made:
                continue
            raise
        except NotADirectoryError as error:  # or a link
            raise SandboxUnavailableError(f"{folder} is not a folder; remove it") from error
        try:
            if os.fstat(opened).st_uid != os.geteuid():
                raise SandboxUnavailableError(f"{folder} belongs to somebody else; remove it")
            fcntl.flock(opened, fcntl.LOCK_EX)
            # Whoever held it before may have removed it.
            if folder.exists() and os.path.samestat(folder.stat(), os.fstat(opened)):
                yield
                return
        finally:
            os.close(opened)


def _give_to(root: Path, user: int) -> None:
    for parent, folders, files in os.walk(root):
        for name in ("", *folders, *files):
            path = Path(parent, name)
            if path.lstat().st_uid != user:
                os.lchown(path, user, user)
