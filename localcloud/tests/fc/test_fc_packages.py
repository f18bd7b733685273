"""The packages that functions find besides the standard library."""

from importlib import metadata
from pathlib import Path

from localcloud.fc import packages


def test_an_upgrade_replaces_the_gathered_copies(tmp_path: Path) -> None:
    """A data folder outlives the environment: each version has its own copy, and old ones go."""
    folder = tmp_path / "runtime-packages"
    (folder / "cryptography").mkdir(parents=True)  # as an earlier version left it
    first = packages.gather(folder, version=lambda _: "1.0")
    (first / "cryptography" / "mark").touch()
    assert packages.gather(folder, version=lambda _: "1.0") == first
    assert (first / "cryptography" / "mark").exists(), "the same versions are gathered once"

    second = packages.gather(folder, version=lambda _: "2.0")
    assert list(folder.iterdir()) == [second] != [first]
    assert not (second / "cryptography" / "mark").exists()


def test_a_copy_is_named_after_what_is_installed(tmp_path: Path) -> None:
    """So another version of the environment never finds the wrong one."""
    found = packages.gather(tmp_path / "runtime-packages")
    assert f"cryptography-{metadata.version('cryptography')}" in found.name
