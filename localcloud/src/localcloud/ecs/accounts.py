"""The accounts of an instance as its own files tell them: who may log in, groups, further files."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from localcloud.environment import iso_utc

_FIRST_UID, _LAST_UID = 1000, 60_000
_DAY_SECONDS = 86_400


class Files(Protocol):
    """What is read of an instance."""

    def content(self, path: str) -> bytes:
        """Return the beginning of a file; raises ``FileNotFoundError`` if there is none."""


def accounts(files: Files, further: Sequence[str], now: float) -> list[dict[str, Any]]:
    """Return the accounts of people, by name.

    Args:
        files: the instance's files.
        further: paths with ``{account}`` in them, of files that are shown beside an account.
        now: the time in seconds since 1970.
    """
    expiry = {
        row[0]: int(row[7]) * _DAY_SECONDS
        for row in _rows(files, "/etc/shadow")
        if len(row) > 7 and row[7].isdecimal()
    }
    groups = [row for row in _rows(files, "/etc/group") if len(row) > 3]
    found = []
    for row in _rows(files, "/etc/passwd"):
        if len(row) < 7 or not row[2].isdecimal() or not _FIRST_UID <= int(row[2]) < _LAST_UID:
            continue
        name = row[0]
        own = (path.replace("{account}", name) for path in further)
        found.append(
            {
                "account": name,
                "uid": int(row[2]),
                "comment": row[4],
                "home": row[5],
                "shell": row[6],
                # After that day nobody can log in, with whatever key.
                "expires": iso_utc(expiry[name])[:10] if name in expiry else "",
                "expired": expiry.get(name, now + 1) <= now,
                "groups": [g[0] for g in groups if name in g[3].split(",") or g[2] == row[3]],
                "files": [
                    {"path": path, "content": text} for path in own if (text := _text(files, path))
                ],
            }
        )
    return sorted(found, key=lambda account: str(account["account"]))


def _rows(files: Files, path: str) -> Iterator[list[str]]:
    for line in _text(files, path).splitlines():
        yield line.split(":")


def _text(files: Files, path: str) -> str:
    try:
        return files.content(path).decode(errors="replace")
    except FileNotFoundError:
        return ""
