"""RAM and STS: roles, policies, who a key belongs to, and what its holder may do."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from localcloud.api import Caller
from localcloud.environment import Environment, iso_utc
from localcloud.errors import NoPermissionError
from localcloud.ram.access.authorization import (
    AccessRequest,
    Decision,
    InvalidPolicyDocumentError,
    Policy,
    TrustPolicy,
    decide,
)
from localcloud.ram.errors import (
    DeleteConflictError,
    EntityAlreadyExistsError,
    EntityNotExistError,
    MalformedPolicyError,
    NotTrustedError,
    UnknownAccessKeyError,
)
from localcloud.ram.linked_roles import Deletion, LinkedRole, LinkedRoles, trust_of
from localcloud.ram.sessions import Credentials, Session, Sessions
from localcloud.settings import CloudSettings
from localcloud.store import Store, Table

MAX_VERSIONS = 5
"""Versions that a policy may have ("Limits", RAM)."""


@dataclass(frozen=True)
class Role:
    """Who may become it (``trust``) and, through its policies, what it may then do."""

    name: str
    id: str
    arn: str
    trust: str
    """The trust policy exactly as it was sent."""
    created: str
    description: str = ""
    max_session_seconds: int = 3600
    tags: dict[str, str] = field(default_factory=dict)
    policies: list[tuple[str, str]] = field(default_factory=list)
    """Attached policies: type (``Custom``, ``System``) and name."""
    attached: dict[str, str] = field(default_factory=dict)
    """When each was attached, by ``type/name``."""


@dataclass(frozen=True)
class ManagedPolicy:
    """A custom policy with its versions; documents are kept exactly as they were sent."""

    name: str
    created: str
    versions: dict[str, str]
    default: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    last_version: int = 1

    @property
    def document(self) -> str:
        """The document of the default version."""
        return self.versions[self.default]


class Ram:
    """The identities of one account.

    Args:
        settings: the account and its access key.
        environment: clock and ids.
        store: where roles and policies are kept.
        linked: the service-linked roles, which their service keeps.
    """

    def __init__(
        self,
        settings: CloudSettings,
        environment: Environment,
        store: Store,
        linked: LinkedRoles,
    ) -> None:
        self.settings = settings
        self.clock = environment.clock
        self._ids = environment.ids
        self._linked = linked
        self._sessions = Sessions(settings.access_key.secret)
        self.roles = Table(store, "ram-role", Role)
        self.managed = Table(store, "ram-policy", ManagedPolicy)
        self._deletions = Table(store, "ram-linked-role-deletion", Deletion)

    @property
    def account_arn(self) -> str:
        """The account itself, to which everything is allowed."""
        return f"acs:ram::{self.settings.account_id}:root"

    # Roles

    def role(self, name: str) -> Role:
        """Return a role, or the error that it is not there."""
        role = self.roles.get(name)
        if role is None:
            raise EntityNotExistError("Role", name)
        return role

    def create_role(
        self, name: str, trust: str, description: str, max_session: int, tags: dict[str, str]
    ) -> Role:
        """Create a role."""
        if name in self.roles:
            raise EntityAlreadyExistsError("Role", name)
        _trust(trust)
        role = Role(
            name=name,
            id=str(int(self._ids()[:12], 16) + 3 * 10**17)[:18],
            # RAM writes the role's name in lower case into its ARN.
            arn=f"acs:ram::{self.settings.account_id}:role/{name.lower()}",
            trust=trust,
            created=iso_utc(self.clock.now()),
            description=description,
            max_session_seconds=max_session,
            tags=tags,
        )
        self.roles.put(name, role)
        return role

    def update_role(self, name: str, **changes: Any) -> Role:
        """Change a role's description, trust policy, session time, tags or policies."""
        if "trust" in changes:
            _trust(changes["trust"])
        role = replace(self.role(name), **changes)
        self.roles.put(name, role)
        return role

    def delete_role(self, name: str) -> None:
        """Delete a role that no policy is attached to."""
        role = self.role(name)
        if role.policies:
            raise DeleteConflictError("Role", "Policy", name, [p for _, p in role.policies])
        self.roles.delete(name)

    def attach(self, role: Role, kind: str, name: str) -> None:
        """Attach a policy to a role that does not have it."""
        dates = {**role.attached, f"{kind}/{name}": iso_utc(self.clock.now())}
        self.update_role(role.name, policies=[*role.policies, (kind, name)], attached=dates)

    def detach(self, role: Role, kind: str, name: str) -> None:
        """Detach a policy from a role that has it."""
        rest = [policy for policy in role.policies if list(policy) != [kind, name]]
        dates = {key: date for key, date in role.attached.items() if key != f"{kind}/{name}"}
        self.update_role(role.name, policies=rest, attached=dates)

    # Service-linked roles

    def all_roles(self) -> list[Role]:
        """Return every role, also those that belong to a service."""
        return [*self.roles, *map(self._as_role, self._linked.all())]

    def delete_linked_role(self, name: str) -> str:
        """Delete a service-linked role unless something needs it; return the id of the task."""
        found = next((role for role in self._linked.all() if role.product == name), None)
        if found is None:
            raise EntityNotExistError("Role", name)
        users = self._linked.users(name)
        if not users:
            self._linked.delete(name)
        task = f"task/acs-service-role/{found.principal}/{name}/{self._ids()}"
        self._deletions.put(task, Deletion(self._as_role(found).arn, found.principal, users))
        return task

    def deletion(self, task: str) -> Deletion:
        """Return what became of a task, or the error that there is none."""
        found = self._deletions.get(task)
        if found is None:
            raise EntityNotExistError("DeletionTask", task)
        return found

    def _as_role(self, linked: LinkedRole) -> Role:
        digest = hashlib.sha256(linked.product.encode()).hexdigest()
        return Role(
            name=linked.product,
            id=str(int(digest[:12], 16) + 3 * 10**17)[:18],
            arn=f"acs:ram::{self.settings.account_id}:role/{linked.product.lower()}",
            trust=trust_of(linked),
            created=iso_utc(linked.created),
        )

    # Policies

    def policy(self, name: str) -> ManagedPolicy:
        """Return a custom policy, or the error that it is not there."""
        policy = self.managed.get(name)
        if policy is None:
            raise EntityNotExistError("Policy", name)
        return policy

    def put_policy(self, policy: ManagedPolicy) -> None:
        """Insert or replace a custom policy whose document is valid."""
        _policy(policy.document)
        self.managed.put(policy.name, policy)

    def delete_policy(self, name: str) -> None:
        """Delete a custom policy that is attached to nothing."""
        self.policy(name)
        holders = self.holders("Custom", name)
        if holders:
            raise DeleteConflictError("Policy", "Role", name, [r.name for r in holders])
        self.managed.delete(name)

    def holders(self, kind: str, name: str) -> list[Role]:
        """Return the roles that a policy is attached to."""
        return [role for role in self.roles if [kind, name] in [list(p) for p in role.policies]]

    def policies_of(self, role: Role) -> tuple[Policy, ...]:
        """Return the parsed policies of a role, as they are now."""
        documents = []
        for kind, name in role.policies:
            if kind == "System":
                documents.append(_system_document(name))
            elif (managed := self.managed.get(name)) is not None:
                documents.append(managed.document)
        return tuple(_policy(document) for document in documents if document)

    # Sessions

    def assume(
        self, role_arn: str, principal: str, session: str, seconds: int = 3600, policy: str = ""
    ) -> Credentials:
        """Return credentials of a role to a principal that its trust policy names.

        Args:
            role_arn: the role.
            principal: a service (``fc.aliyuncs.com``) or the ARN of an account, user or role.
            session: the name of the session, for the audit trail.
            seconds: how long the credentials live.
            policy: a session policy that narrows what the role may do, or empty.
        """
        prefix = f"acs:ram::{self.settings.account_id}:role/"
        name = role_arn.removeprefix(prefix)
        role = next((r for r in self.roles if r.arn == role_arn.lower()), None)
        if role is None or not role_arn.startswith(prefix):
            raise EntityNotExistError("Role", name)
        self._check_trust(role, principal)
        if policy:
            _policy(policy)
        expires = self.clock.now() + seconds
        return self._sessions.issue(Session(role.name, session, expires, policy))

    def caller(self, access_key_id: str, security_token: str) -> tuple[str, Caller]:
        """Return the secret of an access key and who holds it."""
        if security_token:
            now = self.clock.now()
            session, secret = self._sessions.read(access_key_id, security_token, now)
            role = self.role(session.role)
            arn = f"acs:ram::{self.settings.account_id}:assumed-role/{role.name}/{session.name}"
            return secret, Caller(arn, access_key_id, self._session_policies(role, session))
        if access_key_id != self.settings.access_key.id:
            raise UnknownAccessKeyError(access_key_id)
        return self.settings.access_key.secret, Caller(self.account_arn, access_key_id)

    def _session_policies(self, role: Role, session: Session) -> tuple[Policy, ...]:
        policies = self.policies_of(role)
        if not session.policy:
            return policies
        return tuple(p.narrowed_by(_policy(session.policy)) for p in policies)

    def decide(
        self,
        policies: tuple[Policy, ...],
        action: str,
        resource: str,
        *,
        source_ip: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> Decision:
        """Evaluate policies for one action on one resource, at the cloud's time."""
        context: dict[str, str] = {
            "acs:CurrentTime": iso_utc(self.clock.now()),
            "acs:SecureTransport": "true",
        }
        if source_ip:
            context["acs:SourceIp"] = source_ip
        context.update({f"acs:ResourceTag/{key}": value for key, value in (tags or {}).items()})
        return decide(policies, AccessRequest(action, resource, context))

    def allows(
        self,
        caller: Caller,
        action: str,
        resource: str,
        *,
        source_ip: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> bool:
        """Return whether a caller may do something; the account itself may do everything."""
        if caller.policies is None:
            return True
        decision = self.decide(caller.policies, action, resource, source_ip=source_ip, tags=tags)
        return decision.allowed

    def require(self, name: str, principal: str, action: str, resource: str) -> None:
        """Fail unless a principal may become a role and the role may then do something.

        For what a service of the cloud does by itself on behalf of a role.

        Raises:
            ApiError: the role is not there, does not trust the principal, or may not do it.
        """
        role = self.role(name)
        self._check_trust(role, principal)
        if not self.decide(self.policies_of(role), action, resource).allowed:
            raise NoPermissionError(action, resource, role.arn)

    def _check_trust(self, role: Role, principal: str) -> None:
        now = iso_utc(self.clock.now())
        if not _trust(role.trust).trusts(principal, {"acs:CurrentTime": now}):
            raise NotTrustedError(role.arn, principal)

    def is_allowed(self, role_arn: str, action: str, resource: str) -> bool:
        """Return whether a role may do something, as its policies are now."""
        role = next((r for r in self.roles if r.arn == role_arn.lower()), None)
        return role is not None and self.decide(self.policies_of(role), action, resource).allowed


@lru_cache(maxsize=1024)
def _policy(document: str) -> Policy:
    try:
        return Policy.parse(document)
    except InvalidPolicyDocumentError as error:
        raise MalformedPolicyError(str(error)) from error


@lru_cache(maxsize=1024)
def _trust(document: str) -> TrustPolicy:
    try:
        return TrustPolicy.parse(document)
    except InvalidPolicyDocumentError as error:
        raise MalformedPolicyError(str(error)) from error


@lru_cache(maxsize=1024)
def _system_document(name: str) -> str:
    """Write what a system policy allows, from its name; unknown names allow nothing.

    # guess: only the two families whose meaning their names state are known here.
    """
    if name == "AdministratorAccess":
        action = "*"
    elif name.startswith("Aliyun") and name.endswith("FullAccess"):
        product = name.removeprefix("Aliyun").removesuffix("FullAccess").lower()
        action = f"{product}:*"
    else:
        return ""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "1", "Statement": [statement]})
