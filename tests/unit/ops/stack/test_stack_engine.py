"""Where the engine comes from, and what is said when it cannot be had."""

import io
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops.stack import release
from ops.stack.engine import FOLDER, NoEngine, find_or_install


@pytest.fixture
def console() -> Console:
    """Return a console whose text can be read."""
    return Console(file=io.StringIO(), width=400)


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing on PATH, and a project that needs an engine of a certain age."""
    (tmp_path / "Pulumi.yaml").write_text('requiredPulumiVersion: ">=3.259.0"\n')
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def told(console: Console) -> str:
    """Return what was printed."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def make(path: Path, version: str = "v3.259.0") -> str:
    """Make something that can be run and tells its version."""
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return str(path)


def fail_with(error: Exception) -> Any:
    """Return an installer that fails."""

    def install(*_arguments: Any) -> None:
        raise error

    return install


@pytest.mark.parametrize("version", ["v3.259.0", "v3.300.1-alpha.4+dirty", "built at home"])
def test_the_engine_on_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console, version: str
) -> None:
    """Whoever has one keeps it; nothing is installed."""
    path = make(tmp_path / "bin" / "pulumi", version)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert (path, "") == (find_or_install(tmp_path, console), told(console))


def test_an_engine_that_is_too_old_is_named_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    """The project's own is taken instead, and installed if it is not there."""
    path = make(tmp_path / "bin" / "pulumi", "v3.99.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    monkeypatch.setattr(release, "install", lambda root, *_: make(root / "bin" / "pulumi"))
    own = str(tmp_path / FOLDER / "bin" / "pulumi")
    assert [own, own] == [find_or_install(tmp_path, console) for _ in range(2)]
    why = f"{path} is version 3.99.0, and this project needs 3.259.0 or newer: "
    first, second = told(console).splitlines()
    assert first.startswith(f"{why}installing version ")
    assert second == f"{why}using {own}"


def test_an_engine_is_installed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    """The release that was written down goes into a folder of the project, announced before."""
    asked: list[tuple[Path, str]] = []

    def install(root: Path) -> None:
        asked.append((root, told(console)))
        make(root / "bin" / "pulumi")

    monkeypatch.setattr(release, "install", install)
    path = str(tmp_path / FOLDER / "bin" / "pulumi")
    assert [path, path] == [find_or_install(tmp_path, console) for _ in range(2)]
    ((root, announced),) = asked
    assert root == tmp_path / FOLDER
    assert f"installing version {release.version()} into {FOLDER}/" in announced


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (urllib.error.URLError("no route to host"), "could not be installed (no route to host)"),
        (TimeoutError("timed out"), "could not be installed (timed out)"),
        (release.ReleaseError("x has the SHA-256 y"), "could not be installed (x has the SHA-256"),
    ],
    ids=["offline", "slow", "another archive"],
)
def test_without_a_network_one_sentence_says_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    console: Console,
    error: Exception,
    reason: str,
) -> None:
    """The message names the reason and the way to install it by hand; there is no traceback."""
    monkeypatch.setattr(release, "install", fail_with(error))
    with pytest.raises(NoEngine) as missing:
        find_or_install(tmp_path, console)
    text = str(missing.value)
    assert reason in text
    assert "https://www.pulumi.com/docs/install/" in text
    assert "\n" not in text
