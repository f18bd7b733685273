"""Reads the documents of RAM policies and of roles."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioning_policies.documents import items, json_object, mapping, texts
from provisioning_policies.rule import Resource

_LISTING = re.compile(r"[\w-]+:(Describe|List)\w*")
_READING = re.compile(r"[\w-]+:(Describe|List|Get|Query|Check|BatchGet|Search)\w*")


@dataclass(frozen=True)
class Statement:
    """One statement of a document that allows something."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    excluded_actions: tuple[str, ...]
    condition: Mapping[str, Any]
    principal: Any

    def allows(self, action: str) -> bool:
        """Tell whether an action is among the actions, also by a wildcard."""
        return any(_matches(pattern, action) for pattern in self.actions)

    @property
    def only_lists(self) -> bool:
        """Whether all actions do no more than tell what there is."""
        return all(_LISTING.fullmatch(action) for action in self.actions)

    @property
    def only_reads(self) -> bool:
        """Whether all actions change nothing."""
        return all(_READING.fullmatch(action) for action in self.actions)

    @property
    def condition_keys(self) -> set[str]:
        """The keys on which the statement depends, in lower case."""
        return {key.lower() for values in self.condition.values() for key in mapping(values)}

    def describe(self) -> str:
        """Name the statement in a message."""
        return ", ".join(self.actions[:3]) + (", ..." if len(self.actions) > 3 else "")


def _matches(pattern: str, action: str) -> bool:
    parts = (re.escape(part) for part in pattern.split("*"))
    return bool(re.fullmatch(".*".join(parts), action, re.IGNORECASE))


def identifier(resource: str) -> str:
    """Give the part of a resource name that comes behind the account; a bare * is itself."""
    return resource.split(":", 4)[-1]


def allowed(policy: Resource) -> Iterator[Statement]:
    """Give the statements of a policy that allow something; ``document`` is the older name."""
    text = policy.props.get("policyDocument") or policy.props.get("document")
    yield from _statements(text)


def trusted(role: Resource) -> Iterator[Statement]:
    """Give the statements of a role that let it be taken on; ``document`` is the older name."""
    text = role.props.get("assumeRolePolicyDocument") or role.props.get("document")
    yield from _statements(text)


def _statements(text: Any) -> Iterator[Statement]:
    statements = (json_object(text) or {}).get("Statement")
    for statement in [statements] if isinstance(statements, Mapping) else items(statements):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield Statement(
                tuple(texts(statement.get("Action"))),
                tuple(texts(statement.get("Resource"))),
                tuple(texts(statement.get("NotAction"))),
                mapping(statement.get("Condition")),
                statement.get("Principal"),
            )
