"""What is installed as the engine is the release that was written down, by its digest."""

import gzip
import hashlib
import io
import platform
import tarfile
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from semver import VersionInfo

from ops.project import PROJECT
from ops.stack import release

VERSION = "3.300.0"


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of digests, with that of a release."""
    file = tmp_path / "engine.sha256"
    file.write_text(f"{DIGEST}  {NAME}\n")
    monkeypatch.setattr(release, "PINNED", file)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return file


NAME = release.archive_name(VERSION, "Linux", "x86_64")


def archive(*names: str) -> bytes:
    """Return a release with files of these names, the same bytes in every process."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as written:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = 3, 0o755
            written.addfile(entry, io.BytesIO(b"run"))
    return gzip.compress(packed.getvalue(), mtime=0)


GOOD = archive("pulumi/pulumi", "pulumi/pulumi-language-python")
DIGEST = hashlib.sha256(GOOD).hexdigest()


def network(content: bytes, published: str) -> tuple[Callable[[str, Path], None], list[str]]:
    """Return a network with an archive and a list of digests, and what is asked of it."""
    asked: list[str] = []

    def get(url: str, file: Path) -> None:
        asked.append(url)
        file.write_bytes(published.encode() if "checksums" in url else content)

    return get, asked


def test_a_name_is_that_of_the_machine() -> None:
    """As Pulumi calls systems and processors; what it has nothing for is said."""
    assert [
        release.archive_name("1.2.3", "Darwin", "arm64"),
        release.archive_name("1.2.3", "Linux", "AMD64"),
    ] == ["pulumi-v1.2.3-darwin-arm64.tar.gz", "pulumi-v1.2.3-linux-x64.tar.gz"]
    with pytest.raises(release.ReleaseError, match="no release for Linux on riscv64"):
        release.archive_name("1.2.3", "Linux", "riscv64")


@pytest.mark.parametrize("where", ["pulumi/", "pulumi/bin/"])
def test_what_was_written_down_is_installed(pinned: Path, tmp_path: Path, where: str) -> None:
    """Nobody else is asked what the archive should be."""
    content = archive(f"{where}pulumi")
    pinned.write_text(f"{hashlib.sha256(content).hexdigest()}  {NAME}\n")
    get, asked = network(content, "")
    release.install(tmp_path / ".engine", get)
    assert (tmp_path / ".engine/bin/pulumi").read_text() == "run"
    assert [path.name for path in (tmp_path / ".engine").iterdir()] == ["bin"]
    assert asked == [f"https://get.pulumi.com/releases/sdk/{NAME}"]


@pytest.mark.parametrize(
    ("pin", "why", "asked"),
    [
        (f"{'0' * 64}  {NAME}\n", f"has the SHA-256 {DIGEST}, and 0000", 1),
        (f"{DIGEST}  {NAME.replace('x64', 'arm64')}\n", f"holds no digest of {NAME}", 0),
        (f"{DIGEST[:-1]}  {NAME}\n", f"holds no digest of {NAME}", 0),
    ],
    ids=["another archive", "nothing for this machine", "half a digest"],
)
def test_anything_else_is_not_used(
    pinned: Path, tmp_path: Path, pin: str, why: str, asked: int
) -> None:
    """An archive that is another one, or whose digest nobody knows, leaves nothing behind."""
    pinned.write_text(pin)
    get, addresses = network(GOOD, "")
    with pytest.raises(release.ReleaseError, match=why):
        release.install(tmp_path / ".engine", get)
    assert not list((tmp_path / ".engine").glob("*"))
    assert len(addresses) == asked


def test_the_written_release_is_one_that_the_project_takes() -> None:
    """It has digests for every machine, and is not older than ``Pulumi.yaml`` allows."""
    needed = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["requiredPulumiVersion"]
    assert VersionInfo.parse(release.version()) >= VersionInfo.parse(needed.removeprefix(">="))
    lines = release.PINNED.read_text()
    assert all(
        release.digest_in(lines, release.archive_name(release.version(), system, processor))
        for system in ("Linux", "Darwin")
        for processor in ("x86_64", "arm64")
    )


def test_an_archive_that_leads_outside_is_not_unpacked(pinned: Path, tmp_path: Path) -> None:
    """Whatever its digest says, nothing is written beside the folder."""
    content = archive("pulumi/pulumi", "../../outside")
    pinned.write_text(f"{hashlib.sha256(content).hexdigest()}  {NAME}\n")
    with pytest.raises(release.ReleaseError, match="cannot be unpacked"):
        release.install(tmp_path / ".engine", network(content, "")[0])
    assert not (tmp_path / "outside").exists()


def test_a_link_in_an_archive_is_not_unpacked(pinned: Path, tmp_path: Path) -> None:
    """What follows it would be written where it leads; a release holds files only."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as written:
        link = tarfile.TarInfo("pulumi")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        written.addfile(link)
    content = packed.getvalue()
    pinned.write_text(f"{hashlib.sha256(content).hexdigest()}  {NAME}\n")
    with pytest.raises(release.ReleaseError, match="cannot be unpacked"):
        release.install(tmp_path / ".engine", network(content, "")[0])


def test_digests_are_written_down(pinned: Path) -> None:
    """What Pulumi publishes of a version, for every machine; without any the file stays."""
    other = f"{'0' * 64}  pulumi-language-go-v{VERSION}-linux-x64.tar.gz\n{'0' * 64}  sbom.json\n"
    published = f"{other}{DIGEST}  {NAME}\nnonsense\n"
    release.pin(VERSION, network(b"", published)[0])
    assert pinned.read_text() == f"{DIGEST}  {NAME}\n"
    with pytest.raises(release.ReleaseError, match="publishes no digests"):
        release.pin(VERSION, network(b"", "<html>")[0])
    assert pinned.read_text() == f"{DIGEST}  {NAME}\n"


def test_a_release_that_cannot_be_asked_for_changes_nothing(pinned: Path) -> None:
    """Offline, or with a version that is none, one sentence says so."""

    def get(_url: str, _file: Path) -> None:
        raise urllib.error.URLError("no route to host")

    with pytest.raises(release.ReleaseError, match=r"\.\./x cannot be read .*no route to host"):
        release.pin("../x", get)
    assert pinned.read_text() == f"{DIGEST}  {NAME}\n"
