"""CloudMonitor's alarms on the functions' errors: a second witness, which runs none of our code.

Its defaults would hide a single error: an average over five minutes, three times in a row, and
then silence for a day ("Create an alert rule", CloudMonitor; the provider's page of the alarm).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.names import Text

_METRICS = {
    # The handler raised, or did not end in time.
    "function-errors": "FunctionFunctionErrors",
    # Function Compute itself failed.
    "server-errors": "FunctionServerErrors",
}
"""Of the namespace acs_fc ("Monitoring data", Function Compute 3.0). Throttling is none of them:
post-to-chat runs alone by design, and further wakes are refused."""
_PERIOD_SECONDS = 60
_SILENCE_SECONDS = 300
"""The shortest that CloudMonitor takes."""


class ErrorAlarmsArgs(TypedDict):
    """The arguments of :class:`ErrorAlarms`."""

    region: Text
    """Id of the region."""
    account_id: Text
    """Id of the account."""
    name_prefix: str
    """Beginning of every physical name."""
    functions: pulumi.Input[dict[str, str]]
    """What it does -> name of the function."""
    contact_groups: NotRequired[list[pulumi.Input[str]]]
    """Names of CloudMonitor's contact groups that exist. None if left out."""
    robot: NotRequired[pulumi.Input[str]]
    """Webhook of a DingTalk robot with keyword security; a secret. None if left out."""


class ErrorAlarms(pulumi.ComponentResource):
    """Tell each error of a function within a minute or two."""

    def __init__(
        self, name: str, args: ErrorAlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ErrorAlarms", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        groups: list[pulumi.Input[str]] = list(args.get("contact_groups", []))
        if "robot" in args:
            groups.append(self._group(name, args["name_prefix"], args["robot"]))
        dimensions = pulumi.Output.all(args["region"], args["account_id"], args["functions"]).apply(
            lambda given: _dimensions(*given)
        )
        for kind, metric in _METRICS.items():
            alicloud.cms.Alarm(
                f"{name}-{kind}",
                name=f"{args['name_prefix']}-{kind}",
                project="acs_fc",
                metric=metric,
                metric_dimensions=pulumi.Output.json_dumps(dimensions),
                contact_groups=groups,
                period=_PERIOD_SECONDS,
                silence_time=_SILENCE_SECONDS,
                escalations_critical={
                    "statistics": "Value",
                    "comparison_operator": ">=",
                    "threshold": "1",
                    "times": 1,
                },
                opts=child,
            )
        self.register_outputs({})

    def _group(self, name: str, prefix: str, webhook: pulumi.Input[str]) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        contact = alicloud.cms.AlarmContact(
            f"{name}-robot",
            alarm_contact_name=f"{prefix}-robot",
            describe="Robot of those who operate the loop",
            channels_ding_web_hook=pulumi.Output.secret(webhook),
            opts=child,
        )
        group = alicloud.cms.AlarmContactGroup(
            f"{name}-group",
            alarm_contact_group_name=f"{prefix}-operators",
            contacts=[contact.alarm_contact_name],
            describe="Who operates the loop",
            opts=child,
        )
        return group.alarm_contact_group_name


def _dimensions(region: str, account_id: str, functions: dict[str, str]) -> list[dict[str, str]]:
    """Name the functions; those of 3.0 have an empty service."""
    return [
        {"userId": account_id, "region": region, "serviceName": "", "functionName": function}
        for function in sorted(functions.values())
    ]
