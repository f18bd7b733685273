"""Rules about RAM: what roles may do, and who may take them on."""

from collections.abc import Iterator, Mapping
from typing import Any

from provisioning_policies import facts, tokens
from provisioning_policies.documents import texts
from provisioning_policies.rule import Level, Messages, Options, Resource, Source, rule
from provisioning_policies.statements import allowed, identifier, trusted

_PASS_ROLE = "ram:PassRole"  # noqa: S105 - an action


@rule(
    "ram-actions-named",
    "A policy names the actions that it allows",
    on=[tokens.POLICY],
    reason=(
        "A wildcard also allows the actions that the service gets next year. In a loop that runs "
        "commands, ecs:* is root on every instance of the account."
    ),
    remedy="List the actions that the code calls.",
    source=facts.RAM_POLICY,
)
def ram_actions_named(policy: Resource, _: Options) -> Messages:
    """Look for wildcards in the actions that are allowed."""
    for statement in allowed(policy):
        if wild := [action for action in statement.actions if "*" in action]:
            yield f"the policy allows {', '.join(wild)}; list the actions that are needed"


@rule(
    "ram-not-action",
    "A policy says what it allows, not what it leaves out",
    on=[tokens.POLICY],
    reason="NotAction with Allow gives everything else, with everything that is ever added to it.",
    remedy="Use Action, with the actions that the code calls.",
    source=facts.RAM_POLICY,
)
def ram_not_action(policy: Resource, _: Options) -> Messages:
    """Look for ``NotAction`` in statements that allow."""
    for statement in allowed(policy):
        if statement.excluded_actions:
            yield (
                f"the policy allows everything but {', '.join(statement.excluded_actions)}; use "
                "Action instead of NotAction"
            )


@rule(
    "ram-resources-named",
    "A policy names the things on which it allows something",
    on=[tokens.POLICY],
    reason=(
        "With a wildcard a function that is taken over reaches every instance, bus and log of the "
        "account. Accepted: listing actions (Describe, List) on everything, reading actions on "
        "everything of a kind, and a kind that a Condition narrows."
    ),
    remedy="Name the resources, or narrow the statement with a Condition.",
    source=facts.RAM_POLICY,
)
def ram_resources_named(policy: Resource, _: Options) -> Messages:
    """Look for wildcards in the resources of statements that allow."""
    for statement in allowed(policy):
        for resource in statement.resources:
            everything = identifier(resource) == "*"
            open_kind = "*" in identifier(resource) and not statement.condition
            if everything and not statement.only_lists:
                yield f"{statement.describe()} is allowed on everything ('{resource}'); name it"
            elif not everything and open_kind and not statement.only_reads:
                yield (
                    f"{statement.describe()} is allowed on '{resource}'; name the resource or add "
                    "a Condition"
                )


@rule(
    "ram-pass-role-narrow",
    "Who may pass a role may pass one role to one service",
    on=[tokens.POLICY],
    reason=(
        "Whoever passes a role to a service has what the role has. Without acs:Service the role "
        "can be handed to any service that runs code."
    ),
    remedy="Name the role in Resource and the service in a Condition on acs:Service.",
    source=facts.RAM_POLICY,
)
def ram_pass_role_narrow(policy: Resource, _: Options) -> Messages:
    """Look at statements that allow ``ram:PassRole``, also by a wildcard."""
    for statement in allowed(policy):
        if not statement.allows(_PASS_ROLE):
            continue
        if "acs:service" not in statement.condition_keys:
            yield f"{_PASS_ROLE} is allowed for every service; add a Condition on acs:Service"
        if any("*" in identifier(resource) for resource in statement.resources):
            yield f"{_PASS_ROLE} is allowed for more than one role; name the role in Resource"


@rule(
    "ram-trust-narrow",
    "A role says who may take it on",
    on=[tokens.ROLE],
    reason="A role that anybody may take on gives its permissions to every account of the cloud.",
    remedy="Name the service, the role or the account; add a Condition for an identity provider.",
    source=facts.RAM_POLICY,
)
def ram_trust_narrow(role: Resource, _: Options) -> Messages:
    """Look for wildcards in the principals, and at identity providers without a condition."""
    for statement in trusted(role):
        for kind, names in _principals(statement.principal):
            if wild := [name for name in names if "*" in name]:
                yield f"{kind} {', '.join(wild)} may take the role on, that is anybody; name one"
            if kind == "Federated" and not statement.condition:
                yield (
                    "everybody whom the identity provider knows may take the role on; add a "
                    "Condition on oidc:sub or saml:recipient"
                )


@rule(
    "ram-principal-list",
    "A role's principals stand in lists",
    on=[tokens.ROLE],
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
    for statement in trusted(role):
        if isinstance(statement.principal, Mapping):
            for kind, value in statement.principal.items():
                if isinstance(value, str):
                    yield f'Principal.{kind} is a text; write a list: ["{value}"]'


@rule(
    "ram-system-policy-narrow",
    "Nobody gets a system policy for a whole product",
    on=[tokens.ROLE_ATTACHMENT, tokens.USER_ATTACHMENT, tokens.GROUP_ATTACHMENT],
    reason=(
        "AdministratorAccess and the ...FullAccess policies allow every action on every resource "
        "of the account."
    ),
    remedy="Attach a policy of your own that allows what the code calls.",
    source=facts.RAM_RISK,
)
def ram_system_policy_narrow(attachment: Resource, _: Options) -> Messages:
    """Look at the names of attached system policies."""
    props = attachment.props
    name = str(props.get("policyName", ""))
    broad = name == "AdministratorAccess" or name.endswith("FullAccess")
    if broad and props.get("policyType") == "System":
        yield f"system policy {name} is attached; attach one that allows what the code calls"


def _principals(principal: Any) -> Iterator[tuple[str, list[str]]]:
    if isinstance(principal, str):
        yield "principal", [principal]
    elif isinstance(principal, Mapping):
        for kind, value in principal.items():
            yield str(kind), texts(value)


RULES = (
    ram_actions_named,
    ram_not_action,
    ram_resources_named,
    ram_pass_role_narrow,
    ram_trust_narrow,
    ram_principal_list,
    ram_system_policy_narrow,
)
