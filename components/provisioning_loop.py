"""The whole loop: from an approval in a chat to an account on an instance and back to the chat."""

from typing import NotRequired, TypedDict

import pulumi

from components.chat_deliveries import ChatDeliveries
from components.chat_delivery import ChatArgs
from components.cloud_assistant_command import CloudAssistantCommand, sha256
from components.dead_letter_queue import DeadLetterQueue
from components.event_archive import EventArchive
from components.event_intake import EventIntake, HttpSourceArgs
from components.log_stores import LogStores
from components.loop_document import RoleInstancesArgs, SourceArgs, loop_document
from components.names import RetryStrategy
from components.onboarding_route import OnboardingArgs, OnboardingRoute
from components.outputs import together
from components.request_route import RequestRoute, RequestRouteArgs
from components.result_route import ResultRoute
from components.service_linked_roles import ServiceLinkedRoles
from components.site import SiteArgs


class ProvisioningLoopArgs(TypedDict):
    """What a caller says about a :class:`ProvisioningLoop`."""

    region: str
    """Id of the region."""
    account_id: str
    """Id of the account."""
    name_prefix: str
    """Beginning of every physical name."""
    bus_description: str
    """Shown in the console."""
    protect_bus: NotRequired[bool]
    """True: Pulumi refuses to delete the bus and its sources."""
    sources: list[SourceArgs]
    """The sources of approvals."""
    chats: list[ChatArgs]
    """The chats that hear results; two rules each, so at most 23 on a bus."""
    default_chat: str
    """The chat that hears of runs started by hand."""
    roles: list[RoleInstancesArgs]
    """The roles that may be asked for, and where each is provisioned."""
    provision_script: str
    """The rendered script that gives a role."""
    deprovision_script: str
    """The rendered script that takes it back."""
    command_timeout_seconds: int
    """Seconds until a run is ended."""
    command_working_directory: str
    """Where the script starts on an instance."""
    max_parallel_requests: NotRequired[int]
    """How many requests are started at the same time. No limit of its own if left out."""
    stale_after_seconds: int
    """Seconds after which a request is too old to be carried out."""
    onboarding: NotRequired[OnboardingArgs]
    """The route of new members. None if left out."""
    log_project: str
    """Name of the SLS project, unique over all accounts of the region."""
    archive_days: int
    """Days that events are kept."""
    function_logs_days: int
    """Days that the functions' logs are kept."""
    dead_letters_seconds: int
    """Seconds that an undeliverable event waits, at most 604800."""
    retry: RetryStrategy
    """What happens when a target fails."""
    service_linked_roles: NotRequired[bool]
    """True: make EventBridge's service-linked roles, which an account has once."""
    tags: dict[str, str]
    """Tags on everything that takes tags."""


class ProvisioningLoop(pulumi.ComponentResource):
    """Everything of the loop, wired; each part is a component that decides its own things."""

    bus_name: pulumi.Output[str]
    """The event bus."""
    webhooks: pulumi.Output[dict[str, str]]
    """Source name -> URL to which its platform posts; secret."""
    command_id: pulumi.Output[str]
    """The command that gives a role."""
    deprovision_command_id: pulumi.Output[str]
    """The command that takes it back."""
    functions: pulumi.Output[dict[str, str]]
    """What it does -> name of the function in Function Compute."""
    dead_letter_queue: pulumi.Output[str]
    """The queue of events that no target accepted."""
    log_project: pulumi.Output[str]
    """The SLS project with the stores events and functions."""

    def __init__(
        self, name: str, args: ProvisioningLoopArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ProvisioningLoop", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        if args.get("service_linked_roles"):
            # First of all: a rule may only be made once EventBridge may call its target.
            linked = ServiceLinkedRoles(f"{name}-service-linked", {}, opts=child)
            child = pulumi.ResourceOptions(parent=self, depends_on=[linked])

        intake = EventIntake(
            f"{name}-intake",
            {
                "bus_name": args["name_prefix"],
                "description": args["bus_description"],
                "sources": _http_sources(args),
                "protect": args.get("protect_bus", False),
            },
            opts=child,
        )
        logs = LogStores(
            f"{name}-logs",
            {
                "project_name": args["log_project"],
                "archive_days": args["archive_days"],
                "function_logs_days": args["function_logs_days"],
                "tags": args["tags"],
            },
            opts=child,
        )
        dead_letters = DeadLetterQueue(
            f"{name}-dead-letters",
            {
                "queue_name": f"{args['name_prefix']}-dead-letters",
                "region": args["region"],
                "account_id": args["account_id"],
                "retention_seconds": args["dead_letters_seconds"],
                "tags": args["tags"],
            },
            opts=child,
        )
        site: SiteArgs = {
            "region": args["region"],
            "account_id": args["account_id"],
            "name_prefix": args["name_prefix"],
            "bus_name": intake.bus_name,
            "log_project": logs.project_name,
            "events_store": logs.events_store,
            "functions_store": logs.functions_store,
            "retry": args["retry"],
            "dead_letter_arn": dead_letters.arn,
            "tags": args["tags"],
        }
        EventArchive(f"{name}-archive", {"site": site}, opts=child)

        prefixes = {a: f"{args['name_prefix']}-{a}-" for a in ("provision", "deprovision")}
        scripts = {
            "provision": args["provision_script"],
            "deprovision": args["deprovision_script"],
        }
        commands = {
            action: CloudAssistantCommand(
                f"{name}-{action}",
                {
                    "name_prefix": prefixes[action],
                    "script": script,
                    "description": f"{action.capitalize()} an employee's role",
                    "timeout_seconds": args["command_timeout_seconds"],
                    "working_directory": args["command_working_directory"],
                },
                opts=child,
            )
            for action, script in scripts.items()
        }
        document = loop_document(
            args["name_prefix"],
            args["sources"],
            args["chats"],
            args["default_chat"],
            args["roles"],
            args["stale_after_seconds"],
            sha256(args["provision_script"]),
        )
        request_args: RequestRouteArgs = {
            "site": site,
            "sources": args["sources"],
            "roles": args["roles"],
            "command_id": commands["provision"].command_id,
            "deprovision_command_id": commands["deprovision"].command_id,
            "timeout_seconds": args["command_timeout_seconds"],
            "document": document,
        }
        if "max_parallel_requests" in args:
            request_args["max_parallel_requests"] = args["max_parallel_requests"]
        requests = RequestRoute(f"{name}-requests", request_args, opts=child)
        results = ResultRoute(
            f"{name}-results",
            {
                "site": site,
                "command_name_prefixes": list(prefixes.values()),
                "document": document,
            },
            opts=child,
        )
        chats = ChatDeliveries(f"{name}-chats", {"site": site, "chats": args["chats"]}, opts=child)
        functions: dict[str, pulumi.Output[str]] = {
            "run-command": requests.function_name,
            "publish-result": results.function_name,
        }
        if "onboarding" in args:
            onboarding = OnboardingRoute(
                f"{name}-onboarding",
                {"site": site, "onboarding": args["onboarding"]},
                opts=child,
            )
            functions["call-http-api"] = onboarding.function_name

        self.bus_name = intake.bus_name
        self.webhooks = intake.webhooks
        self.command_id = commands["provision"].command_id
        self.deprovision_command_id = commands["deprovision"].command_id
        self.functions = pulumi.Output.all(together(functions), chats.functions).apply(
            lambda parts: {**parts[0], **parts[1]}
        )
        self.dead_letter_queue = dead_letters.queue_name
        self.log_project = logs.project_name
        self.register_outputs(
            {
                "bus_name": self.bus_name,
                "webhooks": self.webhooks,
                "command_id": self.command_id,
                "deprovision_command_id": self.deprovision_command_id,
                "functions": self.functions,
                "dead_letter_queue": self.dead_letter_queue,
                "log_project": self.log_project,
            }
        )


def _http_sources(args: ProvisioningLoopArgs) -> list[HttpSourceArgs]:
    """Give every source of the bus: approvals, and new members if the settings say so."""
    doors: list[tuple[str, SourceArgs | OnboardingArgs]] = [
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
