"""Simple Log Service: projects and log stores."""

import json
from typing import Any
from urllib.parse import quote

from localcloud.deploy.client import Client
from localcloud.deploy.upsert import upsert

Properties = dict[str, Any]


def log_project(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create an SLS project."""
    name = given["projectName"]
    description = given.get("description", "")
    upsert(
        lambda: client.sls("POST", "/", {"projectName": name, "description": description}),
        lambda: client.sls("PUT", "/", {"description": description}, project=name),
    )
    tags = [{"key": key, "value": value} for key, value in (given.get("tags") or {}).items()]
    if tags:
        client.sls("POST", "/tag", {"resourceType": "PROJECT", "resourceId": [name], "tags": tags})
    return name, {}


def log_store(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a store in an SLS project."""
    project, name = given["projectName"], given["logstoreName"]
    body = {
        "logstoreName": name,
        "ttl": given.get("retentionPeriod", 30),
        "shardCount": given.get("shardCount", 2),
        "appendMeta": given.get("appendMeta", True),
    }
    upsert(
        lambda: client.sls("POST", "/logstores", body, project=project),
        lambda: client.sls("PUT", f"/logstores/{quote(name)}", body, project=project),
    )
    return f"{project}:{name}", {}


def log_index(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create the index of a store."""
    project, store = given["projectName"], given["logstoreName"]
    body: Properties = {"max_text_len": given["maxTextLen"]} if "maxTextLen" in given else {}
    if "keys" in given:
        body["keys"] = json.loads(given["keys"])
    if "line" in given:
        line = given["line"]
        body["line"] = {
            "chn": line["chn"],
            "caseSensitive": line["caseSensitive"],
            "token": line["tokens"],
        }
    path = f"/logstores/{quote(store)}/index"
    upsert(
        lambda: client.sls("POST", path, body, project=project),
        lambda: client.sls("PUT", path, body, project=project),
    )
    return f"{project}:{store}", {}
