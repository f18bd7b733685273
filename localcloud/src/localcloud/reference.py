"""The table of actions in ``localcloud/README.md``, written from the code.

``python -m localcloud.reference`` prints it; a test compares it with the file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.api import Action
from localcloud.fc import actions as fc
from localcloud.products import PRODUCTS
from localcloud.sls import actions as sls

TITLES = {
    "ecs": "ECS and Cloud Assistant, 2014-05-26",
    "eventbridge": "EventBridge, 2020-04-01",
    "eventbridge-data": "EventBridge data plane, `/openapi/`",
    "fc": "Function Compute 3.0, 2023-03-30",
    "location": "Location, 2015-06-12",
    "mns": "MNS control plane, 2022-01-19",
    "mns-data": "MNS data plane, `/queues/`",
    "ram": "RAM, 2015-05-01",
    "resourcemanager": "ResourceManager, 2020-03-31",
    "sls": "Simple Log Service",
    "sts": "STS, 2015-04-01",
}

# What clients of these products may well ask for and do not find here.
NEIGHBOURS = {
    "ecs": ("RunInstances", "SendFile", "CreateActivation", "DescribeSecurityGroups"),
    "eventbridge": ("CreateEventStreaming", "CreateApiDestination", "CreateConnection"),
    "mns": ("CreateTopic", "Subscribe", "PublishMessage"),
    "ram": ("CreateUser", "CreateAccessKey", "CreateGroup", "AttachPolicyToUser"),
    "sts": ("AssumeRoleWithOIDC", "AssumeRoleWithSAML"),
}


def table() -> str:
    """Write the table of every product's actions as Markdown."""
    return "\n".join(_lines()) + "\n"


def absent(product: str, actions: Mapping[str, Action[Any]]) -> list[str]:
    """Return the actions that are known by name and answered as unknown."""
    routes = {"fc": fc.ROUTES, "sls": sls.ROUTES}.get(product, [])
    named = {action for _, _, action in routes} | set(NEIGHBOURS.get(product, ()))
    return sorted(named - set(actions))


def _lines() -> Iterator[str]:
    yield "| action | here |"
    yield "| --- | --- |"
    for name, product in PRODUCTS.items():
        yield f"| **{TITLES[name]}** | |"
        for action, what in sorted(product.actions.items()):
            yield f"| {action} | {f'partial: {what.partial}' if what.partial else 'done'} |"
        for action in absent(name, product.actions):
            yield f"| {action} | absent |"


if __name__ == "__main__":
    print(table(), end="")
