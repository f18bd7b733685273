"""Simple Log Service: projects, log stores and their entries, durable and bounded."""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localcloud.api import Caller
from localcloud.environment import Environment
from localcloud.settings import CloudSettings
from localcloud.sls import indexes
from localcloud.sls.errors import (
    IndexAlreadyExistError,
    IndexNotExistError,
    LogStoreAlreadyExistError,
    LogStoreNotExistError,
    ParameterInvalidError,
    ProjectAlreadyExistError,
    ProjectNotExistError,
)
from localcloud.sls.query import compile_query
from localcloud.store import Store, Table

KEPT_ENTRIES = 200_000
"""Entries of a log store that are kept, however long its retention is."""
FOREVER_DAYS = 3650
"""A retention of this many days means that entries are never deleted ("CreateLogStore")."""
_PRUNE_EVERY = 2000
_READ_AT_ONCE = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_STORE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]")

_MODES = {"standard", "query", "lite"}
"""Resource log_store of the provider, `mode`; Log Service's own pages do not name `lite`."""
_KEPT = ("encrypt_conf", "mode", "telemetryType")

_ENTRIES = """
CREATE TABLE IF NOT EXISTS sls_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, store TEXT NOT NULL,
  time INTEGER NOT NULL, topic TEXT NOT NULL, source TEXT NOT NULL, entry TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS sls_entries_time ON sls_entries (project, store, time, id);
"""


@dataclass(frozen=True)
class Project:
    """A project."""

    name: str
    description: str
    created: float
    modified: float
    tags: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    """The text exactly as it was sent: another spelling of the same JSON shows as a change."""


@dataclass(frozen=True)
class LogStore:
    """A log store; ``settings`` is what the request said, as it said it."""

    project: str
    name: str
    settings: dict[str, Any]
    created: float
    modified: float
    metering_mode: str = "ChargeByFunction"
    index: dict[str, Any] | None = None
    indexed: float = 0.0
    """When the index was created: it covers what is written from then on."""


class Sls:
    """The projects of the account.

    Args:
        settings: region and account.
        environment: clock.
        store: where projects, log stores and entries are kept.
        is_allowed: tells whether a caller may do an action on a resource.
    """

    def __init__(
        self,
        settings: CloudSettings,
        environment: Environment,
        store: Store,
        is_allowed: Callable[[Caller, str, str], bool],
    ) -> None:
        store.create(_ENTRIES)
        self.settings = settings
        self._clock = environment.clock
        self._store = store
        self.is_allowed = is_allowed
        self._projects = Table(store, "sls-project", Project)
        self._stores = Table(store, "sls-logstore", LogStore)
        self._since_pruned: dict[tuple[str, str], int] = {}

    # Projects

    def arn(self, project: str, store: str = "") -> str:
        """Return the resource name of a project or of a log store in it."""
        prefix = f"acs:log:{self.settings.region}:{self.settings.account_id}:project/{project}"
        return f"{prefix}/logstore/{store}" if store else prefix

    def project(self, name: str) -> Project:
        """Return a project, or fail as the cloud does."""
        found = self._projects.get(name)
        if found is None:
            raise ProjectNotExistError(name)
        return found

    def projects(self) -> list[Project]:
        """Return all projects by name."""
        return sorted(self._projects, key=lambda p: p.name)

    def create_project(self, name: str, description: str) -> None:
        """Create a project."""
        if not _NAME.fullmatch(name):
            raise ParameterInvalidError(
                "projectName", name, "3 to 63 lower-case letters, digits and inner hyphens"
            )
        if name in self._projects:
            raise ProjectAlreadyExistError(name)
        now = self._clock.now()
        self._projects.put(name, Project(name, description, now, now))

    def update_project(self, name: str, **changes: Any) -> None:
        """Change description, tags or policy."""
        modified = self._clock.now()
        self._projects.put(name, replace(self.project(name), **changes, modified=modified))

    def delete_project(self, name: str) -> None:
        """Delete a project with its log stores and entries; a missing one is not an error."""
        for store in [s for s in self._stores if s.project == name]:
            self.delete_store(name, store.name)
        self._projects.delete(name)

    # Log stores

    def log_store(self, project: str, name: str) -> LogStore:
        """Return a log store, or fail as the cloud does."""
        self.project(project)
        found = self._stores.get(_key(project, name))
        if found is None:
            raise LogStoreNotExistError(name)
        return found

    def log_stores(self, project: str) -> list[LogStore]:
        """Return a project's log stores by name."""
        self.project(project)
        return sorted((s for s in self._stores if s.project == project), key=lambda s: s.name)

    def create_store(self, project: str, name: str, settings: Mapping[str, Any]) -> None:
        """Create a log store."""
        self.project(project)
        if not _STORE_NAME.fullmatch(name):
            raise ParameterInvalidError(
                "logstoreName", name, "2 to 63 lower-case letters, digits and inner - and _"
            )
        if _key(project, name) in self._stores:
            raise LogStoreAlreadyExistError(name)
        now = self._clock.now()
        checked = _check_store({"ttl": 30, "shardCount": 2, **settings})
        self._stores.put(_key(project, name), LogStore(project, name, checked, now, now))

    def update_store(self, project: str, name: str, settings: Mapping[str, Any]) -> None:
        """Replace a log store's settings; what an update leaves out has its default again.

        Only what an update cannot change, or has no documented default, stays ("UpdateLogStore").
        """
        before = self.log_store(project, name)
        kept = {name: before.settings[name] for name in _KEPT if name in before.settings}
        changed = {**kept, **settings, "shardCount": before.settings["shardCount"]}
        checked = _check_store(changed)
        now = self._clock.now()
        self._stores.put(_key(project, name), replace(before, settings=checked, modified=now))

    def set_metering_mode(self, project: str, name: str, mode: str) -> None:
        """Change how a log store is paid for."""
        if mode not in {"ChargeByFunction", "ChargeByDataIngest"}:
            raise ParameterInvalidError(
                "meteringMode", mode, "ChargeByFunction or ChargeByDataIngest"
            )
        before = self.log_store(project, name)
        self._stores.put(_key(project, name), replace(before, metering_mode=mode))

    def delete_store(self, project: str, name: str) -> None:
        """Delete a log store with its entries; a missing one is not an error."""
        if self._stores.delete(_key(project, name)) is not None:
            self._store.write(
                "DELETE FROM sls_entries WHERE project = ? AND store = ?", (project, name)
            )

    # Indexes

    def index(self, project: str, store: str) -> dict[str, Any]:
        """Return the index of a log store, or fail as the cloud does."""
        found = self.log_store(project, store).index
        if found is None:
            raise IndexNotExistError(store)
        return found

    def create_index(self, project: str, store: str, given: Mapping[str, Any]) -> None:
        """Create the index of a log store; what is in the store already stays unsearchable."""
        before = self.log_store(project, store)
        if before.index is not None:
            raise IndexAlreadyExistError(store)
        index, now = indexes.check(given), self._clock.now()
        self._stores.put(_key(project, store), replace(before, index=index, indexed=now))

    def update_index(self, project: str, store: str, given: Mapping[str, Any]) -> None:
        """Replace the whole index."""
        self.index(project, store)
        before = self.log_store(project, store)
        self._stores.put(_key(project, store), replace(before, index=indexes.check(given)))

    def delete_index(self, project: str, store: str) -> None:
        """Delete the index."""
        self.index(project, store)
        before = self.log_store(project, store)
        self._stores.put(_key(project, store), replace(before, index=None))

    # Entries

    def append(
        self,
        project: str,
        store: str,
        entries: list[dict[str, str]],
        topic: str = "",
        source: str = "",
        now: float | None = None,
    ) -> None:
        """Write entries; they are durable after the store's next flush.

        Args:
            project: the project.
            store: the log store in it.
            entries: the fields of each entry.
            topic: what they are about (``__topic__``).
            source: where they come from (``__source__``).
            now: their time in seconds since 1970; nothing for the current time.
        """
        self.log_store(project, store)
        time = int(self._clock.now() if now is None else now)
        for entry in entries:
            self._store.write(
                "INSERT INTO sls_entries (project, store, time, topic, source, entry) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (project, store, time, topic, source, json.dumps(entry)),
            )
        written = self._since_pruned.get((project, store), 0) + len(entries)
        if written >= _PRUNE_EVERY:
            self.prune(project, store)
            written = 0
        self._since_pruned[project, store] = written

    def prune(self, project: str, store: str) -> None:
        """Delete what is past its retention, and the oldest entries if there are too many."""
        self._store.write(
            "DELETE FROM sls_entries WHERE project = ? AND store = ? AND (time < ? OR id <= ("
            "SELECT id FROM sls_entries WHERE project = ? AND store = ? "
            "ORDER BY id DESC LIMIT 1 OFFSET ?))",
            (project, store, self._oldest(project, store), project, store, KEPT_ENTRIES),
        )

    async def search(
        self,
        project: str,
        store: str,
        begin: float,
        end: float,
        *,
        query: str = "",
        topic: str = "",
        line: int = 100,
        offset: int = 0,
        reverse: bool = False,
    ) -> list[dict[str, str]]:
        """Return the entries of a time range that match a query, with time, topic and source.

        Args:
            project: the project.
            store: the log store in it.
            begin: the first second that counts.
            end: the first second that counts no more.
            query: what must be in an entry; see ``query.py``.
            topic: the topic that an entry must have; nothing for any.
            line: how many entries to give at most.
            offset: how many to leave out before them.
            reverse: the newest first.
        """
        searched = self.log_store(project, store)
        if searched.index is None:
            raise IndexNotExistError(store, 400)
        matches = compile_query(query)
        await self._store.flush()
        order = "DESC" if reverse else "ASC"
        sql = (
            "SELECT time, topic, source, entry FROM sls_entries "  # noqa: S608 - order is one of two
            "WHERE project = ? AND store = ? AND time >= ? AND time < ? AND ? IN ('', topic) "
            f"ORDER BY time {order}, id {order} LIMIT {_READ_AT_ONCE} OFFSET ?"
        )
        since = max(begin, int(searched.indexed), self._oldest(project, store))
        found: list[dict[str, str]] = []
        read = 0
        while len(found) < offset + line:
            rows = self._store.read(sql, (project, store, since, end, topic, read))
            entries = (_entry(row) for row in rows)
            found += [entry for entry in entries if matches(entry)]
            read += len(rows)
            if len(rows) < _READ_AT_ONCE:
                break
        return found[offset : offset + line]

    def _oldest(self, project: str, store: str) -> float:
        days = int(self.log_store(project, store).settings["ttl"])
        if days >= FOREVER_DAYS:
            return 0
        return self._clock.now() - days * 86_400


def _entry(row: sqlite3.Row) -> dict[str, str]:
    return {
        "__time__": str(row["time"]),
        "__topic__": row["topic"],
        "__source__": row["source"],
        **json.loads(row["entry"]),
    }


def _check_store(settings: dict[str, Any]) -> dict[str, Any]:
    _check_number(settings, "ttl", 1, FOREVER_DAYS)
    _check_number(settings, "shardCount", 1, 100)
    if settings.get("autoSplit"):
        _check_number(settings, "maxSplitShard", 1, 256)
    if settings.get("hot_ttl"):
        _check_number(settings, "hot_ttl", 7, settings["ttl"])
    if settings.get("infrequentAccessTTL"):
        _check_number(settings, "infrequentAccessTTL", 1, FOREVER_DAYS)
    if settings.get("mode", "standard") not in _MODES:
        raise ParameterInvalidError("mode", settings["mode"], "standard, query or lite")
    return settings


def _check_number(settings: Mapping[str, Any], name: str, low: int, high: int) -> None:
    value = settings.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ParameterInvalidError(name, value, f"a whole number from {low} to {high}")


def _key(project: str, store: str) -> str:
    return f"{project}/{store}"
