"""Simple Log Service's JSON: request bodies into values, rows into answers."""

from typing import Any

from localcloud.api import ApiCall
from localcloud.environment import iso_utc
from localcloud.json_body import parse_object
from localcloud.settings import DEFAULT_RESOURCE_GROUP
from localcloud.sls.errors import ParameterInvalidError, PostBodyInvalidError
from localcloud.sls.parameters import REFUSED
from localcloud.sls.service import LogStore, Project, Sls

_STORE_SETTINGS = (
    "ttl", "shardCount", "autoSplit", "maxSplitShard", "appendMeta", "mode", "enable_tracking",
    "hot_ttl", "infrequentAccessTTL", "telemetryType", "encrypt_conf",
)  # fmt: skip


def body_of(call: ApiCall) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises:
        PostBodyInvalidError: if the body is anything else.
        ParameterInvalidError: for a field that says something on which nothing here acts.
    """
    body = parse_object(call.body or b"{}")
    if body is None:
        raise PostBodyInvalidError("a JSON object")
    for name in REFUSED.get(call.action, ()):
        if body.get(name):
            raise ParameterInvalidError(
                name, body[name], "nothing here: the local cloud does not support it"
            )
    return body


def text(body: dict[str, Any], field: str) -> str:
    """Return a field that holds text."""
    value = body.get(field) or ""
    if not isinstance(value, str):
        raise ParameterInvalidError(field, value, "text")
    return value


def store_settings(body: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a log store that a request names."""
    return {name: body[name] for name in _STORE_SETTINGS if body.get(name) is not None}


def project_answer(sls: Sls, project: Project) -> dict[str, Any]:
    """Return a project as the API does."""
    return {
        "projectName": project.name,
        "description": project.description,
        "status": "Normal",
        "owner": sls.settings.account_id,
        "region": sls.settings.region,
        "resourceGroupId": DEFAULT_RESOURCE_GROUP,
        "createTime": _time(project.created),
        "lastModifyTime": _time(project.modified),
    }


def log_store_answer(store: LogStore) -> dict[str, Any]:
    """Return a log store as the API does."""
    return {
        "logstoreName": store.name,
        **store.settings,
        "mode": store.settings.get("mode", "standard"),
        "createTime": int(store.created),
        "lastModifyTime": int(store.modified),
    }


def _time(seconds: float) -> str:
    return iso_utc(seconds).replace("T", " ").rstrip("Z")
