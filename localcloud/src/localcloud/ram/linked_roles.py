"""Service-linked roles, as RAM shows and deletes them; the service that has one keeps it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class LinkedRole(Protocol):
    """A role that only a service takes on."""

    @property
    def product(self) -> str:
        """The role's name."""
        ...

    @property
    def principal(self) -> str:
        """The name of the service, as trust policies write it."""
        ...

    @property
    def created(self) -> float:
        """When it was made, in seconds since 1970."""
        ...


class LinkedRoles(Protocol):
    """The service-linked roles of a service."""

    def all(self) -> Sequence[LinkedRole]:
        """Return the roles that there are."""
        ...

    def delete(self, product: str) -> None:
        """Delete a role."""
        ...

    def users(self, product: str) -> list[str]:
        """Return what needs a role, by resource names."""
        ...


@dataclass(frozen=True)
class Deletion:
    """What became of the wish to delete a service-linked role."""

    role_arn: str
    principal: str
    users: list[str]
    """What needs the role; it was deleted if there is nothing."""


def trust_of(role: LinkedRole) -> str:
    """Return the trust policy of a role."""
    statement = {
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": [role.principal]},
    }
    return json.dumps({"Statement": [statement], "Version": "1"})
