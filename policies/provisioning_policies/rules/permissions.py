"""Rules about RAM: what policies allow, and who hands permissions on.

What is accepted is listed; whatever else a document says is a finding.
"""

import re
from collections.abc import Sequence

from provisioning_policies import facts, tokens
from provisioning_policies.documents import Unreadable
from provisioning_policies.rule import (
    Level,
    Messages,
    Option,
    Options,
    Resource,
    StackMessages,
    rule,
    stack_rule,
)
from provisioning_policies.statements import (
    ALLOWING,
    TRUSTING,
    Statement,
    allowed,
    is_everything,
    is_named,
    statements,
)
from provisioning_policies.unknown import is_any
from provisioning_policies.wildcards import has_wildcard

_PASS_ROLE = "ram:PassRole"  # noqa: S105 - an action
_ASSUME_ROLE = "sts:AssumeRole"
_SERVICE_LINKED_ROLE = "ram:CreateServiceLinkedRole"
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.aliyuncs\.com")

# Actions that tell of a thing no more than that it is there and how it is built: no content, no
# variable, no secret. Some of them take no other resource than all.
_LISTING = (
    "ecs:DescribeInstances",
    "ecs:DescribeInstanceStatus",
    "ecs:DescribeInstanceAttribute",
    "ecs:DescribeInstanceTypes",
    "ecs:DescribeCloudAssistantStatus",
    "ecs:DescribeRegions",
    "ecs:DescribeZones",
    "ecs:DescribeTags",
    "ecs:DescribeImages",
    "ecs:DescribeDisks",
    "ecs:DescribeSnapshots",
    "ecs:DescribeSecurityGroups",
    "ecs:DescribeSecurityGroupAttribute",
    "ecs:DescribeNetworkInterfaces",
    "ecs:ListTagResources",
    "ess:DescribeScalingGroups",
    "ess:DescribeScalingInstances",
    "vpc:DescribeVpcs",
    "vpc:DescribeVpcAttribute",
    "vpc:DescribeVSwitches",
    "vpc:DescribeVSwitchAttributes",
    "vpc:DescribeEipAddresses",
    "slb:DescribeLoadBalancers",
    "rds:DescribeDBInstances",
    "cms:DescribeMetricList",
    "cms:DescribeMetricLast",
    "cms:QueryMetricList",
    "cms:PutCustomMetric",
    "oss:ListBuckets",
    "log:ListProject",
    "log:ListLogStores",
    "mns:ListQueue",
    "tag:ListTagResources",
    "sts:GetCallerIdentity",
)
# The output of runs: Cloud Assistant takes no narrower resource for those of tagged instances, and
# none for a command that is looked up by its name.
_RUNS = ("ecs:DescribeInvocations", "ecs:DescribeInvocationResults", "ecs:DescribeCommands")
# What a Condition must be about to say which things are meant.
_NARROWING = re.compile(r"(?i)acs:ResourceTag/.+|acs:RequestTag/.+|acs:ResourceGroupId|oss:Prefix")
# With any of these a policy can be turned into every other one.
_HANDING_ON = (
    "ram:AttachPolicyToRole",
    "ram:AttachPolicyToUser",
    "ram:AttachPolicyToGroup",
    "ram:CreatePolicyVersion",
    "ram:SetDefaultPolicyVersion",
    "ram:UpdateRole",
    "ram:CreateRole",
    "ram:CreatePolicy",
    "ram:CreateUser",
    "ram:CreateAccessKey",
    "ram:CreateLoginProfile",
    "ram:UpdateLoginProfile",
    "ram:AddUserToGroup",
    "ims:CreateAccessKey",
    "ims:CreateLoginProfile",
    "ims:UpdateLoginProfile",
    "ims:CreateOIDCProvider",
    "ims:UpdateOIDCProvider",
    "resourcemanager:AttachPolicy",
    "resourcemanager:CreatePolicyVersion",
    "resourcemanager:UpdateRole",
)
_IDENTITIES = re.compile(r"(?i)(ram|ims|resourcemanager|sso|cloudsso):(.+)")
_READING = re.compile(r"(?i)(Get|List)\w+")
_DEPRECATED = {
    tokens.POLICY: {
        "document": "policyDocument",
        "name": "policyName",
        "statements": "policyDocument",
        "version": "policyDocument",
    },
    tokens.ROLE: {
        "document": "assumeRolePolicyDocument",
        "name": "roleName",
        "ramUsers": "assumeRolePolicyDocument",
        "services": "assumeRolePolicyDocument",
        "version": "assumeRolePolicyDocument",
    },
    tokens.QUEUE: {"name": "queueName"},
    tokens.LOG_PROJECT: {"name": "projectName"},
    tokens.LOG_STORE: {"name": "logstoreName", "project": "projectName"},
}
"""Properties that the provider still takes, and what has taken their place."""


@rule(
    "ram-document-readable",
    "A policy's document is one that RAM takes",
    on=[*ALLOWING, *TRUSTING],
    level=Level.EVERYWHERE,
    reason=(
        "RAM refuses any other document when the update has already begun, and what cannot be read "
        "cannot be judged."
    ),
    remedy='Write {"Version": "1", "Statement": [...]} with the language\'s own JSON function.',
    source=facts.RAM_POLICY,
)
def ram_document_readable(resource: Resource, _: Options) -> Messages:
    """Parse the document."""
    try:
        statements(resource)
    except Unreadable as problem:
        yield f"the document {problem}"


@rule(
    "property-current",
    "No property is one that has been replaced",
    on=list(_DEPRECATED),
    reason=(
        "What a replaced property says is seen by nobody who looks at the new one, and with both "
        "set it is up to the provider's version which of them counts."
    ),
    remedy="Use the property that the message names.",
    source=facts.RAM_POLICY_RESOURCE,
)
def property_current(resource: Resource, _: Options) -> Messages:
    """Look for properties that the provider has marked as deprecated."""
    for old, new in _DEPRECATED[resource.type].items():
        if resource.props.get(old) is not None:
            yield f"{old} is deprecated; use {new}"


@rule(
    "ram-actions-named",
    "A policy names the actions that it allows",
    on=ALLOWING,
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
        if wild := [action for action in statement.actions if has_wildcard(action)]:
            yield f"the policy allows {', '.join(wild)}; list the actions that are needed"


@rule(
    "ram-not-action",
    "A policy says what it allows, not what it leaves out",
    on=ALLOWING,
    reason=(
        "NotAction or NotResource with Allow gives everything else, with everything that is ever "
        "added to it."
    ),
    remedy="Use Action and Resource, with what the code calls and on what.",
    source=facts.RAM_POLICY,
)
def ram_not_action(policy: Resource, _: Options) -> Messages:
    """Look for ``NotAction`` and ``NotResource`` in statements that allow."""
    for statement in allowed(policy):
        for name, excluded in (
            ("Action", statement.excluded_actions),
            ("Resource", statement.excluded_resources),
        ):
            if excluded:
                yield (
                    f"the policy allows everything but {', '.join(excluded)}; use {name} instead "
                    f"of Not{name}"
                )


@rule(
    "ram-resources-named",
    "A policy names the things on which it allows something",
    on=ALLOWING,
    reason=(
        "With a wildcard a function that is taken over reaches every instance, bus and log of the "
        "account. Accepted: a name with a wildcard at its end, a kind that a Condition on tags "
        "narrows, and actions on everything that only say what there is, not what is in it."
    ),
    remedy="Name the resources, or narrow the statement with a Condition on acs:ResourceTag.",
    source=facts.RAM_POLICY,
    options=[
        Option(
            "listingActions",
            "more actions that are accepted on everything, because they give away no content or "
            "take no other resource",
            default=[],
        )
    ],
)
def ram_resources_named(policy: Resource, options: Options) -> Messages:
    """Look for wildcards in the resources of statements that allow."""
    listing = {action.lower() for action in (*_LISTING, *options["listingActions"])}
    runs = {action.lower() for action in _RUNS}
    for statement in allowed(policy):
        narrowed = any(c.narrows and _NARROWING.fullmatch(c.key) for c in statement.conditions)
        if all(action.lower() in listing for action in statement.actions) and statement.actions:
            continue
        if _is_on_services(statement):
            continue
        for resource in statement.resources:
            everything = is_everything(resource)
            if is_named(resource) or (narrowed and not everything):
                continue
            if not everything and all(a.lower() in listing | runs for a in statement.actions):
                continue
            where = "everything" if everything else "all of a kind"
            yield (
                f"{statement.describe()} is allowed on {where} ('{resource}'); name the resource "
                "or add a Condition on acs:ResourceTag"
            )


def _is_on_services(statement: Statement) -> bool:
    """Return whether a statement is about services instead of things, and names them."""
    actions = {action.lower() for action in statement.actions}
    services = statement.values("ram:ServiceName", "StringEquals")
    return actions == {_SERVICE_LINKED_ROLE.lower()} and _are_services(services)


def _are_services(values: Sequence[str]) -> bool:
    return bool(values) and all(_SERVICE.fullmatch(value) for value in values)


@rule(
    "ram-pass-role-narrow",
    "Who may pass or assume a role may do so with one role",
    on=ALLOWING,
    reason=(
        "Whoever passes a role to a service, or assumes it, has what the role has. Without "
        "acs:Service the role can be handed to any service that runs code."
    ),
    remedy="Name the role in Resource, and for PassRole the service in a Condition on acs:Service.",
    source=facts.RAM_POLICY,
)
def ram_pass_role_narrow(policy: Resource, _: Options) -> Messages:
    """Look at statements that allow ``ram:PassRole`` or ``sts:AssumeRole``, however written."""
    for statement in allowed(policy):
        for action in (_PASS_ROLE, _ASSUME_ROLE):
            if not statement.allows(action):
                continue
            services = statement.values("acs:Service", "StringEquals")
            if action == _PASS_ROLE and not _are_services(services):
                yield f"{_PASS_ROLE} is allowed for every service; add a Condition on acs:Service"
            if not statement.resources or any(map(has_wildcard, _roles(statement))):
                yield f"{action} is allowed for more than one role; name the role in Resource"


def _roles(statement: Statement) -> list[str]:
    """Return the part of each resource that says which role it is; the account is the own one."""
    return [resource.split(":", 4)[-1] for resource in statement.resources]


@rule(
    "ram-hands-nothing-on",
    "A policy gives nobody the right to hand permissions on",
    on=ALLOWING,
    reason=(
        "Whoever may attach AdministratorAccess to a role, write a policy or make an access key "
        "has every permission of the account, whatever else the policy says."
    ),
    remedy="Leave that to the deployment's own role, and exempt its policy with the reason.",
    source=facts.RAM_RISK,
)
def ram_hands_nothing_on(policy: Resource, _: Options) -> Messages:
    """Look for actions on identities that do more than read, however they are written."""
    for statement in allowed(policy):
        found = [action for action in statement.actions if _hands_on(action)]
        if not statement.actions or any(map(has_wildcard, statement.actions)):
            found += [action for action in _HANDING_ON if statement.allows(action)]
        if found:
            shown = ", ".join(dict.fromkeys(found[:3]))
            yield f"the policy allows {shown}, with which every permission can be had"


def _hands_on(action: str) -> bool:
    named = _IDENTITIES.fullmatch(action)
    accepted = {_PASS_ROLE.lower(), _SERVICE_LINKED_ROLE.lower()}
    return bool(
        named
        and not has_wildcard(action)
        and action.lower() not in accepted
        and not _READING.fullmatch(named[2])
    )


@rule(
    "ram-system-policy-narrow",
    "Nobody gets a system policy for a whole product",
    on=[
        tokens.ROLE_ATTACHMENT,
        tokens.USER_ATTACHMENT,
        tokens.GROUP_ATTACHMENT,
        tokens.ACCOUNT_ATTACHMENT,
    ],
    reason=(
        "AdministratorAccess and the ...FullAccess policies allow every action on every resource "
        "of the account, and a ...ReadOnlyAccess policy reads every object and every variable."
    ),
    remedy="Attach a policy of your own that allows what the code calls.",
    source=facts.RAM_RISK,
    options=[
        Option(
            "accepted",
            "system policies that may be attached",
            default=[
                "AliyunECSNetworkInterfaceManagementAccess",
                "AliyunFCInvocationAccess",
                "AliyunFCDefaultRolePolicy",
            ],
        )
    ],
)
def ram_system_policy_narrow(attachment: Resource, options: Options) -> Messages:
    """Look at the names of attached system policies; each that is not listed is too wide."""
    name = str(attachment.props.get("policyName", ""))
    is_own = str(attachment.props.get("policyType")).lower() == "custom"
    if not is_own and name not in options["accepted"]:
        yield f"system policy {name} is attached; attach one that allows what the code calls"


@stack_rule(
    "ram-attached-policy-seen",
    "Every policy that is attached is written in this stack",
    reason=(
        "A policy that somebody else wrote allows what somebody else likes, and nothing here sees "
        "what that is."
    ),
    remedy="Write the policy in the same program, or exempt the attachment and say what it allows.",
    source=facts.RAM_RISK,
)
def ram_attached_policy_seen(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for the custom policies that attachments name."""
    policies = [r for r in stack if r.type in ALLOWING]
    for attachment in stack:
        if attachment.type not in ram_system_policy_narrow.types:
            continue
        if str(attachment.props.get("policyType")).lower() != "custom":
            continue
        name = attachment.props.get("policyName")

        def has_name(policy: Resource, name: object = name) -> bool:
            return name in {policy.props.get("policyName"), policy.props.get("name")}

        if not is_any(policies, has_name):
            yield attachment, f"policy '{name}' is attached, which this stack does not create"


RULES = (
    ram_document_readable,
    property_current,
    ram_actions_named,
    ram_not_action,
    ram_resources_named,
    ram_pass_role_narrow,
    ram_hands_nothing_on,
    ram_system_policy_narrow,
    ram_attached_policy_seen,
)
