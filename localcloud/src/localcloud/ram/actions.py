"""The actions of RAM (2015-05-01), STS (2015-04-01) and those of ResourceManager that are used."""

from dataclasses import replace
from typing import Any

from localcloud.api import Action, Answer, ApiCall, Product, WireStyle
from localcloud.environment import iso_utc
from localcloud.errors import ApiError, InvalidParameterError
from localcloud.ram import encoding, resource_groups
from localcloud.ram.errors import EntityAlreadyExistsError, EntityNotExistError
from localcloud.ram.service import MAX_VERSIONS, ManagedPolicy, Ram

_SESSION_SECONDS = (900, 43_200)


async def create_role(ram: Ram, call: ApiCall) -> Answer:
    """Create a role that the principals of its trust policy may assume."""
    name = call.required("RoleName")
    encoding.check_name("RoleName", name, 64)
    role = ram.create_role(
        name,
        call.required("AssumeRolePolicyDocument"),
        call.params.get("Description", ""),
        call.integer("MaxSessionDuration", 3600, 3600, 43_200),
        encoding.tags(call),
    )
    return {"Role": encoding.role_answer(role)}


async def get_role(ram: Ram, call: ApiCall) -> Answer:
    """Return a role."""
    name = call.required("RoleName")
    linked = (role for role in ram.all_roles() if role.name == name)
    return {"Role": encoding.role_answer(next(linked, None) or ram.role(name))}


async def list_roles(ram: Ram, call: ApiCall) -> Answer:
    """Return the roles, by name; with tags, those that have all of them."""
    wanted = encoding.tags(call)
    found = [r for r in ram.all_roles() if wanted.items() <= r.tags.items()]
    roles, page = encoding.page(call, sorted(found, key=lambda r: r.name))
    return {"Roles": {"Role": [encoding.listed_role_answer(r) for r in roles]}, **page}


async def update_role(ram: Ram, call: ApiCall) -> Answer:
    """Change a role's description, trust policy or session time."""
    changes: dict[str, Any] = {}
    if "NewDescription" in call.params:
        changes["description"] = call.params["NewDescription"]
    if "NewAssumeRolePolicyDocument" in call.params:
        changes["trust"] = call.params["NewAssumeRolePolicyDocument"]
    if "NewMaxSessionDuration" in call.params:
        changes["max_session_seconds"] = call.integer("NewMaxSessionDuration", 3600, 3600, 43_200)
    return {"Role": encoding.role_answer(ram.update_role(call.required("RoleName"), **changes))}


async def delete_role(ram: Ram, call: ApiCall) -> Answer:
    """Delete a role without policies."""
    ram.delete_role(call.required("RoleName"))
    return {}


async def create_policy(ram: Ram, call: ApiCall) -> Answer:
    """Create a custom policy with one version."""
    name = call.required("PolicyName")
    encoding.check_name("PolicyName", name, 128)
    if ram.managed.get(name):
        raise EntityAlreadyExistsError("Policy", name)
    policy = ManagedPolicy(
        name=name,
        created=iso_utc(ram.clock.now()),
        versions={"v1": call.required("PolicyDocument")},
        default="v1",
        description=call.params.get("Description", ""),
        tags=encoding.tags(call),
    )
    ram.put_policy(policy)
    return {"Policy": encoding.policy_answer(ram, policy)}


async def get_policy(ram: Ram, call: ApiCall) -> Answer:
    """Return a custom policy and its default document."""
    _only_custom(call)
    policy = ram.policy(call.required("PolicyName"))
    return {
        "Policy": encoding.policy_answer(ram, policy),
        "DefaultPolicyVersion": encoding.version_answer(policy, policy.default),
    }


async def list_policies(ram: Ram, call: ApiCall) -> Answer:
    """Return the custom policies, by name."""
    policies, page = encoding.page(call, sorted(ram.managed, key=lambda p: p.name))
    return {"Policies": {"Policy": [encoding.policy_answer(ram, p) for p in policies]}, **page}


async def delete_policy(ram: Ram, call: ApiCall) -> Answer:
    """Delete a custom policy that is attached to nothing; its versions go with it."""
    name = call.required("PolicyName")
    policy = ram.policy(name)
    if len(policy.versions) > 1 and not call.boolean("CascadingDelete"):
        raise ApiError(
            "DeleteConflict.Policy.Version",
            f"the policy '{name}' has {len(policy.versions)} versions; delete the others first",
            409,
        )
    ram.delete_policy(name)
    return {}


async def create_policy_version(ram: Ram, call: ApiCall) -> Answer:
    """Add a version to a policy and, if asked, make it the default."""
    policy = ram.policy(call.required("PolicyName"))
    versions = dict(policy.versions)
    if len(versions) >= MAX_VERSIONS:
        if call.params.get("RotateStrategy") != "DeleteOldestNonDefaultVersionWhenLimitExceeded":
            raise ApiError(
                "LimitExceeded.Policy.Version",
                f"the policy '{policy.name}' has {MAX_VERSIONS} versions, the most it may have",
                409,
            )
        del versions[next(v for v in versions if v != policy.default)]
    number = policy.last_version + 1
    version = f"v{number}"
    versions[version] = call.required("PolicyDocument")
    default = version if call.boolean("SetAsDefault") else policy.default
    policy = replace(policy, versions=versions, default=default, last_version=number)
    ram.put_policy(policy)
    return {"PolicyVersion": encoding.version_answer(policy, version)}


async def get_policy_version(ram: Ram, call: ApiCall) -> Answer:
    """Return one version of a policy."""
    policy = ram.policy(call.required("PolicyName"))
    return {"PolicyVersion": encoding.version_answer(policy, _known_version(policy, call))}


async def list_policy_versions(ram: Ram, call: ApiCall) -> Answer:
    """Return the versions of a policy."""
    policy = ram.policy(call.required("PolicyName"))
    return {
        "PolicyVersions": {
            "PolicyVersion": [encoding.version_answer(policy, v) for v in policy.versions]
        }
    }


async def delete_policy_version(ram: Ram, call: ApiCall) -> Answer:
    """Delete a version that is not the default."""
    policy = ram.policy(call.required("PolicyName"))
    version = _known_version(policy, call)
    if version == policy.default:
        raise ApiError(
            "DeleteConflict.PolicyVersion.Default",
            f"the version '{version}' is the default of '{policy.name}'; make another the default",
            409,
        )
    versions = {v: d for v, d in policy.versions.items() if v != version}
    ram.put_policy(replace(policy, versions=versions))
    return {}


async def set_default_policy_version(ram: Ram, call: ApiCall) -> Answer:
    """Make a version the default of a policy."""
    policy = ram.policy(call.required("PolicyName"))
    ram.put_policy(replace(policy, default=_known_version(policy, call)))
    return {}


async def update_policy_description(ram: Ram, call: ApiCall) -> Answer:
    """Change a policy's description."""
    policy = ram.policy(call.required("PolicyName"))
    policy = replace(policy, description=call.params.get("NewDescription", ""))
    ram.put_policy(policy)
    return {"Policy": encoding.policy_answer(ram, policy)}


async def attach_policy_to_role(ram: Ram, call: ApiCall) -> Answer:
    """Attach a policy to a role."""
    kind, name = _policy_reference(ram, call)
    role = ram.role(call.required("RoleName"))
    if [kind, name] in [list(p) for p in role.policies]:
        raise EntityAlreadyExistsError("Role.Policy", name)
    ram.attach(role, kind, name)
    return {}


async def detach_policy_from_role(ram: Ram, call: ApiCall) -> Answer:
    """Detach a policy from a role."""
    kind, name = call.required("PolicyType"), call.required("PolicyName")
    role = ram.role(call.required("RoleName"))
    if [kind, name] not in [list(p) for p in role.policies]:
        raise EntityNotExistError("Role.Policy", name)
    ram.detach(role, kind, name)
    return {}


async def list_policies_for_role(ram: Ram, call: ApiCall) -> Answer:
    """Return the policies that are attached to a role."""
    role = ram.role(call.required("RoleName"))
    entries = [encoding.attached_answer(ram, role, kind, name) for kind, name in role.policies]
    return {"Policies": {"Policy": entries}}


async def list_entities_for_policy(ram: Ram, call: ApiCall) -> Answer:
    """Return the roles that a policy is attached to; there are no users or groups here."""
    kind, name = _policy_reference(ram, call)
    roles = [{"RoleName": r.name, "Arn": r.arn} for r in ram.holders(kind, name)]
    return {"Users": {"User": []}, "Groups": {"Group": []}, "Roles": {"Role": roles}}


async def tag_resources(ram: Ram, call: ApiCall) -> Answer:
    """Set tags of roles or policies."""
    tags = encoding.tags(call)
    for name in _tagged(call):
        _retag(ram, call, name, lambda old: {**old, **tags})
    return {}


async def untag_resources(ram: Ram, call: ApiCall) -> Answer:
    """Remove tags from roles or policies."""
    keys = set(call.repeated("TagKey")) or set(encoding.json_list(call, "TagKeys"))
    for name in _tagged(call):
        _retag(ram, call, name, lambda old: {k: v for k, v in old.items() if k not in keys})
    return {}


async def list_tag_resources(ram: Ram, call: ApiCall) -> Answer:
    """Return the tags of roles or policies."""
    entries = []
    for name in _tagged(call):
        kind = call.required("ResourceType")
        holder = ram.role(name) if kind == "role" else ram.policy(name)
        entries += [
            {"ResourceType": kind, "ResourceName": name, "TagKey": k, "TagValue": v}
            for k, v in holder.tags.items()
        ]
    return {"TagResources": entries}


async def get_caller_identity(ram: Ram, call: ApiCall) -> Answer:
    """Return who signed the request."""
    account = ram.settings.account_id
    is_account = call.caller.policies is None
    role = "" if is_account else call.caller.arn.split("/")[1]
    identity = account if is_account else ram.role(role).id
    return {
        "AccountId": account,
        "Arn": call.caller.arn,
        "UserId": identity,
        "PrincipalId": identity if is_account else f"{identity}:{call.caller.arn.split('/')[2]}",
        "IdentityType": "Account" if is_account else "AssumedRoleUser",
        **({} if is_account else {"RoleId": identity}),
    }


async def assume_role(ram: Ram, call: ApiCall) -> Answer:
    """Return short-lived credentials of a role whose trust policy names the caller."""
    session = call.required("RoleSessionName")
    arn = call.required("RoleArn")
    role = next((r for r in ram.roles if r.arn == arn.lower()), None)
    longest = role.max_session_seconds if role else _SESSION_SECONDS[1]
    seconds = call.integer("DurationSeconds", 3600, _SESSION_SECONDS[0], longest)
    issued = ram.assume(arn, call.caller.arn, session, seconds, call.params.get("Policy", ""))
    assumed = ram.role(arn.rpartition("/")[2]) if role is None else role
    return {
        "AssumedRoleUser": {
            "Arn": f"acs:ram::{ram.settings.account_id}:assumed-role/{assumed.name}/{session}",
            "AssumedRoleId": f"{assumed.id}:{session}",
        },
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "AccessKeySecret": issued.access_key_secret,
            "SecurityToken": issued.security_token,
            "Expiration": iso_utc(issued.expires),
        },
    }


async def delete_service_linked_role(ram: Ram, call: ApiCall) -> Answer:
    """Begin to delete a service-linked role; EventBridge's are the only ones here."""
    return {"DeletionTaskId": ram.delete_linked_role(call.required("RoleName"))}


async def get_service_linked_role_deletion_status(ram: Ram, call: ApiCall) -> Answer:
    """Return whether a service-linked role was deleted, or what it is needed for."""
    found = ram.deletion(call.required("DeletionTaskId"))
    if not found.users:
        return {"Status": "SUCCEEDED"}
    usage = {"Region": ram.settings.region, "Resources": {"Resource": found.users}}
    return {
        "Status": "FAILED",
        "Reason": {
            "Message": f"Service-Linked Role {found.role_arn} cannot be deleted as it is in use by "
            f"{found.principal}.",
            "RoleUsages": {"RoleUsage": [usage]},
        },
    }


def _known_version(policy: ManagedPolicy, call: ApiCall) -> str:
    version = call.required("VersionId")
    if version not in policy.versions:
        raise EntityNotExistError("Policy.Version", version)
    return version


def _only_custom(call: ApiCall) -> None:
    kind = call.params.get("PolicyType", "Custom")
    if kind != "Custom":
        raise EntityNotExistError("Policy", call.params.get("PolicyName", ""))


def _policy_reference(ram: Ram, call: ApiCall) -> tuple[str, str]:
    """Return type and name of a policy; system policies need not have been made."""
    kind, name = call.required("PolicyType"), call.required("PolicyName")
    if kind not in {"Custom", "System"}:
        raise InvalidParameterError("PolicyType", kind, "Custom or System")
    if kind == "Custom":
        ram.policy(name)
    return kind, name


def _tagged(call: ApiCall) -> list[str]:
    kind = call.required("ResourceType")
    if kind not in {"role", "policy"}:
        raise InvalidParameterError("ResourceType", kind, "role or policy")
    return call.repeated("ResourceNames") or encoding.json_list(call, "ResourceNames")


def _retag(ram: Ram, call: ApiCall, name: str, change: Any) -> None:
    if call.params["ResourceType"] == "role":
        ram.update_role(name, tags=change(ram.role(name).tags))
    else:
        policy = ram.policy(name)
        ram.put_policy(replace(policy, tags=change(policy.tags)))


def _role_arn(ram: Ram, call: ApiCall) -> list[str]:
    name = call.params.get("RoleName", "*").lower()
    return [f"acs:ram:*:{ram.settings.account_id}:role/{name}"]


def _policy_arn(ram: Ram, call: ApiCall) -> list[str]:
    return [f"acs:ram:*:{ram.settings.account_id}:policy/{call.params.get('PolicyName', '*')}"]


def _both_arns(ram: Ram, call: ApiCall) -> list[str]:
    return [*_policy_arn(ram, call), *_role_arn(ram, call)]


def _assumed_arn(_ram: Ram, call: ApiCall) -> list[str]:
    return [call.params.get("RoleArn", "*")]


ACTIONS: dict[str, Action[Ram]] = {
    "CreateRole": Action(create_role, "ram:CreateRole", _role_arn),
    "GetRole": Action(get_role, "ram:GetRole", _role_arn),
    "ListRoles": Action(list_roles, "ram:ListRoles"),
    "UpdateRole": Action(update_role, "ram:UpdateRole", _role_arn),
    "DeleteRole": Action(delete_role, "ram:DeleteRole", _role_arn),
    "CreatePolicy": Action(create_policy, "ram:CreatePolicy", _policy_arn),
    "GetPolicy": Action(get_policy, "ram:GetPolicy", _policy_arn, partial="custom policies only"),
    "ListPolicies": Action(list_policies, "ram:ListPolicies", partial="custom policies only"),
    "DeletePolicy": Action(delete_policy, "ram:DeletePolicy", _policy_arn),
    "CreatePolicyVersion": Action(create_policy_version, "ram:CreatePolicyVersion", _policy_arn),
    "GetPolicyVersion": Action(get_policy_version, "ram:GetPolicyVersion", _policy_arn),
    "ListPolicyVersions": Action(list_policy_versions, "ram:ListPolicyVersions", _policy_arn),
    "DeletePolicyVersion": Action(delete_policy_version, "ram:DeletePolicyVersion", _policy_arn),
    "SetDefaultPolicyVersion": Action(
        set_default_policy_version, "ram:SetDefaultPolicyVersion", _policy_arn
    ),
    "UpdatePolicyDescription": Action(
        update_policy_description, "ram:UpdatePolicyDescription", _policy_arn
    ),
    "AttachPolicyToRole": Action(attach_policy_to_role, "ram:AttachPolicyToRole", _both_arns),
    "DetachPolicyFromRole": Action(detach_policy_from_role, "ram:DetachPolicyFromRole", _both_arns),
    "ListPoliciesForRole": Action(list_policies_for_role, "ram:ListPoliciesForRole", _role_arn),
    "ListEntitiesForPolicy": Action(
        list_entities_for_policy,
        "ram:ListEntitiesForPolicy",
        _policy_arn,
        partial="roles only: there are no users and groups",
    ),
    "TagResources": Action(tag_resources, "ram:TagResources"),
    "UntagResources": Action(untag_resources, "ram:UntagResources"),
    "ListTagResources": Action(list_tag_resources, "ram:ListTagResources"),
}

STS_ACTIONS: dict[str, Action[Ram]] = {
    "GetCallerIdentity": Action(get_caller_identity),
    "AssumeRole": Action(assume_role, "sts:AssumeRole", _assumed_arn),
}

RESOURCE_MANAGER_ACTIONS: dict[str, Action[Ram]] = {
    "DeleteServiceLinkedRole": Action(
        delete_service_linked_role,
        "ram:DeleteServiceLinkedRole",
        partial="EventBridge's roles only",
    ),
    "GetServiceLinkedRoleDeletionStatus": Action(
        get_service_linked_role_deletion_status,
        "ram:GetServiceLinkedRoleDeletionStatus",
    ),
    **resource_groups.ACTIONS,
}

PRODUCT = Product(
    service=Ram,
    style=WireStyle.RPC,
    title="RAM",
    version="2015-05-01",
    actions=ACTIONS,
    refused={
        "AttachPolicyToRole": ("ResourceGroupId",),
        "CreateRole": ("AllowConsoleLogin",),
        "DetachPolicyFromRole": ("ResourceGroupId",),
        "ListTagResources": ("NextToken",),
        "UntagResources": ("All",),
        "UpdateRole": ("NewAllowConsoleLogin",),
    },
    ignored={"ListTagResources": {"PageSize": "all tags are on one page"}},
    neighbours=("CreateUser", "CreateAccessKey", "CreateGroup", "AttachPolicyToUser"),
)
STS = Product(
    service=Ram,
    style=WireStyle.RPC,
    title="STS",
    version="2015-04-01",
    actions=STS_ACTIONS,
    refused={"AssumeRole": ("ExternalId", "SourceIdentity")},
    neighbours=("AssumeRoleWithOIDC", "AssumeRoleWithSAML"),
)
RESOURCE_MANAGER = Product(
    service=Ram,
    style=WireStyle.RPC,
    title="ResourceManager",
    version="2020-03-31",
    actions=RESOURCE_MANAGER_ACTIONS,
    neighbours=("CreateResourceGroup",),
    refused=resource_groups.REFUSED,
    ignored=resource_groups.IGNORED,
)
