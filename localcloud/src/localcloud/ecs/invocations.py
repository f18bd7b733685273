"""What was invoked and what became of it: rows of the store, found by id, command, tag or instance.

Nothing of it is kept in memory; a look-up by tag costs the same with ten as with ten thousand
invocations. A run that has not ended is ``Pending`` here; whether it runs at this moment is known
to the dispatcher.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from localcloud.ecs import statuses
from localcloud.store import Store

RETENTION_SECONDS = 28 * 86_400
"""How long Cloud Assistant remembers ("DescribeInvocations")."""

_TABLES = """
CREATE TABLE IF NOT EXISTS ecs_invocations (
  sequence INTEGER PRIMARY KEY, invoke_id TEXT NOT NULL UNIQUE, command_id TEXT NOT NULL,
  command_name TEXT NOT NULL, created REAL NOT NULL, status TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ecs_invocations_command ON ecs_invocations (command_id, sequence);
CREATE INDEX IF NOT EXISTS ecs_invocations_name ON ecs_invocations (command_name, sequence);
CREATE INDEX IF NOT EXISTS ecs_invocations_created ON ecs_invocations (created);
CREATE TABLE IF NOT EXISTS ecs_invocation_tags (
  key TEXT NOT NULL, value TEXT NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (key, value, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ecs_results (
  sequence INTEGER NOT NULL, position INTEGER NOT NULL, invoke_id TEXT NOT NULL,
  instance_id TEXT NOT NULL, status TEXT NOT NULL, started REAL, finished REAL, stopped REAL,
  exit_code INTEGER, output BLOB NOT NULL DEFAULT x'', dropped INTEGER NOT NULL DEFAULT 0,
  error_code TEXT NOT NULL DEFAULT '', PRIMARY KEY (sequence, position));
CREATE INDEX IF NOT EXISTS ecs_results_instance ON ecs_results (instance_id, sequence);
CREATE INDEX IF NOT EXISTS ecs_results_unfinished ON ecs_results (sequence)
  WHERE status = 'Pending';
"""


@dataclass(frozen=True)
class Invocation:
    """One call of InvokeCommand or RunCommand, with the command as it was then."""

    sequence: int
    """Counts up; pages of results are cut by it."""
    invoke_id: str
    command_id: str
    command_name: str
    command_type: str
    command_content: str
    command_description: str
    parameters: dict[str, str]
    enable_parameter: bool
    created: float
    timeout_seconds: int
    instance_ids: list[str]
    working_dir: str = ""
    username: str = ""
    termination_mode: str = "Process"
    tags: dict[str, str] = field(default_factory=dict)
    client_token: str = ""
    fingerprint: str = ""
    """What a repeat with the same client token must ask for."""


@dataclass(frozen=True)
class Result:
    """What became of an invocation on one instance."""

    sequence: int
    position: int
    """Which of the invocation's instances it is."""
    invoke_id: str
    instance_id: str
    status: str = statuses.PENDING
    started: float | None = None
    finished: float | None = None
    stopped: float | None = None
    exit_code: int | None = None
    output: bytes = b""
    dropped: int = 0
    error_code: str = ""


@dataclass(frozen=True)
class Search:
    """Which invocations or results are wanted; empty fields do not narrow."""

    invoke_id: str = ""
    command_id: str = ""
    command_name: str = ""
    command_type: str = ""
    instance_id: str = ""
    states: tuple[str, ...] = ()
    result_states: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slice:
    """Which part of what was found is wanted, newest first."""

    limit: int
    offset: int = 0
    after: tuple[int, int] | None = None
    """Only what follows this invocation, or this result: its sequence number and position."""


class Invocations:
    """The invocations and results of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.create(_TABLES)
        (row,) = store.read("SELECT COALESCE(MAX(sequence), 0) AS last FROM ecs_invocations")
        self._last: int = row["last"]

    def next_sequence(self) -> int:
        """Return the number of the next invocation."""
        self._last += 1
        return self._last

    def add(self, invocation: Invocation) -> None:
        """Remember an invocation, with its runs to be done."""
        with self._store.transaction():
            self._store.write(
                "INSERT INTO ecs_invocations (sequence, invoke_id, command_id, command_name, "
                "created, status, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    invocation.sequence,
                    invocation.invoke_id,
                    invocation.command_id,
                    invocation.command_name,
                    invocation.created,
                    statuses.RUNNING,
                    json.dumps(asdict(invocation), ensure_ascii=False),
                ),
            )
            for position, instance_id in enumerate(invocation.instance_ids):
                self._store.write(
                    "INSERT INTO ecs_results (sequence, position, invoke_id, instance_id, status) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (
                        invocation.sequence,
                        position,
                        invocation.invoke_id,
                        instance_id,
                        statuses.PENDING,
                    ),
                )
            self._write_tags(invocation.sequence, invocation.tags)

    def finish(self, result: Result, overall: str) -> None:
        """Remember how a run ended and what that makes of the whole invocation."""
        self._store.write(
            "UPDATE ecs_results SET status = ?, started = ?, finished = ?, stopped = ?, "
            "exit_code = ?, output = ?, dropped = ?, error_code = ? "
            "WHERE sequence = ? AND instance_id = ?",
            (
                result.status,
                result.started,
                result.finished,
                result.stopped,
                result.exit_code,
                result.output,
                result.dropped,
                result.error_code,
                result.sequence,
                result.instance_id,
            ),
        )
        self._store.write(
            "UPDATE ecs_invocations SET status = ? WHERE sequence = ?", (overall, result.sequence)
        )

    def retag(self, invocation: Invocation) -> None:
        """Replace the tags of an invocation by those that it now has."""
        with self._store.transaction():
            self._store.write(
                "DELETE FROM ecs_invocation_tags WHERE sequence = ?", (invocation.sequence,)
            )
            self._write_tags(invocation.sequence, invocation.tags)
            self._store.write(
                "UPDATE ecs_invocations SET value = ? WHERE sequence = ?",
                (json.dumps(asdict(invocation), ensure_ascii=False), invocation.sequence),
            )

    def forget_before(self, time: float) -> None:
        """Delete invocations that are older than that."""
        old = "SELECT sequence FROM ecs_invocations WHERE created < ?"
        with self._store.transaction():
            for table in ("ecs_invocation_tags", "ecs_results", "ecs_invocations"):
                self._store.write(f"DELETE FROM {table} WHERE sequence IN ({old})", (time,))  # noqa: S608

    def get(self, invoke_id: str) -> Invocation | None:
        """Return an invocation, or None."""
        rows = self._store.read(
            "SELECT value FROM ecs_invocations WHERE invoke_id = ?", (invoke_id,)
        )
        return _invocation(rows[0]) if rows else None

    def results_of(self, sequences: Collection[int]) -> dict[int, list[Result]]:
        """Return the results of invocations, in the order of their instances."""
        marks = ", ".join("?" * len(sequences))
        found: dict[int, list[Result]] = {sequence: [] for sequence in sequences}
        for row in self._store.read(
            f"SELECT * FROM ecs_results WHERE sequence IN ({marks}) ORDER BY sequence, position",  # noqa: S608
            tuple(sequences),
        ):
            found[row["sequence"]].append(_result(row))
        return found

    def after(self, sequence: int, limit: int) -> list[Invocation]:
        """Return the first invocations after one, oldest first."""
        rows = self._store.read(
            "SELECT value FROM ecs_invocations WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (sequence, limit),
        )
        return [_invocation(row) for row in rows]

    def with_sequences(self, sequences: Collection[int]) -> list[Invocation]:
        """Return the invocations with these sequence numbers, oldest first."""
        marks = ", ".join("?" * len(sequences))
        rows = self._store.read(
            f"SELECT value FROM ecs_invocations WHERE sequence IN ({marks}) ORDER BY sequence",  # noqa: S608
            tuple(sequences),
        )
        return [_invocation(row) for row in rows]

    def created_since(self, time: float) -> list[Invocation]:
        """Return the invocations since then, oldest first."""
        return [
            _invocation(row)
            for row in self._store.read(
                "SELECT value FROM ecs_invocations WHERE created >= ? ORDER BY sequence", (time,)
            )
        ]

    def unfinished(self) -> list[tuple[str, str]]:
        """Return the runs that have not ended (invocation, instance), oldest first."""
        rows = self._store.read(
            "SELECT invoke_id, instance_id FROM ecs_results WHERE status = 'Pending' "
            "ORDER BY sequence, position"
        )
        return [(row["invoke_id"], row["instance_id"]) for row in rows]

    def is_running(self, command_id: str) -> bool:
        """Return whether a run of a command has not ended."""
        rows = self._store.read(
            "SELECT 1 FROM ecs_results r JOIN ecs_invocations i ON i.sequence = r.sequence"
            " WHERE r.status = 'Pending' AND i.command_id = ? LIMIT 1",
            (command_id,),
        )
        return bool(rows)

    def count_of_command(self, command_id: str) -> int:
        """Return how often a command was invoked."""
        (row,) = self._store.read(
            "SELECT COUNT(*) AS n FROM ecs_invocations WHERE command_id = ?", (command_id,)
        )
        return int(row["n"])

    def search(self, search: Search, part: Slice) -> tuple[list[Invocation], int]:
        """Return invocations, newest first, and how many there are in all."""
        source, values = _invocations_where(search)
        if search.instance_id:
            source += " AND i.sequence IN (SELECT sequence FROM ecs_results WHERE instance_id = ?)"
            values = [*values, search.instance_id]
        rows, total = self._cut("i.value, i.sequence", source, values, part, "i.sequence DESC")
        return [_invocation(row) for row in rows], total

    def search_results(self, search: Search, part: Slice) -> tuple[list[Result], int]:
        """Return results, newest first, and how many there are in all."""
        source, values = _invocations_where(search)
        source = source.replace(
            "FROM ecs_invocations i",
            "FROM ecs_invocations i JOIN ecs_results r ON r.sequence = i.sequence",
        )
        if search.instance_id:
            source += " AND r.instance_id = ?"
            values = [*values, search.instance_id]
        if search.result_states:
            source += f" AND r.status IN ({', '.join('?' * len(search.result_states))})"
            values = [*values, *search.result_states]
        rows, total = self._cut("r.*", source, values, part, "i.sequence DESC, r.position")
        return [_result(row) for row in rows], total

    def _cut(
        self, columns: str, source: str, values: Sequence[object], part: Slice, order: str
    ) -> tuple[list[sqlite3.Row], int]:
        (count,) = self._store.read(f"SELECT COUNT(*) AS n {source}", values)
        if part.after is not None:
            sequence, position = part.after
            further = "i.sequence < ?"
            values = [*values, sequence]
            if "ecs_results r" in source:
                further = f"({further} OR (i.sequence = ? AND r.position > ?))"
                values += [sequence, position]
            source = f"{source} AND {further}"
        rows = self._store.read(
            f"SELECT {columns} {source} ORDER BY {order} LIMIT ? OFFSET ?",
            (*values, part.limit, part.offset),
        )
        return rows, int(count["n"])

    def _write_tags(self, sequence: int, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._store.write(
                "INSERT INTO ecs_invocation_tags (key, value, sequence) VALUES (?, ?, ?)",
                (key, value, sequence),
            )


def _invocations_where(search: Search) -> tuple[str, list[object]]:
    joins, conditions = "", ["1 = 1"]
    values: list[object] = []
    # The tags come first: they narrow most, and their table is ordered by sequence within a tag.
    for number, (key, value) in enumerate(search.tags.items()):
        joins += f" JOIN ecs_invocation_tags t{number} ON t{number}.sequence = i.sequence"
        joins += f" AND t{number}.key = ? AND t{number}.value = ?"
        values += [key, value]
    for column in ("invoke_id", "command_id", "command_name"):
        if wanted := getattr(search, column):
            conditions.append(f"i.{column} = ?")
            values.append(wanted)
    if search.command_type:
        conditions.append("json_extract(i.value, '$.command_type') = ?")
        values.append(search.command_type)
    if search.states:
        conditions.append(f"i.status IN ({', '.join('?' * len(search.states))})")
        values += search.states
    return f"FROM ecs_invocations i{joins} WHERE {' AND '.join(conditions)}", values


def _invocation(row: sqlite3.Row) -> Invocation:
    return Invocation(**json.loads(row["value"]))


def _result(row: sqlite3.Row) -> Result:
    return Result(
        row["sequence"],
        row["position"],
        row["invoke_id"],
        row["instance_id"],
        row["status"],
        row["started"],
        row["finished"],
        row["stopped"],
        row["exit_code"],
        bytes(row["output"]),
        row["dropped"],
        row["error_code"],
    )
