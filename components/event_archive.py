"""The archive: a rule that writes every event of a bus to a log store."""

from typing import TypedDict

import pulumi

from components import patterns, targets
from components.event_rule import event_rule
from components.loop_context import LoopContext
from components.permissions import write_logs
from components.service_role import ServiceRole
from functions.report.outcome import RESULT_SOURCE


class EventArchiveArgs(TypedDict):
    """The arguments of :class:`EventArchive`."""

    context: LoopContext
    """The bus whose events are kept, and the store that decides how long."""
    sources: list[str]
    """The sources of the bus, besides that of the loop's own results."""


class EventArchive(pulumi.ComponentResource):
    """Keep every event of a bus, whatever else happens to it."""

    rule_name: pulumi.Output[str]
    """The rule on the bus."""
    role_name: pulumi.Output[str]
    """The role that may write to the store."""

    def __init__(
        self, name: str, args: EventArchiveArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:EventArchive", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = args["context"]
        region, account_id = context["region"], context["account_id"]
        project, store = context["log_project"], context["events_store"]
        role = ServiceRole(
            name,
            {
                "role_name": f"{context['name_prefix']}-archive",
                "service": "eventbridge.aliyuncs.com",
                "description": "Lets EventBridge write events to the archive",
                "permissions": [write_logs(region, account_id, project, store)],
                "tags": context.get("tags", {}),
            },
            opts=child,
        )
        rule = event_rule(
            name,
            {
                "context": context,
                "rule_name": "archive",
                "description": "Every event of the bus to the log store",
                "pattern": patterns.from_sources([*args["sources"], RESULT_SOURCE]),
                "targets": [
                    targets.log_store_target(
                        "log-store", region, account_id, project, store, role.role_name
                    )
                ],
            },
            self,
        )
        self.rule_name = rule.rule_name
        self.role_name = role.role_name
        self.register_outputs({"rule_name": self.rule_name, "role_name": self.role_name})
