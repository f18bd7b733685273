"""The SLS project with its two stores: every event of the bus, and what the functions log."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.names import Number, whole


class LogStoresArgs(TypedDict):
    """The arguments of :class:`LogStores`."""

    project_name: pulumi.Input[str]
    """Name of the SLS project, unique over all accounts of the region."""
    archive_days: Number
    """Days that events are kept."""
    function_logs_days: Number
    """Days that the functions' logs are kept."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the project."""


class LogStores(pulumi.ComponentResource):
    """Keep events and logs for as long as the settings say.

    Stores have no index here: SLS bills it by volume, and nothing of the loop searches. Turn it on
    in the console, once, where somebody wants to search.
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
        child = pulumi.ResourceOptions(parent=self)
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
