"""One function of the loop, with the role under which it runs."""

import json
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components import defaults
from components.function_archive import build_base64
from components.loop_context import LoopContext
from components.message_queue import message_queue
from components.names import Number, whole
from components.permissions import Permission, receive_messages, send_messages, write_logs
from components.service_role import ServiceRole

_TIMEOUT_SECONDS = 60
_TIMER = {"cronExpression": "@every 1m", "enable": True, "payload": "timer"}


class AsyncCalls(TypedDict):
    """What becomes of calls that Function Compute accepts and makes later."""

    retries: int
    """How often a call is repeated after an error of the function, 0 to 8."""
    age_seconds: int
    """Seconds after which a call that waits is dropped, 1 to 86400."""


_KEPT: AsyncCalls = {"retries": 8, "age_seconds": 86_400}
"""The most that the cloud and the provider take: what is repeated is a function that died, as one
that keeps its events returns whatever becomes of them."""


class LoopFunctionArgs(TypedDict):
    """The arguments of :class:`LoopFunction`."""

    context: LoopContext
    """What it shares with the other parts."""
    function: str
    """What it is called in the loop, such as run-command; its code is functions/run_command."""
    description: str
    """Shown in the console."""
    environment: dict[str, pulumi.Input[str]]
    """Environment variables; a secret stays one in Pulumi's state."""
    documents: dict[str, pulumi.Input[str]]
    """Variables that can be long: one of more than 2 KB travels as a file of the archive."""
    permissions: list[Permission]
    """What it may call, besides writing its own log."""
    renewed_with: NotRequired[list[pulumi.Input[str]]]
    """Versions of what is in the permissions and is made anew whenever it changes; see
    ServiceRole."""
    timeout_seconds: NotRequired[Number]
    """Seconds until Function Compute ends a call. 60 if left out."""
    max_parallel_requests: NotRequired[Number]
    """How many calls run at the same time. No limit if left out."""
    asynchronous: NotRequired[AsyncCalls]
    """What becomes of asynchronous calls. Within a day three retries if left out, or eight for a
    function with an event queue."""
    event_queue: NotRequired[str]
    """What the queue of events that wait for it is called in the loop, such as requests; the
    variable EVENT_QUEUE. It is then also called once a minute, and buries. None if left out."""
    every_minute: NotRequired[bool]
    """True: it is also called once a minute. False if left out."""
    leaves_notes: NotRequired[bool]
    """True: it may leave notes for the watcher, if there is one, in the queue of the variable
    WATCH_QUEUE. False if left out."""
    buries: NotRequired[bool]
    """True: it may put into the dead-letter queue, by the variable DEAD_LETTER_QUEUE, what it
    gives up. False if left out."""


class LoopFunction(pulumi.ComponentResource):
    """Run a piece of the loop in Function Compute, allowed to do what it needs and nothing else."""

    function_name: pulumi.Output[str]
    """The function's name."""
    role_name: pulumi.Output[str]
    """The name of its role."""
    event_queue: pulumi.Output[str]
    """The queue of events that wait for it; empty if it has none."""

    def __init__(
        self, name: str, args: LoopFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:LoopFunction", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = args["context"]
        function_name = f"{context['name_prefix']}-{args['function']}"
        project, store = context["log_project"], context["functions_store"]
        own, environment = list(args["permissions"]), {**args["environment"]}
        self.function = args["function"]
        self.event_queue = pulumi.Output.from_input("")
        if "event_queue" in args:
            self.event_queue = self._event_queue(name, args["event_queue"], args)
            where = (context["region"], context["account_id"], self.event_queue)
            own += [send_messages(*where), receive_messages(*where)]
            environment["EVENT_QUEUE"] = self.event_queue
        if args.get("buries") or "event_queue" in args:
            queue = context["dead_letter_queue"]
            own.append(send_messages(context["region"], context["account_id"], queue))
            environment["DEAD_LETTER_QUEUE"] = queue
        if args.get("leaves_notes") and "watch_queue" in context:
            queue = context["watch_queue"]
            own.append(send_messages(context["region"], context["account_id"], queue))
            environment["WATCH_QUEUE"] = queue
        role = ServiceRole(
            name,
            {
                "role_name": function_name,
                "service": "fc.aliyuncs.com",
                "description": args["description"],
                "permissions": [
                    *own,
                    write_logs(context["region"], context["account_id"], project, store),
                ],
                "renewed_with": args.get("renewed_with", []),
                "tags": context.get("tags", {}),
            },
            opts=child,
        )
        code = args["function"].replace("-", "_")
        documents = {
            name: pulumi.Output.from_input(text) for name, text in args["documents"].items()
        }
        function = alicloud.fc.V3Function(
            f"{name}-function",
            function_name=function_name,
            description=args["description"],
            runtime="python3.12",
            handler="index.handler",
            code={"zip_file": _files(documents).apply(lambda extra: build_base64(code, extra))},
            role=role.role_arn,
            # Each on its own: what is not known in a preview hides nothing but itself there.
            environment_variables={
                **environment,
                **{name: _variable(name, text) for name, text in documents.items()},
            },
            timeout=whole(args.get("timeout_seconds", _TIMEOUT_SECONDS)),
            # The smallest that starts quickly: CPU comes with memory, one core to 1 to 4 GB.
            memory_size=256,
            cpu=0.2,
            disk_size=512,
            log_config={
                "project": project,
                "logstore": store,
                "enable_request_metrics": True,
                "enable_instance_metrics": False,
                "log_begin_rule": "None",
            },
            tags=context.get("tags"),
            opts=child,
        )
        if "max_parallel_requests" in args:
            alicloud.fc.V3ConcurrencyConfig(
                f"{name}-concurrency",
                function_name=function.function_name,
                reserved_concurrency=whole(args["max_parallel_requests"]),
                opts=child,
            )
        calls = args.get("asynchronous", _KEPT if "event_queue" in args else None)
        if calls:
            # No destinations: the provider sends both halves, and the cloud refuses an empty one.
            alicloud.fc.V3AsyncInvokeConfig(
                f"{name}-asynchronous",
                function_name=function.function_name,
                max_async_retry_attempts=calls["retries"],
                max_async_event_age_in_seconds=calls["age_seconds"],
                opts=child,
            )
        if args.get("every_minute") or "event_queue" in args:
            alicloud.fc.V3Trigger(
                f"{name}-every-minute",
                function_name=function.function_name,
                trigger_name="every-minute",
                trigger_type="timer",
                trigger_config=json.dumps(_TIMER),
                qualifier="LATEST",
                opts=child,
            )
        self.function_name = function.function_name
        self.role_name = role.role_name
        self.register_outputs(
            {
                "function_name": self.function_name,
                "role_name": self.role_name,
                "event_queue": self.event_queue,
            }
        )

    def _event_queue(self, name: str, queue: str, args: LoopFunctionArgs) -> pulumi.Output[str]:
        """Make the queue of the events that wait for the function."""
        context = args["context"]
        timeout_seconds = whole(args.get("timeout_seconds", _TIMEOUT_SECONDS))
        return message_queue(
            f"{name}-events",
            {
                "queue_name": f"{context['name_prefix']}-{queue}",
                "retention_seconds": defaults.LONGEST_RETENTION_SECONDS,
                # Longer than a call of the function, which takes them one by one.
                "visibility_seconds": timeout_seconds.apply(lambda seconds: seconds + 60),
                "tags": context.get("tags", {}),
            },
            self,
        ).queue_name


# Function Compute takes 4 KB for all variables of a function together ("Configure environment
# variables"), so a long one is put into a file, and the variable says which.
_LONG_BYTES = 2048


def _variable(name: str, text: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return the variable of a document: the text, or ``@`` and the file that holds it."""
    return text.apply(lambda known: f"@{_file(name)}" if _is_long(known) else known)


def _files(documents: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[dict[str, str]]:
    """Return the files of the documents that are too long for a variable: name -> text.

    They are secret only if one of these is, and with them the whole archive: a preview can then no
    longer name the files that change.
    """
    found = pulumi.Output.all(*(_file_if_long(name, text) for name, text in documents.items()))
    return found.apply(lambda files: {name: text for file in files for name, text in file.items()})


def _file_if_long(name: str, text: pulumi.Output[str]) -> pulumi.Output[dict[str, str]]:
    file = text.apply(lambda text: {_file(name): text})
    return pulumi.Output.unsecret(text).apply(lambda known: file if _is_long(known) else {})


def _file(name: str) -> str:
    return f"{name.lower()}.json"


def _is_long(text: str) -> bool:
    return len(text.encode()) > _LONG_BYTES
