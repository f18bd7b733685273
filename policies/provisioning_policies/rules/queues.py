"""Rules about what waits: queues, the functions that read them, and calls that are made later."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from provisioning_policies import facts, tokens
from provisioning_policies.documents import Unreadable, mapping, read_object
from provisioning_policies.rule import (
    Level,
    Messages,
    Option,
    Options,
    Resource,
    StackMessages,
    rule,
    stack_rule,
)
from provisioning_policies.targets import label, parameters_of, queue_name, targets_of
from provisioning_policies.unknown import is_any
from provisioning_policies.ways import (
    called_by_itself,
    fills,
    made,
    of_type,
    prolongs,
    readers_of,
    runs_commands,
    works_off,
)

_DAY = 86_400
_QUEUE_NAME = re.compile(r"[\w-]{1,120}", re.ASCII)
# What the cloud does if nothing is set.
_RETENTION_DEFAULT_SECONDS = 345_600
_VISIBILITY_DEFAULT_SECONDS = 30
_TIMEOUT_DEFAULT_SECONDS = 3


@stack_rule(
    "queue-retention",
    "A dead letter waits until somebody can have looked at it",
    reason=(
        "The queue deletes a message at the end of its time, read or not. What fails on the eve of "
        "a long weekend must still be there afterwards."
    ),
    remedy="Raise messageRetentionPeriod; 604800 (seven days) is the most.",
    source=facts.QUEUE_RESOURCE,
    options=[
        Option("minimumSeconds", "shortest time in seconds", default=_DAY, production=4 * _DAY)
    ],
)
def queue_retention(stack: Sequence[Resource], options: Options) -> StackMessages:
    """Look at the retention time of the queues to which dead letters go."""
    named = set(_dead_letter_queues(stack))
    for queue in of_type(stack, tokens.QUEUE):
        if queue.props.get("queueName") not in named:
            continue
        seconds = queue.props.get("messageRetentionPeriod")
        seconds = _RETENTION_DEFAULT_SECONDS if seconds is None else seconds
        if seconds < options["minimumSeconds"]:
            yield (
                queue,
                f"messages are kept for {seconds:g} s; keep them for "
                f"{options['minimumSeconds']:g} s or longer",
            )


def _dead_letter_queues(stack: Sequence[Resource]) -> Iterator[str]:
    """Yield the names of the queues to which rules, calls and functions give what failed."""
    for event_rule in of_type(stack, tokens.EVENT_RULE):
        for target in targets_of(event_rule):
            yield queue_name(mapping(target.get("deadLetterQueue")).get("arn")) or ""
    for config in of_type(stack, tokens.ASYNC_CONFIG):
        destinations = mapping(config.props.get("destinationConfig"))
        yield queue_name(mapping(destinations.get("onFailure")).get("destination")) or ""
    for function in of_type(stack, tokens.FUNCTION):
        variables = mapping(function.props.get("environmentVariables"))
        yield str(variables["DEAD_LETTER_QUEUE"]) if "DEAD_LETTER_QUEUE" in variables else ""


@stack_rule(
    "queue-reader-called",
    "Whoever reads a queue is also called when nothing arrives",
    reason=(
        "A call that an event makes can be refused or lost, and a message that was put back or "
        "sent with a delay makes none: nobody looks at it before the next one arrives, and after "
        "the retention time it is gone."
    ),
    remedy="Give the function a timer trigger, or let a trigger of the queue call it.",
    source=facts.QUEUE_RESOURCE,
)
def queue_reader_called(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for queues that this stack fills and a function of it reads without a timer."""
    for queue in of_type(stack, tokens.QUEUE):
        name = str(queue.props.get("queueName"))
        readers = readers_of(stack, name)
        if not readers or not fills(stack, name):
            continue
        if not is_any(readers, partial(called_by_itself, stack, name)):
            names = ", ".join(f"'{reader.props.get('functionName')}'" for reader in readers)
            yield queue, f"no timer calls {names}, which reads what this stack puts into the queue"


@stack_rule(
    "queue-visibility",
    "A message stays hidden for as long as its reader works on it",
    reason=(
        "A message that was received and not deleted comes again when its time is over. If the "
        "function still works on it then, it is done twice."
    ),
    remedy=(
        "Raise visibilityTimeout to the function's timeout or more, or let the function hide the "
        "message for longer while it works (mns:ChangeMessageVisibility)."
    ),
    source=facts.QUEUE_RESOURCE,
)
def queue_visibility(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Compare the time with that of each function that may delete messages and not prolong it."""
    for queue in of_type(stack, tokens.QUEUE):
        hidden = queue.props.get("visibilityTimeout")
        hidden = _VISIBILITY_DEFAULT_SECONDS if hidden is None else hidden
        name = str(queue.props.get("queueName"))
        for reader in readers_of(stack, name):
            if prolongs(stack, reader, name) or not works_off(stack, reader, name):
                continue
            timeout = reader.props.get("timeout")
            timeout = _TIMEOUT_DEFAULT_SECONDS if timeout is None else timeout
            if hidden < timeout:
                yield (
                    queue,
                    f"a message is hidden for {hidden:g} s, and function "
                    f"'{reader.props.get('functionName')}' may take {timeout:g} s",
                )


@stack_rule(
    "target-queue-exists",
    "Every rule puts events into a queue of this stack",
    reason=(
        "A wrong name is not noticed when the rule is created: after all attempts each event is a "
        "dead letter."
    ),
    remedy="Make the queue in the same program, or exempt the rule and say who makes it.",
    source=facts.EVENTBRIDGE_TARGETS,
)
def target_queue_exists(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for the queues that targets name, in the endpoint and in the parameter."""
    for event_rule in of_type(stack, tokens.EVENT_RULE):
        for target in targets_of(event_rule):
            if target.get("type") != "acs.mns.queue":
                continue
            given = {p.get("resourceKey"): p.get("value") for p in parameters_of(target)}
            for name in {queue_name(target.get("endpoint")) or "", str(given.get("queue"))}:
                if not _QUEUE_NAME.fullmatch(name):
                    # Whatever stands there instead may be a secret.
                    yield event_rule, f"{label(target)} names no queue"
                elif not made(stack, tokens.QUEUE, "queueName", name):
                    yield (
                        event_rule,
                        f"{label(target)} puts events into queue '{name}', which this stack does "
                        "not create",
                    )


@stack_rule(
    "queued-command-gets-complete-event",
    "A function that runs commands reads complete events from its queue",
    reason=(
        "A part of an event (JSONPATH) or a text made of it (TEMPLATE) lacks the source, which "
        "only EventBridge sets. The function would have to believe what the sender wrote."
    ),
    remedy='Put events into the queue with the parameter Body in the form "ORIGINAL".',
    source=facts.EVENTBRIDGE_TARGETS,
)
def queued_command_gets_complete_event(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look at the Body of targets whose queue is read by a function that may start commands."""
    for event_rule in of_type(stack, tokens.EVENT_RULE):
        for target in targets_of(event_rule):
            name = queue_name(target.get("endpoint"))
            forms = {p.get("resourceKey"): p.get("form") for p in parameters_of(target)}
            form = forms.get("Body", "none")
            if not name or form == "ORIGINAL":
                continue
            for reader in readers_of(stack, name):
                if runs_commands(stack, reader):
                    yield (
                        event_rule,
                        f"{label(target)} gets its Body as {form} and is read by function "
                        f"'{reader.props.get('functionName')}', which runs commands; use ORIGINAL",
                    )


@rule(
    "trigger-on",
    "A timer is on and says when",
    on=[tokens.FUNCTION_TRIGGER],
    level=Level.EVERYWHERE,
    reason=(
        "A timer that is off, or whose configuration cannot be read, calls nobody, and nothing "
        "says so: what waits for it waits for ever."
    ),
    remedy='Set triggerConfig to JSON with "enable": true and a "cronExpression".',
    source=facts.FUNCTION_TIMER_TRIGGER,
)
def trigger_on(trigger: Resource, _: Options) -> Messages:
    """Read the configuration of timer triggers."""
    if trigger.props.get("triggerType") != "timer":
        return
    try:
        config = read_object(trigger.props.get("triggerConfig"))
    except Unreadable as problem:
        yield f"the configuration of the timer {problem}"
        return
    if config.get("enable") is not True:
        yield "the timer is off; set enable to true"
    if not str(config.get("cronExpression") or "").strip():
        yield 'the timer has no cronExpression, such as "@every 1m"'


@stack_rule(
    "trigger-function-exists",
    "Every trigger and asynchronous configuration is of a function of this stack",
    reason="One that names another function calls the wrong one, or fails half-way in the update.",
    remedy="Take the name from the function's output, or exempt it and say who makes the function.",
    source=facts.FUNCTION_TIMER_TRIGGER,
)
def trigger_function_exists(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for the functions that they name."""
    for resource in of_type(stack, tokens.FUNCTION_TRIGGER, tokens.ASYNC_CONFIG):
        name = str(resource.props.get("functionName"))
        if not made(stack, tokens.FUNCTION, "functionName", name):
            yield resource, f"it is of function '{name}', which this stack does not create"


@rule(
    "async-destinations-both",
    "An asynchronous configuration has both destinations or none",
    on=[tokens.ASYNC_CONFIG],
    level=Level.EVERYWHERE,
    reason=(
        "The provider sends the missing half empty, and Function Compute refuses it with "
        "InvalidDestinationResources, when the update has already begun."
    ),
    remedy="Set onSuccess and onFailure, or neither of them.",
    source=facts.FUNCTION_ASYNC,
)
def async_destinations_both(config: Resource, _: Options) -> Messages:
    """Look at the two halves of the destinations."""
    given = mapping(config.props.get("destinationConfig"))
    halves = {
        half: bool(mapping(given.get(half)).get("destination"))
        for half in ("onFailure", "onSuccess")
    }
    if len(set(halves.values())) > 1:
        alone = next(half for half, is_set in halves.items() if is_set)
        yield f"only {alone} is set, which the cloud refuses; set both or none"


@rule(
    "alarm-heard",
    "An alarm is on and somebody hears it",
    on=[tokens.ALARM],
    reason="An alarm without a group of contacts, or one that is off, is silence that looks calm.",
    remedy="Set enabled to true, and contactGroups to a group that has contacts.",
    source=facts.ALARM_RESOURCE,
)
def alarm_heard(alarm: Resource, _: Options) -> Messages:
    """Look at whether it is on, and at its groups of contacts."""
    if alarm.props.get("enabled") is False:
        yield "the alarm is off; set enabled to true"
    if not alarm.props.get("contactGroups"):
        yield "the alarm has no contactGroups, so nobody hears it"


RULES = (
    queue_retention,
    queue_reader_called,
    queue_visibility,
    target_queue_exists,
    queued_command_gets_complete_event,
    trigger_on,
    trigger_function_exists,
    async_destinations_both,
    alarm_heard,
)
