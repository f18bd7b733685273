"""The archive of a function: checked when it is uploaded, unpacked when it first runs.

An archive comes from whoever may call the API, so nothing in it is believed: no entry may lead
outside its folder, be a link, or unpack to more than the cloud takes.
"""

import binascii
import io
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from localcloud.fc.errors import InvalidArgumentError

ZIP_LIMIT = 100 * 1024 * 1024
"""Bytes of an archive in a request ("Limits", Function Compute 3.0)."""
UNPACKED_LIMIT = 500 * 1024 * 1024
"""Bytes of all its files ("Limits", Function Compute 3.0)."""
ENTRY_LIMIT = 50_000

_FIELD = "code.zipFile"
_NAME_BYTES = 255
_CHUNK = 1024 * 1024
# What the library raises for an archive that is damaged, or made to be: it says so in no one place.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True)
class Archive:
    """A checked archive."""

    content: bytes
    digest: str
    """SHA-256 of the archive: what the local cloud knows it by."""
    checksum: str
    """CRC-64 of the archive: what the API calls its checksum."""


def parse(encoded: str) -> Archive:
    """Return the archive of a request, or say what is wrong with it."""
    if len(encoded) > ZIP_LIMIT * 4 // 3 + 4:
        raise InvalidArgumentError(
            _FIELD, f"{len(encoded)} characters", f"at most {ZIP_LIMIT} bytes"
        )
    try:
        content = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArgumentError(
            _FIELD, encoded[:40], f"base64 of a zip archive ({error})"
        ) from error
    check(content)
    return Archive(content, sha256(content).hexdigest(), str(crc64(content)))


def check(content: bytes) -> None:
    """Fail unless the content is a zip archive that can be unpacked without harm."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = opened.infolist()
            _check_entries(entries)
            for entry in entries:
                _read(opened, entry)
    except _BROKEN as error:
        raise InvalidArgumentError(
            _FIELD, f"{len(content)} bytes", f"a zip archive ({error})"
        ) from error


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if not entries or len(entries) > ENTRY_LIMIT:
        raise InvalidArgumentError(_FIELD, f"{len(entries)} entries", f"1 to {ENTRY_LIMIT} entries")
    size = sum(entry.file_size for entry in entries)
    if size > UNPACKED_LIMIT:
        raise InvalidArgumentError(
            _FIELD, f"{size} bytes", f"at most {UNPACKED_LIMIT} bytes unpacked"
        )
    names = {entry.filename.rstrip("/") for entry in entries}
    if len(names) < len(entries):
        raise InvalidArgumentError(
            _FIELD, "a name that comes twice", "entries with names of their own"
        )
    files = {entry.filename for entry in entries if not entry.is_dir()}
    for entry in entries:
        name = entry.filename
        if not name.isprintable() or any(
            len(part.encode(errors="replace")) > _NAME_BYTES for part in name.split("/")
        ):
            raise InvalidArgumentError(
                _FIELD, name, f"names of at most {_NAME_BYTES} bytes of text"
            )
        if files.intersection(map(str, PurePosixPath(name).parents)):
            raise InvalidArgumentError(_FIELD, name, "folders that are not files, too")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            # guess: the two that every implementation reads.
            raise InvalidArgumentError(_FIELD, name, "entries that are stored or deflated")
        if (
            "\\" in name
            or "\0" in name
            or PurePosixPath(name).is_absolute()
            or ".." in name.split("/")
        ):
            raise InvalidArgumentError(_FIELD, name, "entries inside the archive's own folder")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise InvalidArgumentError(_FIELD, name, "plain files and folders, no links or devices")
        if entry.flag_bits & 0x1:
            raise InvalidArgumentError(_FIELD, name, "entries that are not encrypted")


def _read(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Read an entry to its end: only then is it clear that it can be read."""
    size = 0
    with opened.open(entry) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
    if size != entry.file_size:
        raise zipfile.BadZipFile(f"an entry has {size} bytes, not {entry.file_size}")


def unpack(content: bytes, folder: Path) -> None:
    """Make ``folder`` hold the archive's files; it appears whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            for entry in opened.infolist():
                path = Path(opened.extract(entry, unfinished))
                mode = (entry.external_attr >> 16) & 0o777
                path.chmod(0o755 if entry.is_dir() or mode & 0o111 else 0o644)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        # Another invocation unpacked the same archive in the meantime.
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _crc64_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0xC96C5795D7870F42 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC64 = _crc64_table()


def crc64(content: bytes) -> int:
    """Return the CRC-64 (ECMA-182, reflected) that Function Compute and OSS use as a checksum."""
    value = 0xFFFFFFFFFFFFFFFF
    for byte in content:
        value = _CRC64[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFFFFFFFFFF
