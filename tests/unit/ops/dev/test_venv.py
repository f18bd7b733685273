"""``make venv``: whatever was there before and whatever pip needs, a whole environment is there."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.ops.dev.package_index import Index, locked, package_index

ROOT = Path(__file__).parents[4]
UV = Path(sys.prefix) / "bin" / "uv"
Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Run a package index for all."""
    with package_index(tmp_path_factory.mktemp("index")) as running:
        yield running


class Clone:
    """A project of two packages, made by the real scripts."""

    def __init__(self, folder: Path, index: str, *, uv: bool = True) -> None:
        self.folder, self.venv = folder, folder / ".venv"
        self.tools = folder.parent / "tools"
        for path in (
            self.tools,
            folder / "ops",
            folder / "localcloud/src/localcloud",
            folder / "policies",
        ):
            path.mkdir(parents=True)
        shutil.copytree(ROOT / "ops/dev", folder / "ops/dev")
        (folder / "ops/__init__.py").touch()
        (folder / "localcloud/src/localcloud/__main__.py").write_text(
            "import sys; print(*sys.argv[1:])"
        )
        self.lock("1.0")
        if uv:
            (self.tools / "uv").symlink_to(UV)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "SSL_"))}
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            kept.pop(name, None)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            kept.pop(name, None)
            kept.pop(name.lower(), None)
        self.environment = {
            **kept,
            "HOME": str(folder.parent),
            "PATH": f"{self.tools}:{Path(sys.executable).resolve().parent}:/usr/bin:/bin",
            "PIP_INDEX_URL": index,
            "PIP_RETRIES": "0",
            "UV_HTTP_RETRIES": "0",
            "UV_CACHE_DIR": str(folder.parent / "uv"),
            "PIP_NO_CACHE_DIR": "1",
        }

    def lock(self, version: str) -> None:
        """Lock a version of both packages."""
        lines = locked("first", version) + locked("second", version) + locked("uv", "1.0")
        (self.folder / "requirements.lock").write_text(lines)

    def command(self) -> list[str]:
        """Return the command that the Makefile runs."""
        return [str(self.folder / "ops/dev/venv.sh"), ".venv", sys._base_executable]  # type: ignore[attr-defined]

    def make(self) -> str:
        """Make the environment; return what is said."""
        done = subprocess.run(
            self.command(), env=self.environment, capture_output=True, text=True, check=False
        )
        return f"{done.returncode}: {done.stderr.strip()}"

    def is_whole(self) -> bool:
        """Return whether what is locked can be imported and ``localcloud`` runs."""
        program = "import first, second, ops.dev; from importlib.metadata import version as v; "
        program += "print(v('first'), v('second'))"
        version = (self.folder / "requirements.lock").read_text().split()[0].partition("==")[2]
        return [
            subprocess.run(command, cwd="/", capture_output=True, text=True, check=False).stdout
            for command in (
                [str(self.venv / "bin/python"), "-c", program],
                [str(self.venv / "bin/localcloud"), "it is", "I"],
            )
        ] == [f"{version} {version}\n", "it is I\n"]


@pytest.fixture
def clone(tmp_path: Path, index: Index) -> Clone:
    """Make a clone in a folder whose name needs quotes, for a Python that only has uv beside it.

    Debian's Python is such a one without the packages that bring pip and ensurepip.
    """
    made = Clone(tmp_path / "the project's", index.url)
    missing = made.tools / "missing"
    for module in ("pip", "ensurepip"):
        (missing / module).mkdir(parents=True)
        for name in ("__init__.py", "__main__.py"):
            (missing / module / name).write_text(f"raise ImportError('No module named {module}')")
    made.environment |= {"PYTHONPATH": str(missing), "UV_INDEX_URL": index.url}
    return made


def test_a_whole_environment_stays(clone: Clone) -> None:
    """What is there is used as it is, and looked at in no time."""
    assert clone.make() == "0: "
    assert clone.is_whole()
    (clone.venv / "mine").touch()
    assert clone.make() == "0: "
    assert (clone.venv / "mine").exists()


def _spoil_stamp(clone: Clone) -> None:
    stamp = clone.venv / ".installed"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": "3.10"}))


def _move(clone: Clone) -> None:
    moved = clone.folder.with_name("elsewhere")
    clone.folder.rename(moved)
    clone.folder, clone.venv = moved, moved / ".venv"


def _other_kind(clone: Clone) -> None:
    shutil.rmtree(clone.venv)
    clone.venv.write_text("")


def _link(clone: Clone) -> None:
    clone.venv.rename(clone.folder / "kept")
    clone.venv.symlink_to("kept")
    (clone.venv / ".installed").unlink()


def _interpreter_is_gone(clone: Clone) -> None:
    for python in clone.venv.glob("bin/python*"):
        python.unlink()
    (clone.venv / "bin/python").symlink_to("/removed/python3")


_SPOILT: dict[str, Callable[[Clone], object]] = {
    "half made": lambda clone: (clone.venv / ".installed").unlink(),
    "half written": lambda clone: (clone.venv / ".installed").write_text("{"),
    "half removed": lambda clone: shutil.rmtree(clone.venv / "bin"),
    "no packages": lambda clone: shutil.rmtree(clone.venv / "lib"),
    "removed interpreter": _interpreter_is_gone,
    "another Python": _spoil_stamp,
    "moved folder": _move,
    "a file": _other_kind,
    "a link to one that is half made": _link,
    "new lock": lambda clone: clone.lock("2.0"),
}


def test_what_is_not_whole_is_made_anew(clone: Clone) -> None:
    """Half made, stale, broken or outgrown: the next run leaves a whole one."""
    clone.make()
    for name, spoil in _SPOILT.items():
        spoil(clone)
        assert (name, clone.make(), clone.is_whole()) == (name, "0: ", True)
        assert (name, [p.name for p in clone.folder.glob(".venv*")]) == (name, [".venv"])


@pytest.mark.parametrize("moment", ["making", "installing"])
def test_an_interrupted_run_is_mended_by_the_next(clone: Clone, moment: str) -> None:
    """Ctrl-C gives one line, leaves nothing that looks whole, and the next run makes it."""
    reached, uv = clone.folder / "reached", clone.tools / "uv"
    uv.unlink()
    works = f'[ "$1" != --version ] || exec {UV} "$@"\n' if moment == "installing" else ""
    uv.write_text(f'#!/bin/sh\n{works}touch "$REACHED"; exec sleep 60\n')
    uv.chmod(0o755)
    with subprocess.Popen(
        clone.command(),
        env={**clone.environment, "REACHED": str(reached)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job ignores it, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        while not reached.exists():
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert said.strip() == "venv: interrupted; the next 'make' makes the environment anew"
    assert not (clone.venv / ".installed").exists()
    uv.unlink()
    uv.symlink_to(UV)
    assert clone.make() == "0: "
    assert clone.is_whole()


def test_python_without_anything(clone: Clone) -> None:
    """Where nothing can install a package, one line says what can be done."""
    (clone.tools / "uv").unlink()
    said = clone.make()
    assert said.startswith("1: venv: ")
    assert said.count("\n") == 0
    assert "neither pip nor ensurepip" in said
    assert "apt-get install python3-venv" in said
    (clone.tools / "uv").symlink_to(UV)
    assert clone.make() == "0: "
    assert clone.is_whole()


def test_no_python_that_will_do(clone: Clone) -> None:
    """An interpreter that is none, or too old, is named with what to type."""
    (clone.tools / "old").write_text("#!/bin/sh\nexit 1\n")
    (clone.tools / "old").chmod(0o755)
    for python in ("old", "/nowhere/python3"):
        done = subprocess.run(
            [*clone.command()[:2], python],
            env=clone.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert f"'{python}' is not Python 3.11 or newer" in done.stderr
        assert "make PYTHON=" in done.stderr


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_own_certificate(tmp_path: Path, uv: bool) -> None:
    """A mirror with a certificate that only pip is told of is used, by uv or by pip."""
    with package_index(tmp_path, tls=True) as company:
        clone = Clone(tmp_path / "project", company.url, uv=uv)
        assert clone.make().startswith("1: venv: the locked packages cannot be installed: ")
        assert company.asked == []
        clone.environment["PIP_CERT"] = str(company.authority)
        assert clone.make() == "0: "
        assert clone.is_whole()
        assert any(path.endswith(".whl") for path in company.asked)


def test_settings_in_a_file(tmp_path: Path) -> None:
    """A mirror, its certificate and its password stand in pip's file and in netrc."""
    with package_index(tmp_path, tls=True, login="me:secret") as company:
        clone = Clone(tmp_path / "project", "")
        del clone.environment["PIP_INDEX_URL"]
        (tmp_path / ".config/pip").mkdir(parents=True)
        (tmp_path / ".config/pip/pip.conf").write_text(
            f"[global]\nindex-url = {company.url}\ncert = {company.authority}\n"
        )
        (tmp_path / ".netrc").write_text("machine localhost login me password secret\n")
        (tmp_path / ".netrc").chmod(0o600)
        assert clone.make() == "0: "
        assert clone.is_whole()


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_proxy(tmp_path: Path, index: Index, uv: bool) -> None:
    """A mirror that only a proxy reaches is reached through the proxy that pip knows."""
    clone = Clone(tmp_path / "project", "http://packages.invalid/simple", uv=uv)
    clone.environment |= {"PIP_PROXY": index.proxy, "PIP_TRUSTED_HOST": "packages.invalid"}
    assert clone.make() == "0: "
    assert clone.is_whole()
    assert any(path.startswith("http://packages.invalid/") for path in index.asked)


def test_another_content_is_refused(clone: Clone) -> None:
    """A package whose content is not the locked one is not installed, and that is said."""
    lock = clone.folder / "requirements.lock"
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join([lines[0], f"    --hash=sha256:{'0' * 64}\n", *lines[2:]]))
    said = clone.make()
    assert said.startswith("1: venv: the locked packages cannot be installed: ")
    assert not (clone.venv / ".installed").exists()


def test_a_folder_that_cannot_be_written_is_named() -> None:
    """Where no environment can be, nobody is told to install another Python."""
    command = [sys.executable, "-m", "ops.dev.venv", "/dev/null/.venv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "venv: /dev/null/.venv: Not a directory\n")
