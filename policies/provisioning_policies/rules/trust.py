"""Rules about roles: who may assume them."""

import re

from provisioning_policies import facts
from provisioning_policies.rule import Level, Messages, Option, Options, Resource, Source, rule
from provisioning_policies.statements import TRUSTING, Statement, allowed
from provisioning_policies.wildcards import has_wildcard

_ASSUME_ROLE = "sts:AssumeRole"
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.aliyuncs\.com")
_IDENTITY = re.compile(r"acs:(?:ram|sts)::(?P<account>\d+):(?:root|(?:user|role|assumed-role)/.+)")
_PROVIDER = re.compile(r"acs:ram::(?P<account>\d+):(?P<kind>oidc|saml)-provider/.+")
_OIDC_KEYS = ("oidc:sub", "oidc:aud", "oidc:iss")


@rule(
    "ram-trust-narrow",
    "A role says who may assume it, and it is nobody from outside",
    on=TRUSTING,
    reason=(
        "A role that anybody may assume gives its permissions to every account of the cloud, and "
        "one that trusts another account to whoever rules there. An identity provider such as "
        "GitHub's signs tokens for everybody: only the subject tells whose it is."
    ),
    remedy=(
        "Name the service, or an identity of the own account (alicloud:accountId); for an identity "
        "provider compare oidc:sub, oidc:aud and oidc:iss by StringEquals. List other accounts in "
        "trustedAccounts."
    ),
    source=facts.RAM_POLICY,
    options=[Option("trustedAccounts", "ids of accounts that may be trusted", default=[])],
)
def ram_trust_narrow(role: Resource, options: Options) -> Messages:
    """Compare the principals with those that are accepted."""
    own = {str(account) for account in options["trustedAccounts"]}
    if account := role.provider.get("accountId"):
        own.add(str(account))
    for statement in allowed(role):
        if statement.excluded_actions or set(statement.actions) != {_ASSUME_ROLE}:
            yield f"the role allows {statement.describe()}; allow {_ASSUME_ROLE} and nothing else"
        for kind, names in statement.principals.items():
            for name in names:
                if why := _why_not(kind, name, own):
                    yield f"{kind} {name} may assume the role, {why}"
        if "Federated" in statement.principals:
            yield from _federated(statement)


def _why_not(kind: str, name: str, own: set[str]) -> str | None:
    if has_wildcard(name):
        return "that is anybody; name one"
    if kind == "Service":
        return None if _SERVICE.fullmatch(name) else "which is not a service of Alibaba Cloud"
    match = (_PROVIDER if kind == "Federated" else _IDENTITY).fullmatch(name)
    if not match:
        return "which is not the ARN of an identity"
    if match["account"] not in own:
        return (
            f"from account {match['account']}, which is not known to be the own one; set "
            "alicloud:accountId, or list it in trustedAccounts"
        )
    return None


def _federated(statement: Statement) -> Messages:
    if any(":saml-provider/" in name for name in statement.principals["Federated"]):
        if not statement.values("saml:recipient", "StringEquals"):
            yield (
                "everybody whom the identity provider knows may assume the role; add a Condition "
                "on saml:recipient"
            )
        return
    for key in _OIDC_KEYS:
        values = statement.values(key, "StringEquals")
        # In StringEquals a wildcard is a character, so such a role can be assumed by nobody; it is
        # meant for StringLike, and then for everybody.
        if not values or any(map(has_wildcard, values)):
            yield (
                f"whoever gets a token from the identity provider may assume the role; compare "
                f"{key} with whole values by StringEquals"
            )


@rule(
    "ram-principal-list",
    "A role's principals stand in lists",
    on=TRUSTING,
    level=Level.EVERYWHERE,
    reason=(
        "The cloud takes a single text as well, but the provider crashes when it reads it back, "
        "and takes all parallel operations down with it."
    ),
    remedy='Write {"Service": ["fc.aliyuncs.com"]} instead of {"Service": "fc.aliyuncs.com"}.',
    source=Source("alicloud provider 1.285.0, ram_role, observed"),
)
def ram_principal_list(role: Resource, _: Options) -> Messages:
    """Look for principals that are a single text."""
    for statement in allowed(role):
        for kind, names in statement.principals.items():
            if kind in statement.single_principals:
                yield f'Principal.{kind} is a string; write a list: ["{names[0]}"]'


RULES = (ram_trust_narrow, ram_principal_list)
