"""RAM: roles, policies, and which role has which policy."""

import json
import re
from typing import Any

from localcloud.deploy.client import Client
from localcloud.deploy.upsert import upsert

_VERSION = "2015-05-01"

Properties = dict[str, Any]


def role(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a role and read its ARN back."""
    name = given["roleName"]
    trust, description = given["assumeRolePolicyDocument"], given.get("description")
    tags = [{"Key": key, "Value": value} for key, value in (given.get("tags") or {}).items()]

    def create() -> None:
        params = {
            "RoleName": name,
            "AssumeRolePolicyDocument": trust,
            "Description": description,
            "MaxSessionDuration": given.get("maxSessionDuration"),
            "Tag": tags or None,
        }
        client.rpc(_VERSION, "CreateRole", params)

    def update() -> None:
        params = {
            "RoleName": name,
            "NewAssumeRolePolicyDocument": trust,
            "NewDescription": description,
        }
        client.rpc(_VERSION, "UpdateRole", params)
        if tags:
            client.rpc(
                _VERSION,
                "TagResources",
                {"ResourceNames": [name], "ResourceType": "role", "Tag": tags},
            )

    upsert(create, update)
    found = client.rpc(_VERSION, "GetRole", {"RoleName": name})["Role"]
    return name, {"arn": found["Arn"], "roleId": found.get("RoleId", "")}


def policy(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a policy; a changed document becomes its new default version."""
    name, document = given["policyName"], given["policyDocument"]

    def create() -> None:
        client.rpc(
            _VERSION,
            "CreatePolicy",
            {
                "PolicyName": name,
                "PolicyDocument": document,
                "Description": given.get("description"),
            },
        )

    def update() -> None:
        found = client.rpc(_VERSION, "GetPolicy", {"PolicyName": name, "PolicyType": "Custom"})
        if json.loads(found["DefaultPolicyVersion"]["PolicyDocument"]) == json.loads(document):
            return
        client.rpc(
            _VERSION,
            "CreatePolicyVersion",
            {
                "PolicyName": name,
                "PolicyDocument": document,
                "SetAsDefault": True,
                # A policy has five versions at most; without a state, nobody else removes them.
                "RotateStrategy": "DeleteOldestNonDefaultVersionWhenLimitExceeded",
            },
        )

    upsert(create, update)
    return name, {}


def attachment(client: Client, given: Properties) -> tuple[str, Properties]:
    """Attach a policy to a role."""
    name, kind, owner = given["policyName"], given["policyType"], given["roleName"]
    params = {"PolicyName": name, "PolicyType": kind, "RoleName": owner}
    upsert(lambda: client.rpc(_VERSION, "AttachPolicyToRole", params), lambda: None)
    return f"role:{name}:{kind}:{owner}", {}


def roles(client: Client, given: Properties) -> Properties:
    """Return the names of the roles that match, service-linked ones too."""
    pattern = re.compile(given.get("nameRegex", ""))
    names: list[str] = []
    asked: dict[str, Any] = {"MaxItems": 100}
    while True:
        found = client.rpc("2015-05-01", "ListRoles", asked)
        names += [role["RoleName"] for role in found["Roles"]["Role"]]
        if not found["IsTruncated"]:
            break
        asked["Marker"] = found["Marker"]
    return {"id": "roles", "names": [name for name in names if pattern.search(name)]}


def caller_identity(client: Client, _given: Properties) -> Properties:
    """Return whose credentials these are."""
    found = client.rpc("2015-04-01", "GetCallerIdentity", {})
    return {
        "accountId": found["AccountId"],
        "arn": found["Arn"],
        "id": found["AccountId"],
        "identityType": found["IdentityType"],
        "userId": found["UserId"],
    }
