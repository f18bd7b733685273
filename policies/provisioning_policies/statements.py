"""Reads the documents of RAM: what policies allow, and who may assume a role.

A document that RAM would refuse is not read at all, so that nothing in it is taken for harmless.
The grammar is that of "Resource Access Management: Policy language".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioning_policies import tokens
from provisioning_policies.conditions import Condition, parse_conditions
from provisioning_policies.documents import Unreadable, read_object
from provisioning_policies.rule import Resource
from provisioning_policies.wildcards import beginning, has_wildcard, matches

_PROPERTIES = {
    tokens.POLICY: ("policyDocument", "document"),
    tokens.ACCOUNT_POLICY: ("policyDocument",),
    tokens.ROLE: ("assumeRolePolicyDocument", "document"),
    tokens.ACCOUNT_ROLE: ("assumeRolePolicyDocument",),
}
"""Where a type of resource has its document; the second name is the older one."""
TRUSTING = (tokens.ROLE, tokens.ACCOUNT_ROLE)
ALLOWING = (tokens.POLICY, tokens.ACCOUNT_POLICY)
_ELEMENTS = {"Effect", "Action", "NotAction", "Condition"}
_PRINCIPALS = ("RAM", "Service", "Federated")
# OSS names a bucket without saying that it is one, and queues are written with a leading slash.
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class Statement:
    """One statement of a document."""

    allow: bool
    actions: tuple[str, ...]
    excluded_actions: tuple[str, ...]
    resources: tuple[str, ...]
    excluded_resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    principals: Mapping[str, tuple[str, ...]]
    single_principals: frozenset[str] = frozenset()
    """The kinds of principals that are written as a text and not as a list."""

    def allows(self, action: str) -> bool:
        """Return whether an action is among those that it allows, by whatever spelling."""
        patterns = self.actions or self.excluded_actions
        found = any(matches(pattern, action, ignore_case=True) for pattern in patterns)
        return self.allow and found is bool(self.actions)

    def covers(self, resource: str) -> bool:
        """Return whether a resource is among those that it is about."""
        patterns = self.resources or self.excluded_resources
        return any(matches(pattern, resource) for pattern in patterns) is bool(self.resources)

    def values(self, key: str, *operators: str) -> tuple[str, ...]:
        """Return what a key must be by one of these operators; nothing if it may be anything."""
        for condition in self.conditions:
            if condition.operator in operators and condition.key.lower() == key.lower():
                return condition.values
        return ()

    def describe(self) -> str:
        """Name the statement in a message."""
        if not self.actions:
            return f"everything but {', '.join(self.excluded_actions[:3])}"
        return ", ".join(self.actions[:3]) + (", ..." if len(self.actions) > 3 else "")


def statements(resource: Resource) -> tuple[Statement, ...]:
    """Return the statements of a policy or a role; raise Unreadable if it has no clear document."""
    given = [
        resource.props[name]
        for name in _PROPERTIES[resource.type]
        if resource.props.get(name) is not None
    ]
    if len(given) != 1:
        names = " or ".join(_PROPERTIES[resource.type])
        raise Unreadable("is there twice" if given else f"is not there; set {names}")
    return parse(given[0], is_trust=resource.type in TRUSTING)


def allowed(policy: Resource) -> Iterator[Statement]:
    """Yield the statements that allow something; what cannot be read has a rule of its own."""
    try:
        found = statements(policy)
    except Unreadable:
        return
    yield from (statement for statement in found if statement.allow)


def parse(text: Any, *, is_trust: bool) -> tuple[Statement, ...]:
    """Return the statements of a document; raise Unreadable if RAM would refuse it."""
    document = read_object(text)
    if unknown := set(document) - {"Version", "Statement"}:
        raise Unreadable(f"has the element '{min(unknown)}', which RAM does not know")
    if document.get("Version") != "1":
        raise Unreadable('has not the Version "1"')
    found = document.get("Statement")
    if not isinstance(found, list) or not found:
        raise Unreadable("has no list of statements")
    return tuple(_statement(element, is_trust) for element in found)


def _statement(element: Any, is_trust: bool) -> Statement:
    if not isinstance(element, dict):
        raise Unreadable("has a statement that is not an object")
    known = _ELEMENTS | ({"Principal"} if is_trust else {"Resource", "NotResource"})
    if unknown := set(element) - known:
        raise Unreadable(f"has the element '{min(unknown)}', which RAM does not know there")
    if element.get("Effect") not in ("Allow", "Deny"):
        raise Unreadable("has a statement whose Effect is neither Allow nor Deny")
    actions, excluded_actions = _one_of(element, "Action")
    for action in (*actions, *excluded_actions):
        service, _, name = action.partition(":")
        if action != "*" and not (service and name):
            raise Unreadable(f"has '{action}' as an action; write service:Action")
    resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    if not is_trust:
        resources, excluded_resources = _one_of(element, "Resource")
        for resource in (*resources, *excluded_resources):
            if resource != "*" and not resource.startswith("acs:"):
                raise Unreadable(f"has '{resource}' as a resource; write acs:...")
    return Statement(
        allow=element["Effect"] == "Allow",
        actions=actions,
        excluded_actions=excluded_actions,
        resources=resources,
        excluded_resources=excluded_resources,
        conditions=parse_conditions(element.get("Condition", {})),
        principals=_principals(element.get("Principal")) if is_trust else {},
        single_principals=frozenset(
            kind for kind, value in element.get("Principal", {}).items() if isinstance(value, str)
        ),
    )


def _one_of(element: dict[str, Any], name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a statement names, and what it leaves out; it must do one of the two."""
    if (name in element) is (f"Not{name}" in element):
        raise Unreadable(f"has a statement without exactly one of {name} and Not{name}")
    if name in element:
        return _texts(element[name], name), ()
    return (), _texts(element[f"Not{name}"], f"Not{name}")


def _texts(value: Any, name: str) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(text, str) and text for text in found):
        raise Unreadable(f"has a {name} that is neither a string nor a list of strings")
    return tuple(found)


def _principals(element: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(element, dict) or not element:
        raise Unreadable("has a statement whose Principal is not an object")
    if unknown := set(element) - set(_PRINCIPALS):
        raise Unreadable(f"has the principal '{min(unknown)}', which RAM does not know")
    return {kind: _texts(value, kind) for kind, value in element.items()}


def identifier(resource: str) -> str:
    """Return the part of a resource's name that comes behind the account; a bare * is itself."""
    return resource.split(":", 4)[-1]


def is_everything(resource: str) -> bool:
    """Return whether a resource's name stands for everything of a service, or of all of them."""
    service = resource.split(":")[1:2]
    return not beginning(identifier(resource)).strip("/") or any(map(has_wildcard, service))


def is_named(resource: str) -> bool:
    """Return whether a resource's name says which thing is meant, or whose parts.

    ``kind/*`` is all things of a kind; ``kind/name-*`` and ``bucket/*`` are things with a name.
    """
    if is_everything(resource):
        return False
    if not has_wildcard(identifier(resource)):
        return True
    kind, slash, rest = beginning(identifier(resource)).lstrip("/").partition("/")
    is_bucket = resource.startswith("acs:oss:")
    return len(kind if is_bucket and slash else rest) >= _SHORTEST_NAME
