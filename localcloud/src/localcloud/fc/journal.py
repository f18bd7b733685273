"""What functions printed, and the asynchronous invocations still to be run; both durable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from localcloud.environment import iso_utc
from localcloud.redaction import masked
from localcloud.store import Store

KEPT_INVOCATIONS = 1000
"""Invocations of a function whose output is kept."""
_PRUNE_EVERY = 100
_HIDDEN = "***"

_TABLES = """
CREATE TABLE IF NOT EXISTS fc_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT NOT NULL, request_id TEXT NOT NULL,
  time REAL NOT NULL, duration_ms REAL NOT NULL, error_type TEXT NOT NULL, output TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS fc_log_function ON fc_log (function, id);
CREATE TABLE IF NOT EXISTS fc_accepted (
  request_id TEXT PRIMARY KEY, function TEXT NOT NULL, qualifier TEXT NOT NULL,
  payload BLOB NOT NULL, accepted REAL NOT NULL, due REAL NOT NULL, attempt INTEGER NOT NULL,
  by_timer INTEGER NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Pending:
    """An accepted asynchronous invocation."""

    request_id: str
    function: str
    qualifier: str
    payload: bytes
    accepted: float
    due: float
    """When it is to be run; both in seconds since 1970."""
    attempt: int = 1
    by_timer: bool = False
    throttled: int = 0
    """How often there was no room for this attempt."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function that has ended, and what it printed."""

    function: str
    request_id: str
    time: float
    """When it ended, in seconds since 1970."""
    duration_ms: float
    error_type: str
    output: str
    """Without what looks like a secret."""

    @property
    def begun(self) -> float:
        """When it began: before whatever it started."""
        return self.time - self.duration_ms / 1000


class Journal:
    """Writes both and reads them back."""

    def __init__(self, store: Store) -> None:
        store.create(_TABLES)
        self._store = store
        self._since_pruned: dict[str, int] = {}

    def write_output(
        self,
        function: str,
        request_id: str,
        time: float,
        duration_ms: float,
        error_type: str,
        output: str,
    ) -> None:
        """Keep what one invocation printed."""
        self._store.write(
            "INSERT INTO fc_log (function, request_id, time, duration_ms, error_type, output) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (function, request_id, time, duration_ms, error_type, output),
        )
        written = self._since_pruned.get(function, 0) + 1
        if written >= _PRUNE_EVERY:
            written = 0
            self._store.write(
                "DELETE FROM fc_log WHERE function = ? AND id <= ("
                "SELECT id FROM fc_log WHERE function = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (function, function, KEPT_INVOCATIONS),
            )
        self._since_pruned[function] = written

    def calls(self, texts: Sequence[str], request_ids: Sequence[str], limit: int) -> list[Call]:
        """Return the calls with these ids, or whose output names one of the texts, oldest first."""
        named = " OR ".join(
            ["instr(output, ?)"] * len(texts) + ["request_id = ?"] * len(request_ids) or ["0"]
        )
        rows = self._store.read(
            "SELECT function, request_id, time, duration_ms, error_type, output FROM fc_log"  # noqa: S608
            f" WHERE {named} ORDER BY id DESC LIMIT ?",
            (*texts, *request_ids, limit),
        )
        found = (Call(*row) for row in reversed(rows))
        return [replace(call, output=masked(call.output, _HIDDEN)) for call in found]

    def lines(self, function: str, limit: int) -> list[dict[str, str]]:
        """Return the last lines of a function's log that are on the disk, the oldest first."""
        rows = self._store.read(
            "SELECT request_id, time, output FROM fc_log WHERE function = ? "
            "ORDER BY id DESC LIMIT ?",
            (function, limit),
        )
        found: list[dict[str, str]] = []
        for row in rows:
            # Whole: a private key has many lines.
            for line in reversed(masked(row["output"], _HIDDEN).splitlines()):
                if len(found) == limit:
                    return found[::-1]
                found.append(
                    {"time": iso_utc(row["time"]), "request_id": row["request_id"], "line": line}
                )
        return found[::-1]

    def put_pending(self, pending: Pending) -> None:
        """Accept an asynchronous invocation."""
        self._store.write(
            "INSERT OR REPLACE INTO fc_accepted "
            "(request_id, function, qualifier, payload, accepted, due, attempt, by_timer) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                pending.request_id, pending.function, pending.qualifier, pending.payload,
                pending.accepted, pending.due, pending.attempt, pending.by_timer,
            ),
        )  # fmt: skip

    def put_off(self, pending: Pending) -> None:
        """Put off the next attempt at an asynchronous invocation."""
        self._store.write(
            "UPDATE fc_accepted SET due = ?, attempt = ? WHERE request_id = ?",
            (pending.due, pending.attempt, pending.request_id),
        )

    def delete_pending(self, request_id: str) -> None:
        """Forget an asynchronous invocation that is finished."""
        self._store.write("DELETE FROM fc_accepted WHERE request_id = ?", (request_id,))

    def pending(self) -> list[Pending]:
        """Return what was accepted and not finished when the state was last written."""
        rows = self._store.read("SELECT * FROM fc_accepted ORDER BY due")
        return [
            Pending(
                **{
                    **dict(row),
                    "payload": bytes(row["payload"]),
                    "by_timer": bool(row["by_timer"]),
                }
            )
            for row in rows
        ]
