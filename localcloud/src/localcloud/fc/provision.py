"""Instances that are kept ready: how many of each function ("Provisioned instances")."""

from dataclasses import dataclass

from localcloud.fc.registry import Registry, Target
from localcloud.store import Store, Table

MOST = 32
"""More would only take this machine's memory."""


@dataclass(frozen=True)
class Provision:
    """How many instances of a function are kept ready."""

    function: str
    qualifier: str
    target: int


class Provisions:
    """The configurations of the account, durable."""

    def __init__(self, store: Store) -> None:
        self._rows = Table(store, "fc-provision", Provision)

    def find(self, function: str, qualifier: str) -> Provision:
        """Return a configuration; one that nobody made keeps nothing ready."""
        return self._rows.get(f"{function}/{qualifier}") or Provision(function, qualifier, 0)

    def put(self, function: str, qualifier: str, target: int) -> Provision:
        """Keep so many instances ready."""
        made = Provision(function, qualifier, target)
        self._rows.put(f"{function}/{qualifier}", made)
        return made

    def delete(self, function: str, qualifier: str) -> None:
        """Keep none ready; a missing configuration is not an error."""
        self._rows.delete(f"{function}/{qualifier}")

    def delete_all_of(self, function: str) -> None:
        """Forget a function that is deleted."""
        for row in [row for row in self._rows if row.function == function]:
            self.delete(row.function, row.qualifier)

    def wanted(self, registry: Registry) -> list[tuple[Target, int]]:
        """Return how many instances are kept ready of each version that exists.

        Where several qualifiers name the same version, it is what they ask for together.
        """
        found: dict[tuple[str, str], tuple[Target, int]] = {}
        for row in self._rows:
            target = registry.kept_ready(row.function, row.qualifier) if row.target else None
            if target:
                key = target.function, target.version
                first, number = found.get(key, (target, 0))
                found[key] = first, number + row.target
        return list(found.values())
