"""Who may do what: the evaluation of RAM policies.

Denied by default; a statement that allows is enough; a statement that denies wins over all that
allow. Source: "Resource Access Management: How RAM evaluates policies".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from localcloud.ram.access.conditions import Context
from localcloud.ram.access.policy_document import (
    InvalidPolicyDocumentError,
    Statement,
    parse_document,
)

__all__ = [
    "AccessRequest",
    "Decision",
    "InvalidPolicyDocumentError",
    "Policy",
    "TrustPolicy",
    "decide",
]

_ASSUME_ROLE: Final = "sts:AssumeRole"
_ARN_PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One action on one resource; an API call on several resources is several requests."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome and, for people, why; `explicit` if a statement made it."""

    allowed: bool
    reason: str
    explicit: bool

    @property
    def no_permission_type(self) -> str:
        """The API's word for a denial (AccessDeniedDetail.NoPermissionType); empty if allowed."""
        if self.allowed:
            return ""
        return "ExplicitDeny" if self.explicit else "ImplicitDeny"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of an identity; `name` is used in reasons only.

    What it allows, each of `limits` must allow too.
    """

    name: str
    statements: tuple[Statement, ...]
    limits: tuple[Policy, ...] = ()

    @staticmethod
    def parse(document: str | dict[str, Any], name: str = "") -> Policy:
        """Parse a document; raises InvalidPolicyDocument."""
        return Policy(name, parse_document(document, is_trust=False))

    def narrowed_by(self, limit: Policy) -> Policy:
        """Return the policy as it is in a session that has its own policy."""
        return replace(self, limits=(*self.limits, limit))


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Who may assume a role."""

    statements: tuple[Statement, ...]

    @staticmethod
    def parse(document: str | dict[str, Any]) -> TrustPolicy:
        """Parse a document; raises InvalidPolicyDocument."""
        return TrustPolicy(parse_document(document, is_trust=True))

    def trusts(self, principal: str, context: Context, action: str = _ASSUME_ROLE) -> bool:
        """Return whether a principal may assume the role."""
        return self.decide(principal, context, action).allowed

    def decide(self, principal: str, context: Context, action: str = _ASSUME_ROLE) -> Decision:
        """Decide on a principal: a service (`fc.aliyuncs.com`) or the ARN of an identity."""
        names = _names_of(principal)
        applying = (
            ("the trust policy", place, statement)
            for place, statement in enumerate(self.statements)
            if statement.covers_action(action) and names & statement.principals
        )
        return _decide(applying, f"{action} by {principal}", context)


def decide(policies: Iterable[Policy], request: AccessRequest) -> Decision:
    """Evaluate all policies of an identity for a request."""
    asked = f"{request.action} on {request.resource}"
    applying: list[tuple[str, int, Statement]] = []
    refused: Decision | None = None
    for policy in policies:
        limit = next((d for p in policy.limits if not (d := decide((p,), request)).allowed), None)
        refused = refused or limit
        name = f"policy {policy.name or '(unnamed)'}"
        applying += [
            (name, place, statement)
            for place, statement in enumerate(policy.statements)
            if not (limit and statement.allows)
            and statement.covers_action(request.action)
            and statement.covers_resource(request.resource)
        ]
    decision = _decide(applying, asked, request.context)
    if refused and not decision.allowed and not decision.explicit:
        return replace(refused, reason=f"{refused.reason}, in the session's own policy")
    return decision


def _decide(
    applying: Iterable[tuple[str, int, Statement]], asked: str, context: Context
) -> Decision:
    """Decide by the statements that cover what is asked, if their conditions hold."""
    allowed: Decision | None = None
    almost = ""
    for name, place, statement in applying:
        where = f"statement {place + 1} of {name}"
        failing = next((c for c in statement.conditions if not c.holds(context)), None)
        if failing is not None:
            if statement.allows and not almost:
                almost = f"; {where} would, but {failing.describe(context)}"
        elif not statement.allows:
            return Decision(False, f"{where} denies {asked}", explicit=True)
        elif allowed is None:
            allowed = Decision(True, f"{where} allows {asked}", explicit=True)
    return allowed or Decision(False, f"no statement allows {asked}{almost}", explicit=False)


def _names_of(principal: str) -> set[tuple[str, str]]:
    """Return the names under which a trust policy may list a principal.

    An account stands for all its users and roles ("Modify the trust policy of a RAM role"), a role
    for all its sessions.
    """
    parts = principal.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "acs":
        return {("Service", principal)}
    account, identity = ":".join(parts[:-1]), parts[-1]
    kind, _, name = identity.partition("/")
    if kind in {"saml-provider", "oidc-provider"}:
        return {("Federated", principal)}
    names = {("RAM", principal), ("RAM", f"{account}:root"), ("RAM", "*")}
    if kind == "assumed-role":
        names.add(("RAM", f"{account}:role/{name.partition('/')[0]}"))
    return names
