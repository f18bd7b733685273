"""The whole loop: from an approval in a chat to an account on an instance and back to the chat."""

from typing import NotRequired, TypedDict

import pulumi

from components import contradictions, defaults
from components.arguments import check
from components.chat_deliveries import ChatDeliveries
from components.chat_delivery import Chat
from components.cloud_assistant_command import CloudAssistantCommand
from components.command_scripts import Scripts, scripts
from components.dead_letter_queue import DeadLetterQueue
from components.error_alarms import ErrorAlarms, ErrorAlarmsArgs
from components.event_archive import EventArchive
from components.event_intake import EventIntake, HttpSourceArgs
from components.log_stores import LogStores
from components.loop_context import LoopContext
from components.loop_document import RoleInstances, Source, instance_ids, loop_document
from components.message_queue import message_queue
from components.names import FunctionDelivery, Number, RetryStrategy
from components.native_approvals import (
    Native,
    NativeApprovals,
    NativeApprovalsArgs,
    bus_name,
)
from components.onboarding_route import Onboarding, OnboardingRoute, OnboardingRouteArgs
from components.request_route import RequestRoute, RequestRouteArgs
from components.result_route import ResultRoute
from components.service_linked_roles import ServiceLinkedRoles
from components.watcher import Watcher, WatcherArgs


class Bus(TypedDict):
    """The event bus."""

    description: NotRequired[pulumi.Input[str]]
    """Shown in the console."""
    protect: NotRequired[bool]
    """True: Pulumi refuses to delete the bus, its sources, the log project and the dead-letter
    queue. False if left out."""


class Command(TypedDict):
    """How Cloud Assistant runs the scripts."""

    timeout_seconds: NotRequired[Number]
    """Seconds until a run is ended. 300 if left out."""
    working_directory: NotRequired[pulumi.Input[str]]
    """Where the script starts on an instance. /root if left out."""
    max_parallel_requests: NotRequired[Number]
    """How many requests are started at the same time. No limit if left out."""


class Retention(TypedDict):
    """How long things are kept."""

    dead_letters_seconds: NotRequired[Number]
    """Seconds that an undeliverable event waits, at most 604800. Four days if left out."""
    archive_days: NotRequired[Number]
    """Days that events are kept. 30 if left out."""
    function_logs_days: NotRequired[Number]
    """Days that the functions' logs are kept. 14 if left out."""


class Alarms(TypedDict):
    """Who hears what nobody else was told of."""

    chat: str
    """Name of the chat of those who operate the loop; best one that no request names."""
    contact_groups: NotRequired[list[pulumi.Input[str]]]
    """Names of CloudMonitor's contact groups, which hear of each error of a function. None if left
    out."""
    robot: NotRequired[pulumi.Input[str]]
    """Webhook of a DingTalk robot with keyword security, to which CloudMonitor posts the same; a
    secret. None if left out."""


class ProvisioningLoopArgs(TypedDict):
    """The arguments of :class:`ProvisioningLoop`."""

    region: pulumi.Input[str]
    """Id of the region, such as cn-hangzhou."""
    account_id: pulumi.Input[str]
    """Id of the account."""
    sources: list[Source]
    """The sources of approvals."""
    chats: list[Chat]
    """The chats that hear results. Those with delivery webhook take two rules each, so at most
    23 of them fit on a bus; the function serves any number of others."""
    roles: list[RoleInstances]
    """The roles that may be asked for, and where each is provisioned."""
    name_prefix: NotRequired[str]
    """Beginning of every physical name. The component's name if left out."""
    default_chat: NotRequired[str]
    """The chat that hears of runs started by hand. The first one if left out."""
    guide: NotRequired[str]
    """URL of a page on how to log in for the first time, to which messages link. No link if left
    out."""
    catalogue: NotRequired[pulumi.Input[str]]
    """What each role gives, as YAML. The catalogue that comes with the package if left out."""
    scripts: NotRequired[Scripts]
    """Scripts of the caller's own. Rendered from the catalogue if left out."""
    bus: NotRequired[Bus]
    """The event bus."""
    command: NotRequired[Command]
    """How Cloud Assistant runs the scripts."""
    stale_after_seconds: NotRequired[Number]
    """Seconds after which a request is too old to be carried out. One day if left out."""
    onboarding: NotRequired[Onboarding]
    """The route of new members. None if left out."""
    native: NotRequired[Native]
    """The native approvals of DingTalk and Lark. None if left out."""
    alarms: NotRequired[Alarms]
    """Who hears of dead letters, of requests without a result, of removals that stay open, and of
    the functions' errors. Nobody if left out."""
    log_project: NotRequired[pulumi.Input[str]]
    """Name of the SLS project, unique over all accounts of the region. <name_prefix>-logs if left
    out."""
    retention: NotRequired[Retention]
    """How long things are kept."""
    retry: NotRequired[RetryStrategy]
    """What happens when a target fails. BACKOFF_RETRY if left out."""
    function_delivery: NotRequired[FunctionDelivery]
    """How events reach the functions. QUEUE if left out: rules put events into the functions'
    queues and call them to look there. STREAM: a stream of Function Compute calls them instead.
    DIRECT: rules call them with the event, which an internal error of Function Compute can lose."""
    service_linked_roles: NotRequired[bool]
    """True: make EventBridge's service-linked roles, which an account has once; those that it has
    already are taken into the state. False if left out."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on everything that takes tags."""


class ProvisioningLoop(pulumi.ComponentResource):
    """Everything of the loop, wired; each part is a component that decides its own things."""

    bus_name: pulumi.Output[str]
    """The event bus."""
    webhooks: pulumi.Output[dict[str, str]]
    """Source name -> URL to which its platform posts; secret."""
    approval_urls: pulumi.Output[dict[str, str]]
    """Native source -> URL for its platform's console; empty without native approvals."""
    command_id: pulumi.Output[str]
    """The command that grants a role."""
    deprovision_command_id: pulumi.Output[str]
    """The command that revokes it."""
    functions: pulumi.Output[dict[str, str]]
    """What it does -> name of the function in Function Compute."""
    dead_letter_queue: pulumi.Output[str]
    """The queue of events that no target accepted."""
    log_project: pulumi.Output[str]
    """The SLS project with the stores events and functions."""
    instance_ids: pulumi.Output[list[str]]
    """The instances that roles name."""

    def __init__(
        self, name: str, args: ProvisioningLoopArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check("ProvisioningLoop", name, args, ProvisioningLoopArgs)
        default_chat = contradictions.default_chat(args.get("default_chat"), args["chats"])
        contradictions.check(
            name,
            default_chat,
            args["sources"],
            args["chats"],
            args["roles"],
            args.get("onboarding"),
            args["alarms"]["chat"] if "alarms" in args else None,
            args["native"]["sources"] if "native" in args else (),
        )
        roles = [role["role"] for role in args["roles"]]
        texts = scripts(name, args.get("scripts", Scripts()), roles, args.get("catalogue"))
        super().__init__("provisioning:index:ProvisioningLoop", name, {}, opts)
        prefix, tags = args.get("name_prefix", name), args.get("tags", {})
        bus, command, retention = (
            args.get("bus", Bus()),
            args.get("command", Command()),
            args.get("retention", Retention()),
        )
        child = pulumi.ResourceOptions(parent=self)
        if args.get("service_linked_roles"):
            # First of all: a rule may only be made once EventBridge may call its target.
            linked = ServiceLinkedRoles(f"{name}-service-linked", {}, opts=child)
            child = pulumi.ResourceOptions(parent=self, depends_on=[linked])

        sources = _http_sources(args)
        protect = bus.get("protect", False)
        intake = EventIntake(
            f"{name}-intake",
            {
                "bus_name": prefix,
                "description": bus.get("description", defaults.BUS_DESCRIPTION),
                "sources": sources,
                "protect": protect,
            },
            opts=child,
        )
        logs = LogStores(
            f"{name}-logs",
            {
                "project_name": args.get("log_project", f"{prefix}-logs"),
                "archive_days": retention.get("archive_days", defaults.ARCHIVE_DAYS),
                "function_logs_days": retention.get(
                    "function_logs_days", defaults.FUNCTION_LOGS_DAYS
                ),
                "protect": protect,
                "tags": tags,
            },
            opts=child,
        )
        dead_letters = DeadLetterQueue(
            f"{name}-dead-letters",
            {
                "queue_name": f"{prefix}-dead-letters",
                "region": args["region"],
                "account_id": args["account_id"],
                "retention_seconds": retention.get(
                    "dead_letters_seconds", defaults.DEAD_LETTERS_SECONDS
                ),
                "protect": protect,
                "tags": tags,
            },
            opts=child,
        )
        context: LoopContext = {
            "region": args["region"],
            "account_id": args["account_id"],
            "name_prefix": prefix,
            "bus_name": intake.bus_name,
            "log_project": logs.project_name,
            "events_store": logs.events_store,
            "functions_store": logs.functions_store,
            "retry": args.get("retry", defaults.RETRY),
            "function_delivery": args.get("function_delivery", defaults.FUNCTION_DELIVERY),
            "dead_letter_arn": dead_letters.arn,
            "dead_letter_queue": dead_letters.queue_name,
            "tags": tags,
        }
        if "alarms" in args:
            notes = message_queue(
                f"{name}-notes",
                {
                    "queue_name": f"{prefix}-watch",
                    "retention_seconds": defaults.LONGEST_RETENTION_SECONDS,
                    # Longer than a call of the watcher, and over when the next one begins.
                    "visibility_seconds": defaults.WATCH_FUNCTION_SECONDS + 5,
                    "tags": tags,
                },
                self,
            )
            context["watch_queue"] = notes.queue_name
        archive = EventArchive(
            f"{name}-archive",
            {"context": context, "sources": [source["name"] for source in sources]},
            opts=child,
        )

        timeout_seconds = command.get("timeout_seconds", defaults.COMMAND_TIMEOUT_SECONDS)
        prefixes = {a: f"{prefix}-{a}-" for a in ("provision", "deprovision")}
        commands = {
            action: CloudAssistantCommand(
                f"{name}-{action}",
                {
                    "name_prefix": prefixes[action],
                    "script": script,
                    "description": f"{action.capitalize()} an employee's role",
                    "timeout_seconds": timeout_seconds,
                    "working_directory": command.get(
                        "working_directory", defaults.WORKING_DIRECTORY
                    ),
                },
                opts=child,
            )
            for action, script in texts.items()
        }
        document = loop_document(
            prefix,
            args["sources"],
            args["chats"],
            default_chat,
            args["roles"],
            args.get("stale_after_seconds", defaults.STALE_AFTER_SECONDS),
            commands["provision"].script_sha256,
            args.get("guide", ""),
            args["native"]["sources"] if "native" in args else (),
            bus_name(prefix),
        )
        request_args: RequestRouteArgs = {
            "context": context,
            "sources": args["sources"],
            "roles": args["roles"],
            "command_id": commands["provision"].command_id,
            "deprovision_command_id": commands["deprovision"].command_id,
            "command_versions": [command.version for command in commands.values()],
            "timeout_seconds": timeout_seconds,
            "document": document,
        }
        if "max_parallel_requests" in command:
            request_args["max_parallel_requests"] = command["max_parallel_requests"]
        requests = RequestRoute(f"{name}-requests", request_args, opts=child)
        results = ResultRoute(
            f"{name}-results",
            {
                "context": context,
                "command_name_prefixes": list(prefixes.values()),
                "document": document,
            },
            opts=child,
        )
        chats = ChatDeliveries(
            f"{name}-chats",
            {"context": context, "chats": args["chats"], "document": document},
            opts=child,
        )
        functions: dict[str, pulumi.Output[str]] = {
            "run-command": requests.function_name,
            "publish-result": results.function_name,
        }
        onboarding = _onboarding(name, context, args, functions, child)
        self.approval_urls = _native(
            name, context, args, archive, requests, onboarding, functions, child
        )
        if "alarms" in args:
            functions["watch"] = _watcher(name, context, args, chats, child)

        self.bus_name = intake.bus_name
        self.webhooks = intake.webhooks
        self.command_id = commands["provision"].command_id
        self.deprovision_command_id = commands["deprovision"].command_id
        self.functions = pulumi.Output.all(pulumi.Output.all(**functions), chats.functions).apply(
            lambda parts: {**parts[0], **parts[1]}
        )
        if "alarms" in args:
            self._error_alarms(name, prefix, args, child)
        self.dead_letter_queue = dead_letters.queue_name
        self.log_project = logs.project_name
        self.instance_ids = instance_ids(args["roles"])
        self.register_outputs(
            {
                "bus_name": self.bus_name,
                "webhooks": self.webhooks,
                "approval_urls": self.approval_urls,
                "command_id": self.command_id,
                "deprovision_command_id": self.deprovision_command_id,
                "functions": self.functions,
                "dead_letter_queue": self.dead_letter_queue,
                "log_project": self.log_project,
                "instance_ids": self.instance_ids,
            }
        )

    def _error_alarms(
        self, name: str, prefix: str, args: ProvisioningLoopArgs, opts: pulumi.ResourceOptions
    ) -> None:
        alarms = args["alarms"]
        if not (alarms.get("contact_groups") or "robot" in alarms):
            return
        given: ErrorAlarmsArgs = {
            "region": args["region"],
            "account_id": args["account_id"],
            "name_prefix": prefix,
            "functions": self.functions,
            "contact_groups": alarms.get("contact_groups", []),
        }
        if "robot" in alarms:
            given["robot"] = alarms["robot"]
        ErrorAlarms(f"{name}-errors", given, opts=opts)


def _watcher(
    name: str,
    context: LoopContext,
    args: ProvisioningLoopArgs,
    chats: ChatDeliveries,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Make the function watch; return its name."""
    chat = next(c for c in args["chats"] if c["name"] == args["alarms"]["chat"])
    given: WatcherArgs = {"context": context, "chat": chat}
    if chats.waiting:
        given["chat_queue"] = chats.waiting.queue_name
    return Watcher(f"{name}-watcher", given, opts=opts).function_name


def _onboarding(
    name: str,
    context: LoopContext,
    args: ProvisioningLoopArgs,
    functions: dict[str, pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> OnboardingRoute | None:
    """Make the onboarding route, if there is one; native members come to it as well."""
    if "onboarding" not in args:
        return None
    given: OnboardingRouteArgs = {"context": context, "onboarding": args["onboarding"]}
    if "native" in args and any(s.get("members") for s in args["native"]["sources"]):
        given["approvals_bus"] = bus_name(context["name_prefix"])
    route = OnboardingRoute(f"{name}-onboarding", given, opts=opts)
    functions["call-http-api"] = route.function_name
    return route


def _native(
    name: str,
    context: LoopContext,
    args: ProvisioningLoopArgs,
    archive: EventArchive,
    requests: RequestRoute,
    onboarding: OnboardingRoute | None,
    functions: dict[str, pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[dict[str, str]]:
    """Connect the native approvals, if there are any; return their URLs."""
    if "native" not in args:
        return pulumi.Output.from_input({})
    given: NativeApprovalsArgs = {
        "context": context,
        "native": args["native"],
        "requests": requests.targets,
        "archive_role": archive.role_name,
        "stale_after_seconds": args.get("stale_after_seconds", defaults.STALE_AFTER_SECONDS),
        "protect": args.get("bus", Bus()).get("protect", False),
    }
    if onboarding:
        given["members"] = onboarding.targets
    native = NativeApprovals(f"{name}-native", given, opts=opts)
    functions["receive-approval"] = native.function_name
    return native.urls


def _http_sources(args: ProvisioningLoopArgs) -> list[HttpSourceArgs]:
    """Return every source of the bus: approvals, and new members if the settings say so."""
    doors: list[tuple[str, Source | Onboarding]] = [
        (source["name"], source) for source in args["sources"]
    ]
    if "onboarding" in args:
        doors.append((args["onboarding"]["source"], args["onboarding"]))
    return [
        {
            "name": name,
            "description": f"Webhook of {name}",
            "allowed_ips": door.get("allowed_ips", []),
            "allowed_referers": door.get("allowed_referers", []),
        }
        for name, door in doors
    ]
