"""Function Compute's JSON: request bodies into values, rows into answers."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from localcloud import strict_json
from localcloud.api import ApiCall
from localcloud.fc import archive
from localcloud.fc.errors import InvalidArgumentError, NotSupportedHereError
from localcloud.fc.registry import Alias, Function, Version
from localcloud.json_body import parse_object
from localcloud.settings import DEFAULT_RESOURCE_GROUP

Row = TypeVar("Row")


def body_of(call: ApiCall) -> dict[str, Any]:
    """Return the JSON object of a request."""
    body = parse_object(call.body or b"{}")
    if body is None:
        raise InvalidArgumentError("the request's body", f"{len(call.body)} bytes", "a JSON object")
    return body


def only(call: ApiCall, *accepted: str) -> dict[str, Any]:
    """Return the JSON object of a request that has these members and no others."""
    body = body_of(call)
    for field in sorted(set(body) - set(accepted)):
        raise InvalidArgumentError(field, body[field], "no such setting")
    return body


def text(body: Mapping[str, Any], field: str) -> str:
    """Return a field that holds text; empty if it is missing."""
    value = body.get(field) or ""
    if not isinstance(value, str) or len(value) > 256:
        raise InvalidArgumentError(field, value, "text of at most 256 characters")
    return value


def archive_of(body: Mapping[str, Any]) -> archive.Archive | None:
    """Return the checked archive of a request, or None if it has no code."""
    code = body.get("code")
    if code is None:
        return None
    if not isinstance(code, dict):
        raise InvalidArgumentError("code", code, "an object")
    if code.get("ossBucketName") or code.get("ossObjectName"):
        raise NotSupportedHereError("code from OSS")
    if not isinstance(code.get("zipFile"), str):
        raise InvalidArgumentError("code.zipFile", code.get("zipFile"), "base64 of a zip archive")
    checked = archive.parse(code["zipFile"])
    expected = code.get("checksum")
    if expected and str(expected) != checked.checksum:
        raise InvalidArgumentError("code.checksum", expected, f"this archive's, {checked.checksum}")
    return checked


def tags(given: object) -> dict[str, str]:
    """Return the tags of a list; the provider writes Key, the answers say tagKey."""
    if not isinstance(given, list) or not all(isinstance(tag, dict) for tag in given):
        raise InvalidArgumentError("tags", given, "a list of objects")
    tags = {}
    for tag in given:
        key = tag.get("Key") or tag.get("key") or tag.get("tagKey")
        value = tag.get("Value") or tag.get("value") or tag.get("tagValue") or ""
        if not isinstance(key, str) or not isinstance(value, str) or len(key) > 128:
            raise InvalidArgumentError("tags", tag, "a Key of 1 to 128 characters and a Value")
        tags[key] = value
    if len(tags) > 20:
        raise InvalidArgumentError("tags", f"{len(tags)} tags", "at most 20")
    return tags


def weights(body: Mapping[str, Any]) -> dict[str, float]:
    """Return an alias's shares by version."""
    weights = body.get("additionalVersionWeight") or {}
    if not isinstance(weights, dict) or not all(
        isinstance(w, int | float) and 0 <= w <= 1 for w in weights.values()
    ):
        raise InvalidArgumentError(
            "additionalVersionWeight", weights, "shares from 0 to 1 by version"
        )
    return {version: float(weight) for version, weight in weights.items()}


def json_list(call: ApiCall, name: str) -> list[str]:
    """Return a query parameter that is a JSON list of strings."""
    text = call.params.get(name, "")
    if not text:
        return []
    try:
        value = strict_json.read(text)
    except ValueError:
        value = None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidArgumentError(name, text, "a JSON list of strings")
    return value


def page_of(
    call: ApiCall, rows: list[Row], key: Callable[[Row], str]
) -> tuple[list[Row], dict[str, str]]:
    """Return a page of the rows, and the token of the next one if there is one."""
    limit = call.integer("limit", 20, 1, 100)
    token = call.params.get("nextToken", "")
    start = 0
    if token:
        start = next((i for i, row in enumerate(rows) if key(row) == token), len(rows))
    page = rows[start : start + limit]
    more = rows[start + limit : start + limit + 1]
    return page, {"nextToken": key(more[0])} if more else {}


def function_answer(function: Function, arn: str) -> dict[str, Any]:
    """Return a function as the API does; the provider plans a change for any field too many."""
    return {
        "functionName": function.name,
        "functionId": function.id,
        "functionArn": arn,
        "resourceGroupId": DEFAULT_RESOURCE_GROUP,
        **settings_answer(function.settings),
        "codeSize": function.code["size"],
        "codeChecksum": function.code["checksum"],
        "createdTime": function.created,
        "lastModifiedTime": function.modified,
        "state": "Active",
        "lastUpdateStatus": "Successful",
        "tags": [{"tagKey": key, "tagValue": value} for key, value in function.tags.items()],
        **({"invocationRestriction": function.restriction} if function.restriction else {}),
    }


def settings_answer(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that say something."""
    return {name: value for name, value in settings.items() if value not in ("", None)}


def version_answer(version: Version) -> dict[str, Any]:
    """Return a version as the API does."""
    return {
        "versionId": version.id,
        "description": version.description,
        "createdTime": version.created,
        "lastModifiedTime": version.created,
    }


def alias_answer(alias: Alias) -> dict[str, Any]:
    """Return an alias as the API does."""
    return {
        "aliasName": alias.name,
        "versionId": alias.version,
        "description": alias.description,
        "additionalVersionWeight": alias.weights,
        "createdTime": alias.created,
        "lastModifiedTime": alias.modified,
    }
