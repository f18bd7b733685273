"""A release of the Pulumi engine: downloaded, and used only if it is what its digest says.

Version and digests stand in ``engine.sha256``, in lines as ``sha256sum`` writes them; ``make
pin-engine`` moves them. Nothing else is ever installed, on a person's machine as little as where
secrets are at hand.

Sources: Pulumi, "Download and install Pulumi"; the releases of pulumi/pulumi on GitHub, of which
each has a list of SHA-256 digests; pulumi/homebrew-tap, which names the same digests.
"""

import hashlib
import platform
import shutil
import tarfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from localcloud.commandline.errors import UserError

PINNED = Path(__file__).with_name("engine.sha256")
"""The digests, in lines as ``sha256sum`` writes them."""
_ARCHIVES = "https://get.pulumi.com/releases/sdk/"
_DIGESTS = "https://github.com/pulumi/pulumi/releases/download/v{0}/pulumi-{0}-checksums.txt"
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_PROCESSORS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_TIMEOUT_SECONDS = 60

Download = Callable[[str, Path], None]
"""Write what is at an address into a file."""


class ReleaseError(UserError):
    """The release is not used; the message says why."""


def download(url: str, file: Path) -> None:
    """Write what is at an address into a file."""
    with (
        urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer,  # noqa: S310 - https
        file.open("wb") as written,
    ):
        shutil.copyfileobj(answer, written)


def version() -> str:
    """Return the version of the engine that was written down."""
    return PINNED.read_text(encoding="utf-8").split("pulumi-v", 1)[1].split("-", 1)[0]


def install(root: Path, get: Download = download) -> None:
    """Put the engine that was written down into ``<root>/bin``.

    Raises:
        ReleaseError: if there is none for this machine, or if it is not the one that was meant.
    """
    name = archive_name(version(), platform.system(), platform.machine())
    expected = digest_in(PINNED.read_text(encoding="utf-8"), name)
    if not expected:
        raise ReleaseError(f"{PINNED.name} holds no digest of {name}; run 'make pin-engine'")
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=root) as folder:
        archive = Path(folder) / name
        get(_ARCHIVES + name, archive)
        with archive.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != expected:
            raise ReleaseError(f"{name} has the SHA-256 {found}, and {expected} is expected")
        _unpack(archive, Path(folder), root / "bin")


def pin(version: str, get: Download = download) -> None:
    """Write down a version with the digests that Pulumi publishes of it.

    Raises:
        ReleaseError: if Pulumi publishes none; what was written down stays.
    """
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "digests"
        try:
            get(_DIGESTS.format(version), listed)
        except OSError as error:
            raise ReleaseError(
                f"the digests of Pulumi {version} cannot be read ({error}); name a release with "
                "--version, such as 3.300.0, and connect to the internet"
            ) from error
        lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
    kept = [
        line
        for line in lines
        if line.endswith(".tar.gz") and "pulumi-v" in line and digest_in(line, line.split()[-1])
    ]
    if not kept:
        raise ReleaseError(f"Pulumi publishes no digests of version {version}")
    PINNED.write_text("\n".join(kept) + "\n", encoding="utf-8")


def archive_name(version: str, system: str, processor: str) -> str:
    """Return the name of the archive for a machine, as ``uname`` describes it."""
    try:
        return f"pulumi-v{version}-{_SYSTEMS[system]}-{_PROCESSORS[processor.lower()]}.tar.gz"
    except KeyError as missing:
        raise ReleaseError(f"Pulumi has no release for {system} on {processor}") from missing


def digest_in(lines: str, name: str) -> str:
    """Return the digest of a file in lines as ``sha256sum`` writes them; empty if there is none."""
    for line in lines.splitlines():
        digest, _, file = line.partition(" ")
        if file.strip().lstrip("*") == name and len(digest) == 64:
            return digest.lower()
    return ""


def _unpack(archive: Path, folder: Path, target: Path) -> None:
    try:
        with tarfile.open(archive) as content:
            # Python before 3.11.4 knows no filters, so what they refuse is refused here as well.
            content.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            content.extractall(folder, _inside(content, folder))  # noqa: S202 - they are checked
    except (tarfile.TarError, OSError) as error:
        raise ReleaseError(f"{archive.name} cannot be unpacked: {error}") from error
    # Some releases hold the programs in pulumi/, some in pulumi/bin/.
    programs = folder / "pulumi"
    programs = programs / "bin" if (programs / "bin").is_dir() else programs
    if target.exists():
        shutil.rmtree(target)
    programs.replace(target)


def _inside(content: tarfile.TarFile, folder: Path) -> list[tarfile.TarInfo]:
    """Return the members of an archive, all of them files and folders below the folder.

    Raises:
        tarfile.TarError: if one is not.
    """
    root, members = folder.resolve(), content.getmembers()
    for member in members:
        is_plain = member.isfile() or member.isdir()
        if not is_plain or not (root / member.name).resolve().is_relative_to(root):
            raise tarfile.TarError(f"{member.name!r} would lead out of its folder")
    return members
