"""ECS: Cloud Assistant's commands."""

from typing import Any

from localcloud.deploy.client import Client

_VERSION = "2014-05-26"

Properties = dict[str, Any]


def command(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a Cloud Assistant command, unless the very same one is there.

    The cloud allows several commands of one name, so an unchanged one is looked for first; the
    provider would know it from its state and leave it alone.
    """
    params = {
        "Name": given["name"],
        "Type": given["type"],
        "CommandContent": given["commandContent"],
        "Timeout": given.get("timeout", 60),
        "EnableParameter": given.get("enableParameter", False),
        "WorkingDir": given.get("workingDir", ""),
        "Description": given.get("description", ""),
    }
    found = client.rpc(_VERSION, "DescribeCommands", {"Name": given["name"]})
    for existing in found["Commands"]["Command"]:
        if all(existing.get(key) == value for key, value in params.items()):
            return str(existing["CommandId"]), {}
    return str(client.rpc(_VERSION, "CreateCommand", params)["CommandId"]), {}
