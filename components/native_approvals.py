"""The native approvals of DingTalk and Lark: one public URL, one function, a bus of its own."""

import json
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components import defaults, patterns, permissions, targets
from components.event_rule import event_rule
from components.function_delivery import event_targets, rule_name
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.names import ApprovalKind, Number, whole
from functions.receive_approval.declared import API, DIRECTORY, LOOK
from functions.request.fields import ACTIONS

_HTTP = {"authType": "anonymous", "methods": ["POST"], "disableURLInternet": False}
_TIMER = {"cronExpression": "@every 30m", "enable": True, "payload": "timer"}
_TYPES = {action: name for name, action in ACTIONS.items()}


class ApprovalDefinition(TypedDict):
    """One approval of a platform, and how its form becomes a request."""

    code: str
    """DingTalk's processCode, Lark's approval_code."""
    fields: dict[str, str]
    """Field of a request -> id or alias of the component that holds it."""
    action: NotRequired[str]
    """What it asks for: provision or deprovision. provision if left out."""
    constants: NotRequired[dict[str, str]]
    """Field of a request -> what it always is."""
    role_names: NotRequired[dict[str, str]]
    """What the form says -> role. The form says the role itself if left out."""


class NativeSource(TypedDict):
    """An app of DingTalk's or Lark's whose approvals are connected."""

    name: str
    """Name of the source, and path of its URL."""
    kind: ApprovalKind
    """Whose approvals they are."""
    app_id: str
    """DingTalk's AppKey, Lark's App ID."""
    tenant: str
    """DingTalk's CorpId, Lark's tenant_key."""
    app_secret: pulumi.Input[str]
    """The app's secret."""
    token: pulumi.Input[str]
    """DingTalk's signature token, Lark's Verification Token; a secret."""
    key: pulumi.Input[str]
    """DingTalk's EncodingAESKey, Lark's Encrypt Key; a secret."""
    definitions: list[ApprovalDefinition]
    """The approvals that lead to requests."""
    chat: NotRequired[str]
    """The chat that hears of requests which name no other. The default chat if left out."""
    api: NotRequired[str]
    """Where the platform is asked. Its host in China if left out."""
    directory: NotRequired[str]
    """Where DingTalk is asked about people. Its host in China if left out."""
    self_approval: NotRequired[bool]
    """True: who asks may approve. False if left out."""
    approvers: NotRequired[dict[str, list[str]]]
    """Role -> ids of those who may approve it. Anybody if left out."""
    two_approvers: NotRequired[list[str]]
    """Roles that two different people must approve. None if left out."""
    revocation: NotRequired[bool]
    """True: an approval that is revoked afterwards takes the role away. False if left out."""
    members: NotRequired[bool]
    """True: new members go the onboarding route. False if left out."""
    leavers: NotRequired[bool]
    """True: who leaves loses every role; emp_id is the platform's user id. False if left out."""
    look_back_days: NotRequired[Number]
    """How long ago an approval may have been started to be looked for. 3 if left out."""
    api_calls: NotRequired[Number]
    """How many calls a look for lost pushes may make. 500 if left out."""
    roles: NotRequired[list[pulumi.Input[str]]]
    """The roles that it may ask for. Every role if left out."""
    actions: NotRequired[list[pulumi.Input[str]]]
    """What it may ask for: ``provision``, ``deprovision``. Both if left out."""
    chats: NotRequired[list[pulumi.Input[str]]]
    """The chats that its requests may name. Every chat if left out."""


class Native(TypedDict):
    """The native approvals of a loop."""

    sources: list[NativeSource]
    """The apps whose approvals are connected."""
    ready_instances: NotRequired[Number]
    """How many instances of the function are kept ready, because the platforms wait for a second
    only. None if left out."""


class NativeApprovalsArgs(TypedDict):
    """The arguments of :class:`NativeApprovals`."""

    context: LoopContext
    """What it shares with the other parts."""
    native: Native
    """The sources."""
    requests: list[targets.TargetArgs]
    """Where requests go."""
    archive_role: pulumi.Input[str]
    """The role that may write to the archive."""
    stale_after_seconds: Number
    """Seconds after which a decision is too old to be carried out."""
    members: NotRequired[list[targets.TargetArgs]]
    """Where new members go. Nowhere if left out."""
    protect: NotRequired[bool]
    """True: Pulumi refuses to delete the bus. False if left out."""


def bus_name(prefix: str) -> str:
    """Return the name of the bus of a loop's native approvals."""
    return f"{prefix}-approvals"


class NativeApprovals(pulumi.ComponentResource):
    """Take what the platforms push, and hand over what they confirm.

    Its HTTP trigger is the one public door of a loop besides the webhooks: a platform can sign
    none of the ways in which Function Compute could ask for. Its bus has no event source, and the
    role of its function alone may write to it.
    """

    function_name: pulumi.Output[str]
    """The function receive-approval."""
    urls: pulumi.Output[dict[str, str]]
    """Source name -> URL that is entered in the platform's console."""

    def __init__(
        self, name: str, args: NativeApprovalsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:NativeApprovals", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        native = args["native"]
        bus = alicloud.eventbridge.EventBus(
            f"{name}-bus",
            event_bus_name=bus_name(args["context"]["name_prefix"]),
            description="Native approvals that their platform has confirmed",
            opts=pulumi.ResourceOptions(parent=self, protect=args.get("protect") or None),
        )
        context: LoopContext = {**args["context"], "bus_name": bus.event_bus_name}
        region, account_id = context["region"], context["account_id"]
        function = LoopFunction(
            f"{name}-receive-approval",
            {
                "context": context,
                "function": "receive-approval",
                "description": "Takes native approvals and confirms them at their platform",
                "environment": {
                    "NATIVE_SECRETS": pulumi.Output.secret(_secrets(native["sources"]))
                },
                "documents": {"NATIVE": _document(args, context)},
                "permissions": [
                    permissions.put_events(region, account_id, context["bus_name"]),
                    permissions.read_logs(
                        region, account_id, context["log_project"], context["events_store"]
                    ),
                ],
                "timeout_seconds": defaults.PATIENT_FUNCTION_SECONDS,
                # What cannot be confirmed now waits; what cannot at all is a dead letter.
                "event_queue": "approvals",
            },
            opts=child,
        )
        door = self._triggers(name, function.function_name)
        if "ready_instances" in native:
            alicloud.fc.V3ProvisionConfig(
                f"{name}-ready",
                function_name=function.function_name,
                qualifier="LATEST",
                target=whole(native["ready_instances"]),
                opts=child,
            )
        self._routes(name, args, context, function)
        self.function_name = function.function_name
        names = [source["name"] for source in native["sources"]]
        self.urls = door.http_trigger.apply(
            lambda found: {one: f"{_url(found).rstrip('/')}/{one}" for one in names}
        )
        self.register_outputs({"function_name": self.function_name, "urls": self.urls})

    def _triggers(self, name: str, function_name: pulumi.Output[str]) -> alicloud.fc.V3Trigger:
        """Make the timer and the public URL; return the latter."""
        made = {
            trigger: alicloud.fc.V3Trigger(
                f"{name}-{trigger}",
                function_name=function_name,
                trigger_name=trigger,
                trigger_type=kind,
                trigger_config=json.dumps(config),
                qualifier="LATEST",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for trigger, kind, config in ((LOOK, "timer", _TIMER), ("http", "http", _HTTP))
        }
        return made["http"]

    def _routes(
        self,
        name: str,
        args: NativeApprovalsArgs,
        context: LoopContext,
        function: LoopFunction,
    ) -> None:
        """Lead hints back to the function, requests to run-command, everything to the archive."""
        names = [source["name"] for source in args["native"]["sources"]]
        region, account_id = context["region"], context["account_id"]

        archive = targets.log_store_target(
            "log-store",
            region,
            account_id,
            context["log_project"],
            context["events_store"],
            args["archive_role"],
        )
        routes = {
            "confirm": (
                "What platforms push to the function that asks them",
                patterns.pushed(names),
                event_targets(name, context, function, self),
            ),
            "provision": (
                "Approvals to the function that runs the command",
                patterns.approved(names),
                args["requests"],
            ),
        }
        if "members" in args and any(s.get("members") for s in args["native"]["sources"]):
            routes["members"] = (
                "New members to the company's HTTP API",
                patterns.new_members(names),
                args["members"],
            )
        for rule, (description, pattern, called) in routes.items():
            event_rule(
                f"{name}-{rule}",
                {
                    "context": context,
                    "rule_name": rule_name(rule, context),
                    "replaced_after": True,
                    "description": description,
                    "pattern": pattern,
                    "targets": called,
                },
                self,
            )
        event_rule(
            f"{name}-archive",
            {
                "context": context,
                "rule_name": "archive",
                "description": "Every event of the bus to the log store",
                "pattern": patterns.from_sources(names),
                "targets": [archive],
            },
            self,
        )


def _url(found: Any) -> str:
    """Return the public URL of a trigger; in a preview it is still unknown."""
    url = (
        found.get("url_internet") or found.get("urlInternet")
        if isinstance(found, dict)
        else getattr(found, "url_internet", None)
    )
    return str(url or "")


def _secrets(sources: Sequence[NativeSource]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(
        {
            source["name"]: {
                "app_secret": source["app_secret"],
                "token": source["token"],
                "key": source["key"],
            }
            for source in sources
        }
    )


def _document(args: NativeApprovalsArgs, context: LoopContext) -> pulumi.Output[str]:
    """Write down what the function must know of the stack, without secrets."""
    return pulumi.Output.json_dumps(
        {
            "bus": bus_name(context["name_prefix"]),
            "stale_after_seconds": whole(args["stale_after_seconds"]),
            "log_project": context["log_project"],
            "log_store": context["events_store"],
            "sources": {source["name"]: _source(source) for source in args["native"]["sources"]},
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def _source(source: NativeSource) -> dict[str, Any]:
    kind = ApprovalKind(source["kind"])
    return {
        "kind": kind.value,
        "app_id": source["app_id"],
        "tenant": source["tenant"],
        "api": source.get("api", API[kind]),
        "directory": source.get("directory", DIRECTORY[kind]),
        "definitions": {
            one["code"]: {
                "action": _TYPES[one.get("action", "provision")],
                "fields": one["fields"],
                "constants": one.get("constants", {}),
                "role_names": one.get("role_names", {}),
            }
            for one in source["definitions"]
        },
        "self_approval": source.get("self_approval", False),
        "approvers": source.get("approvers", {}),
        "two_approvers": source.get("two_approvers", []),
        "revocation": source.get("revocation", False),
        "members": source.get("members", False),
        "leavers": source.get("leavers", False),
        "look_back_days": whole(source.get("look_back_days", defaults.LOOK_BACK_DAYS)),
        "api_calls": whole(source.get("api_calls", defaults.API_CALLS)),
    }
