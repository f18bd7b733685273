"""RAM's requests and answers: parameters into values, rows into answers."""

from typing import Any

from localcloud import strict_json
from localcloud.api import ApiCall
from localcloud.errors import InvalidParameterError
from localcloud.ram.service import ManagedPolicy, Ram, Role


def role_answer(role: Role) -> dict[str, Any]:
    """Return a role as the API does."""
    return {
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust,
        "MaxSessionDuration": role.max_session_seconds,
        "CreateDate": role.created,
        "UpdateDate": role.created,
    }


def listed_role_answer(role: Role) -> dict[str, Any]:
    """Return a role as a list does, with its tags."""
    tags = [{"TagKey": key, "TagValue": value} for key, value in role.tags.items()]
    return {**role_answer(role), "Tags": {"Tag": tags}}


def attached_answer(ram: Ram, role: Role, kind: str, name: str) -> dict[str, Any]:
    """Return a policy of a role as the API does."""
    managed = ram.managed.get(name) if kind == "Custom" else None
    return {
        "PolicyName": name,
        "PolicyType": kind,
        "Description": managed.description if managed else "",
        "DefaultVersion": managed.default if managed else "v1",
        # Roles of an older state do not know it.
        "AttachDate": role.attached.get(f"{kind}/{name}", role.created),
    }


def policy_answer(ram: Ram, policy: ManagedPolicy) -> dict[str, Any]:
    """Return a policy as the API does."""
    return {
        "PolicyName": policy.name,
        "PolicyType": "Custom",
        "Description": policy.description,
        "DefaultVersion": policy.default,
        "AttachmentCount": len(ram.holders("Custom", policy.name)),
        "CreateDate": policy.created,
        "UpdateDate": policy.created,
    }


def version_answer(policy: ManagedPolicy, version: str) -> dict[str, Any]:
    """Return a version of a policy as the API does."""
    return {
        "VersionId": version,
        "IsDefaultVersion": version == policy.default,
        "PolicyDocument": policy.versions[version],
        "CreateDate": policy.created,
    }


def check_name(parameter: str, name: str, longest: int) -> None:
    """Refuse a name that RAM does not accept."""
    if len(name) > longest or not all(c.isascii() and (c.isalnum() or c in "-._") for c in name):
        accepted = f"1 to {longest} letters, digits, '.', '_' and '-'"
        raise InvalidParameterError(parameter, name, accepted)


def tags(call: ApiCall) -> dict[str, str]:
    """Read tags, which arrive as JSON text or as ``Tag.1.Key``."""
    text = call.params.get("Tag", "")
    if text:
        try:
            return {str(tag["Key"]): str(tag.get("Value", "")) for tag in strict_json.read(text)}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidParameterError(
                "Tag", text, 'JSON like [{"Key": "k", "Value": "v"}]'
            ) from error
    return call.pairs("Tag")


def json_list(call: ApiCall, name: str) -> list[str]:
    """Return the texts of a parameter that is a JSON list."""
    text = call.params.get(name, "")
    if not text:
        return []
    try:
        values = strict_json.read(text)
    except ValueError as error:
        raise InvalidParameterError(name, text, "a JSON list of texts") from error
    return [str(value) for value in values]


def page(call: ApiCall, rows: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Cut one page out of sorted rows; the marker is the number of rows before it."""
    size = call.integer("MaxItems", 100, 1, 1000)
    start = call.integer("Marker", 0, 0, 10**9)
    rest = rows[start + size :]
    page: dict[str, Any] = {"IsTruncated": bool(rest)}
    if rest:
        page["Marker"] = str(start + size)
    return rows[start : start + size], page
