"""The SLS project with its two stores: every event of the bus, and what the functions log."""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.names import Number, whole

# What separates words, as the console suggests it (SLS, "Create indexes").
_SEPARATORS = list(", '\";=()[]{}?@&<>/:\n\t\r")


def _text() -> dict[str, Any]:
    return {"type": "text", "doc_value": True, "caseSensitive": False, "token": _SEPARATORS}


# What can be searched and analysed by name, besides the full text of every entry. Leaves of JSON
# are named by their path.
_KEYS: dict[str, dict[str, Any]] = {
    "events": {
        "content": {
            **_text(),
            "type": "json",
            "index_all": True,
            "max_depth": 4,
            "json_keys": {
                "id": {"type": "text", "doc_value": True},
                "source": {"type": "text", "doc_value": True},
                "type": {"type": "text", "doc_value": True},
                "data.body.detail.emp_id": {"type": "text", "doc_value": True},
                "data.body.detail.role": {"type": "text", "doc_value": True},
                "data.body.detail.request_id": {"type": "text", "doc_value": True},
                "data.detail.InvocationStatus": {"type": "text", "doc_value": True},
                "data.detail.emp_id": {"type": "text", "doc_value": True},
                "data.detail.role": {"type": "text", "doc_value": True},
                "data.detail.request_id": {"type": "text", "doc_value": True},
                "data.detail.ReasonCode": {"type": "text", "doc_value": True},
                "data.detail.ExitCode": {"type": "long", "doc_value": True},
            },
        }
    },
    "functions": {name: _text() for name in ("functionName", "requestId", "message", "errorType")},
}


class LogStoresArgs(TypedDict):
    """The arguments of :class:`LogStores`."""

    project_name: pulumi.Input[str]
    """Name of the SLS project, unique over all accounts of the region."""
    archive_days: Number
    """Days that events are kept."""
    function_logs_days: Number
    """Days that the functions' logs are kept."""
    protect: NotRequired[bool]
    """True: Pulumi refuses to delete the project and its stores."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the project."""


class LogStores(pulumi.ComponentResource):
    """Keep events and logs for as long as the settings say, and let them be searched.

    An index covers what is written after it, and nothing can be searched without one (SLS, "Create
    indexes"), so each store has one from the start; it is billed by volume, which is small here.
    """

    project_name: pulumi.Output[str]
    """The SLS project."""
    events_store: pulumi.Output[str]
    """The store that holds every event of the bus."""
    functions_store: pulumi.Output[str]
    """The store that holds the functions' logs."""

    def __init__(
        self, name: str, args: LogStoresArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:LogStores", name, {}, opts)
        # None, not False: what the component itself is told then reaches its parts.
        protect = args.get("protect") or None
        child = pulumi.ResourceOptions(parent=self, protect=protect)
        project = alicloud.log.Project(
            f"{name}-project",
            project_name=args["project_name"],
            description="Events and function logs of the provisioning loop",
            tags=args.get("tags"),
            opts=child,
        )
        days = {"events": args["archive_days"], "functions": args["function_logs_days"]}
        stores = {
            store: alicloud.log.Store(
                f"{name}-{store}",
                project_name=project.project_name,
                logstore_name=store,
                retention_period=whole(retention),
                shard_count=1,
                opts=child,
            )
            for store, retention in days.items()
        }
        for store, keys in _KEYS.items():
            alicloud.sls.Index(
                f"{name}-{store}-index",
                project_name=project.project_name,
                logstore_name=stores[store].logstore_name,
                keys=json.dumps(keys),
                line=alicloud.sls.IndexLineArgs(
                    case_sensitive=False, chn=False, tokens=_SEPARATORS
                ),
                # The longest that there is: what is longer is cut for analysis.
                max_text_len=16_384,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.project_name = project.project_name
        self.events_store = stores["events"].logstore_name
        self.functions_store = stores["functions"].logstore_name
        self.register_outputs(
            {
                "project_name": self.project_name,
                "events_store": self.events_store,
                "functions_store": self.functions_store,
            }
        )
