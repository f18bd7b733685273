"""What functions there are: their settings, code, versions, aliases and tags."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from localcloud.environment import Environment, iso_utc, uuid_form
from localcloud.errors import ApiError
from localcloud.fc import limits
from localcloud.fc.archive import Archive
from localcloud.fc.errors import (
    AliasAlreadyExistsError,
    AliasNotFoundError,
    FunctionAlreadyExistsError,
    FunctionNotFoundError,
    InvalidArgumentError,
    VersionInUseError,
    VersionNotFoundError,
)
from localcloud.settings import DEFAULT_RESOURCE_GROUP, CloudSettings
from localcloud.store import Store, Table

LATEST = "LATEST"

_CODE = """
CREATE TABLE IF NOT EXISTS fc_code (digest TEXT PRIMARY KEY, archive BLOB NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Code:
    """The archive of a function, as its rows know it."""

    digest: str
    checksum: str
    size: int


@dataclass(frozen=True)
class Function:
    """A function as it is now."""

    name: str
    id: str
    settings: dict[str, Any] = field(repr=False)
    """As in the API, complete with defaults; holds secrets in ``environmentVariables``."""
    code: dict[str, Any]
    created: str
    modified: str
    changes: int = 0
    """How often it was changed."""
    last_version: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    """How many requests may run at the same time; if None, as many as the account has room for."""
    restriction: dict[str, Any] = field(default_factory=dict)
    """``invocationRestriction`` as the API answers it; empty as long as it was never restricted."""

    @property
    def is_disabled(self) -> bool:
        """Return whether nobody may call it."""
        return bool(self.restriction.get("disable"))


@dataclass(frozen=True)
class Version:
    """A function as it was when it was published."""

    function: str
    id: str
    description: str
    settings: dict[str, Any] = field(repr=False)
    code: dict[str, Any]
    created: str


@dataclass(frozen=True)
class Alias:
    """A name for a version, or for a share of the calls each for several."""

    function: str
    name: str
    version: str
    description: str
    weights: dict[str, float]
    created: str
    modified: str


@dataclass(frozen=True)
class Target:
    """What a function's name and a qualifier mean for one invocation."""

    function: str
    qualifier: str
    version: str
    settings: dict[str, Any] = field(repr=False)
    code: Code
    revision: str


class Registry:
    """The functions of the account, durable."""

    def __init__(self, settings: CloudSettings, environment: Environment, store: Store) -> None:
        store.create(_CODE)
        self._settings = settings
        self._environment = environment
        self._store = store
        self._functions = Table(store, "fc-function", Function)
        self._versions = Table(store, "fc-version", Version)
        self._aliases = Table(store, "fc-alias", Alias)

    # Functions

    def arn(self, name: str) -> str:
        """Return the resource name of a function, there or not."""
        return f"acs:fc:{self._settings.region}:{self._settings.account_id}:functions/{name}"

    def function(self, name: str) -> Function:
        """Return a function, or fail as the cloud does."""
        found = self._functions.get(name)
        if found is None:
            raise FunctionNotFoundError(name)
        return found

    def functions(self) -> list[Function]:
        """Return all functions by name."""
        return sorted(self._functions, key=lambda f: f.name)

    def create(
        self, name: str, settings: dict[str, Any], archive: Archive, tags: dict[str, str]
    ) -> Function:
        """Create a function."""
        if name in self._functions:
            raise FunctionAlreadyExistsError(name)
        now = self._now()
        made = Function(
            name=name,
            id=uuid_form(self._environment.ids()).lower(),
            settings=settings,
            code=self._keep(archive),
            created=now,
            modified=now,
            tags=tags,
        )
        self._functions.put(name, made)
        return made

    def update(self, name: str, settings: dict[str, Any], archive: Archive | None) -> Function:
        """Change a function; versions that were published stay as they are."""
        before = self.function(name)
        changed = replace(
            before,
            settings=settings,
            code=self._keep(archive) if archive else before.code,
            modified=self._now(),
            changes=before.changes + 1,
        )
        self._functions.put(name, changed)
        self._forget_unused({before.code["digest"]})
        return changed

    def delete(self, name: str) -> None:
        """Delete a function with its versions and aliases."""
        # guess: that versions and aliases go with it.
        unused = {self.function(name).code["digest"]}
        for alias in self.aliases(name):
            self._aliases.delete(_key(name, alias.name))
        for version in self.versions(name):
            unused.add(version.code["digest"])
            self._versions.delete(_key(name, version.id))
        self._functions.delete(name)
        self._forget_unused(unused)

    def restrict(self, name: str, reason: str, *, disable: bool) -> None:
        """Allow that a function is called, or forbid it."""
        restriction = {"disable": disable, "reason": reason, "lastModifiedTime": self._now()}
        self._functions.put(name, replace(self.function(name), restriction=restriction))

    def set_resource_group(self, name: str, group: str) -> str:
        """Put a function into a resource group and return the one that it was in."""
        before = self.function(name)
        settings = {**before.settings, "resourceGroupId": group}
        self._functions.put(name, replace(before, settings=settings))
        return str(before.settings.get("resourceGroupId") or DEFAULT_RESOURCE_GROUP)

    def set_tags(self, name: str, tags: dict[str, str]) -> None:
        """Replace a function's tags."""
        self._functions.put(name, replace(self.function(name), tags=tags))

    # Versions

    def reserve(self, name: str, concurrency: int | None) -> Function:
        """Set how many requests may run at the same time, or take that limit away."""
        function = replace(self.function(name), reserved_concurrency=concurrency)
        self._functions.put(name, function)
        return function

    def publish(self, name: str, description: str) -> Version:
        """Freeze the function as it is now under the next number."""
        function = self.function(name)
        number = function.last_version + 1
        version = Version(
            name, str(number), description, function.settings, function.code, self._now()
        )
        self._versions.put(_key(name, version.id), version)
        self._functions.put(name, replace(function, last_version=number))
        return version

    def version(self, name: str, version: str) -> Version:
        """Return a version, or fail as the cloud does."""
        found = self._versions.get(_key(name, version))
        if found is None:
            self.function(name)
            raise VersionNotFoundError(name, version)
        return found

    def versions(self, name: str) -> list[Version]:
        """Return a function's versions, the newest first."""
        found = [v for v in self._versions if v.function == name]
        return sorted(found, key=lambda v: int(v.id), reverse=True)

    def delete_version(self, name: str, version: str) -> None:
        """Delete a version that no alias uses; a missing one is not an error."""
        for alias in self.aliases(name):
            if version == alias.version or version in alias.weights:
                raise VersionInUseError(name, version, alias.name)
        gone = self._versions.delete(_key(name, version))
        if gone is not None:
            self._forget_unused({gone.code["digest"]})

    # Aliases

    def alias(self, name: str, alias: str) -> Alias:
        """Return an alias, or fail as the cloud does."""
        found = self._aliases.get(_key(name, alias))
        if found is None:
            self.function(name)
            raise AliasNotFoundError(name, alias)
        return found

    def aliases(self, name: str) -> list[Alias]:
        """Return a function's aliases by name."""
        return sorted((a for a in self._aliases if a.function == name), key=lambda a: a.name)

    def create_alias(
        self, name: str, alias: str, version: str, description: str, weights: dict[str, float]
    ) -> Alias:
        """Name a version."""
        self.function(name)
        if _key(name, alias) in self._aliases:
            raise AliasAlreadyExistsError(name, alias)
        now = self._now()
        return self._put_alias(Alias(name, alias, version, description, weights, now, now))

    def update_alias(self, name: str, alias: str, **changes: Any) -> Alias:
        """Change what an alias says."""
        return self._put_alias(replace(self.alias(name, alias), **changes, modified=self._now()))

    def delete_alias(self, name: str, alias: str) -> None:
        """Delete an alias; a missing one is not an error."""
        self._aliases.delete(_key(name, alias))

    def _put_alias(self, alias: Alias) -> Alias:
        for version in (alias.version, *alias.weights):
            if version != LATEST:
                self.version(alias.function, version)
        self._aliases.put(_key(alias.function, alias.name), alias)
        return alias

    # Code and invocations

    def target(self, name: str, qualifier: str = LATEST) -> Target:
        """Return what a call of the function with that qualifier runs."""
        alias = self._aliases.get(_key(name, qualifier or LATEST))
        return self._at(name, qualifier, self._share(alias) if alias else qualifier)

    def kept_ready(self, name: str, qualifier: str) -> Target | None:
        """Return what instances that are kept ready run; None once the qualifier is gone.

        For an alias that shares calls out it is the version of its own: a guess.
        """
        alias = self._aliases.get(_key(name, qualifier))
        with suppress(ApiError):
            return self._at(name, qualifier, alias.version if alias else qualifier)
        return None

    def _at(self, name: str, qualifier: str, version_id: str) -> Target:
        """Return a version of a function as a qualifier names it."""
        function = self.function(name)
        qualifier, version_id = qualifier or LATEST, version_id or LATEST
        if version_id == LATEST:
            return Target(
                name, qualifier, LATEST, function.settings, Code(**function.code),
                f"{function.id}-{function.changes}",
            )  # fmt: skip
        version = self.version(name, version_id)
        return Target(
            name, qualifier, version_id, version.settings, Code(**version.code),
            f"{function.id}-v{version_id}",
        )  # fmt: skip

    async def archive(self, digest: str) -> bytes:
        """Return the bytes of an archive."""
        await self._store.flush()
        rows = self._store.read("SELECT archive FROM fc_code WHERE digest = ?", (digest,))
        if not rows:
            raise InvalidArgumentError("digest", digest, "the digest of an archive that is in use")
        return bytes(rows[0]["archive"])

    def _share(self, alias: Alias) -> str:
        point = self._environment.random.random() if alias.weights else 1.0
        for version, weight in alias.weights.items():
            if point < weight:
                return version
            point -= weight
        return alias.version

    def _keep(self, archive: Archive) -> dict[str, Any]:
        self._store.write(
            "INSERT OR IGNORE INTO fc_code (digest, archive) VALUES (?, ?)",
            (archive.digest, archive.content),
        )
        return {
            "digest": archive.digest,
            "checksum": archive.checksum,
            "size": len(archive.content),
        }

    def _forget_unused(self, digests: set[str]) -> None:
        used = {row.code["digest"] for row in (*self._functions, *self._versions)}
        for digest in digests - used:
            self._store.write("DELETE FROM fc_code WHERE digest = ?", (digest,))

    def _now(self) -> str:
        return iso_utc(self._environment.clock.now())


def _key(function: str, name: str) -> str:
    return f"{function}/{name}"


def check_alias(name: object) -> str:
    """Return an alias's name if it is one."""
    limits.check_name(name, "aliasName")
    if name == LATEST:
        raise InvalidArgumentError("aliasName", name, f"another name than {LATEST}")
    return str(name)
