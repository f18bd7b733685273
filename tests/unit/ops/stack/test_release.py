"""What is installed as the engine is what its digest says, and in CI what was written down."""

import gzip
import hashlib
import io
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.stack import release

VERSION = "3.272.0"


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of digests, which is not there."""
    file = tmp_path / "engine.sha256"
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
        asked.append(url.split("/")[2])
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
    release.install(tmp_path / ".engine", VERSION, {"CI": "true"}, get)
    assert (tmp_path / ".engine/bin/pulumi").read_text() == "run"
    assert [path.name for path in (tmp_path / ".engine").iterdir()] == ["bin"]
    assert asked == ["get.pulumi.com"]


def test_without_it_the_release_says_what_it_is(pinned: Path, tmp_path: Path) -> None:
    """Archive and digest come from different hosts."""
    get, asked = network(GOOD, f"{'0' * 64}  another.tar.gz\n{DIGEST}  {NAME}\n")
    release.install(tmp_path / ".engine", VERSION, {}, get)
    assert (tmp_path / ".engine/bin/pulumi").exists()
    assert (asked, pinned.exists()) == (["github.com", "get.pulumi.com"], False)


@pytest.mark.parametrize(
    ("pin", "published", "environ", "why"),
    [
        (f"{'0' * 64}  {NAME}\n", DIGEST, {}, f"has the SHA-256 {DIGEST}, and 0000"),
        ("", f"{'0' * 64}  {NAME}\n", {}, f"has the SHA-256 {DIGEST}, and 0000"),
        ("", f"{DIGEST}  {NAME}.sig\n", {}, "has none of"),
        ("", "<html>not found</html>", {}, "has none of"),
        ("", f"{DIGEST}  {NAME}\n", {"CI": "1"}, "holds no digest of"),
        (f"{DIGEST}  another.tar.gz\n", f"{DIGEST}  {NAME}\n", {"CI": "1"}, "holds no digest of"),
    ],
    ids=[
        "not the pinned one",
        "not the published one",
        "a signature's digest",
        "a page instead of digests",
        "nothing pinned in CI",
        "another archive pinned in CI",
    ],
)
def test_anything_else_is_not_used(
    pinned: Path, tmp_path: Path, pin: str, published: str, environ: dict[str, str], why: str
) -> None:
    """An archive that is another one, or whose digest nobody knows, leaves nothing behind."""
    pinned.write_text(pin)
    get, _ = network(GOOD, published)
    with pytest.raises(release.ReleaseError, match=why):
        release.install(tmp_path / ".engine", VERSION, environ, get)
    assert list((tmp_path / ".engine").iterdir()) == []


def test_an_archive_that_leads_outside_is_not_unpacked(pinned: Path, tmp_path: Path) -> None:
    """Whatever its digest says, nothing is written beside the folder."""
    content = archive("pulumi/pulumi", "../../outside")
    pinned.write_text(f"{hashlib.sha256(content).hexdigest()}  {NAME}\n")
    with pytest.raises(release.ReleaseError, match="cannot be unpacked"):
        release.install(tmp_path / ".engine", VERSION, {}, network(content, "")[0])
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
        release.install(tmp_path / ".engine", VERSION, {}, network(content, "")[0])


def test_digests_are_written_down(pinned: Path) -> None:
    """What Pulumi publishes of a version, for every machine; without any the file stays."""
    published = f"{DIGEST}  {NAME}\n{'0' * 64}  sbom.json\nnonsense\n"
    release.pin(VERSION, network(b"", published)[0])
    assert pinned.read_text() == f"{DIGEST}  {NAME}\n"
    with pytest.raises(release.ReleaseError, match="publishes no digests"):
        release.pin(VERSION, network(b"", "<html>")[0])
    assert pinned.read_text() == f"{DIGEST}  {NAME}\n"
