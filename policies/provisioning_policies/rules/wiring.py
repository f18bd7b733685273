"""Rules about a whole stack: what is wired to what, and what is left hanging.

In a preview of a new stack some values are not known yet. A rule then decides by those that are,
and raises if they do not decide.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from provisioning_policies import facts, tokens
from provisioning_policies.documents import json_object, mapping
from provisioning_policies.patterns import pattern_of
from provisioning_policies.rule import (
    Level,
    Option,
    Options,
    Resource,
    Source,
    StackMessages,
    stack_rule,
)
from provisioning_policies.rules.sources import http_parameters
from provisioning_policies.targets import (
    function_name,
    label,
    parameters_of,
    queue_name,
    targets_of,
)
from provisioning_policies.unknown import is_any
from provisioning_policies.ways import made, of_type, readers_of, runs_commands

_FINISHED = "ecs:CloudAssistant:TaskCompleted"


@stack_rule(
    "source-has-rule",
    "Every event source is named by a rule",
    reason=(
        "What is posted to such a source is accepted with HTTP 200 and then ignored: the approval "
        "flow reports success, and nothing happens."
    ),
    remedy="Add a rule whose pattern names the source, or remove the source.",
    source=facts.EVENTBRIDGE_PATTERN,
)
def source_has_rule(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for the source's name in the patterns of its bus.

    A rule that takes every source does not count, nor one that only writes to a log: that keeps
    what came and carries nothing out.
    """
    for source in of_type(stack, tokens.EVENT_SOURCE):
        name, bus = source.props["eventSourceName"], source.props["eventBusName"]

        def is_for(rule: Resource, name: str = name, bus: str = bus) -> bool:
            if rule.props["eventBusName"] != bus or _only_keeps(rule):
                return False
            pattern = pattern_of(rule)
            return bool(pattern and pattern.names_a_source and pattern.takes(name, "source"))

        if not is_any(of_type(stack, tokens.EVENT_RULE), is_for):
            yield source, f"no rule on bus '{bus}' names source '{name}'; what it gets is ignored"


def _only_keeps(rule: Resource) -> bool:
    return all(target.get("type") == "acs.sls" for target in rule.props["targets"])


@stack_rule(
    "source-guarded",
    "A webhook asks for more than its URL",
    level=Level.PRODUCTION_ONLY,
    reason=(
        "The URL is in the configuration of another platform, in its logs and in the browser "
        "history of whoever set it up. Alone it would let its finder approve anything. A list of "
        "referers does not protect, since a sender writes what it likes there."
    ),
    remedy=(
        "List the addresses that may post (securityConfig ip), or let the function that receives "
        "the events compare a secret, and give it that secret in the variable SOURCE_TOKENS "
        "(JSON: source -> secret)."
    ),
    source=facts.EVENTBRIDGE_HTTP_SOURCE,
    options=[
        Option(
            "tokenVariables",
            "variables of functions that hold JSON: source -> secret",
            default=["SOURCE_TOKENS"],
        )
    ],
)
def source_guarded(stack: Sequence[Resource], options: Options) -> StackMessages:
    """Look for a list of addresses, or for the source's secret in a function's variables."""
    for source in of_type(stack, tokens.EVENT_SOURCE):
        parameters = http_parameters(source)
        if not parameters or (parameters.get("securityConfig") == "ip" and parameters.get("ips")):
            continue
        name = source.props["eventSourceName"]

        def has_token(function: Resource, name: str = name) -> bool:
            variables = mapping(function.props.get("environmentVariables"))
            tables = [json_object(variables.get(key)) for key in options["tokenVariables"]]
            return any(bool((table or {}).get(name)) for table in tables)

        if not is_any(of_type(stack, tokens.FUNCTION), has_token):
            yield (
                source,
                f"whoever has the URL of source '{name}' may post; list addresses or require a "
                "secret of the sender",
            )


@stack_rule(
    "source-name-unique",
    "No two event sources have the same name",
    level=Level.EVERYWHERE,
    reason=(
        "The provider finds a source by its name over all buses of a region. With two of one name "
        "it takes one for the other and plans to replace it, which changes its webhook URL."
    ),
    remedy="Give each source a name of its own, also over the buses of one account and region.",
    source=Source("alicloud provider 1.285.0, event_bridge_event_source_v2, observed"),
)
def source_name_unique(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Count the names."""
    sources = of_type(stack, tokens.EVENT_SOURCE)
    counts = Counter(source.props["eventSourceName"] for source in sources)
    for source in sources:
        name = source.props["eventSourceName"]
        if counts[name] > 1:
            yield source, f"{counts[name]} sources are called '{name}'; give each its own name"


@stack_rule(
    "target-function-exists",
    "Every rule calls a function of this stack",
    reason=(
        "EventBridge finds out that a function is missing when the first event comes: after all "
        "attempts it is a dead letter."
    ),
    remedy="Make the function in the same program, or exempt the rule and say who makes it.",
    source=facts.EVENTBRIDGE_TARGETS,
)
def target_function_exists(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for the functions that targets name."""
    for rule in of_type(stack, tokens.EVENT_RULE):
        for target in targets_of(rule):
            wanted = function_name(target)
            if wanted and not made(stack, tokens.FUNCTION, "functionName", wanted):
                yield (
                    rule,
                    f"{label(target)} calls function '{wanted}', which this stack does not create",
                )


@stack_rule(
    "dead-letter-queue-exists",
    "Every dead-letter queue is made by this stack",
    reason=(
        "EventBridge finds out that the queue is missing when it has a dead letter to write, and "
        "drops it: the safety net is a hole."
    ),
    remedy="Make the queue in the same program, or exempt the rule and say who makes it.",
    source=facts.EVENTBRIDGE_RETRY,
)
def dead_letter_queue_exists(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for the queues that dead-letter settings name."""
    for rule in of_type(stack, tokens.EVENT_RULE):
        for target in targets_of(rule):
            arn = mapping(target.get("deadLetterQueue")).get("arn")
            wanted = queue_name(arn) if arn else None
            if wanted and not made(stack, tokens.QUEUE, "queueName", wanted):
                yield rule, f"dead letters go to queue '{wanted}', which this stack does not create"


@stack_rule(
    "chat-hears-both-outcomes",
    "A chat that hears of success also hears of failure",
    reason=(
        "A chat with only one of the two rules takes silence for the other outcome: a request that "
        "failed looks like one that is still running."
    ),
    remedy="Give each chat both rules, completed-<chat> and failed-<chat>.",
    source=facts.CLOUD_ASSISTANT_EVENTS,
    options=[
        Option(
            "prefixes",
            "beginnings of the names of rules that belong together",
            default=["completed-", "failed-"],
        )
    ],
)
def chat_hears_both_outcomes(stack: Sequence[Resource], options: Options) -> StackMessages:
    """Look for rules whose names begin with one prefix and lack a twin with each other one."""
    rules = of_type(stack, tokens.EVENT_RULE)
    names = {(rule.props["eventBusName"], rule.props["ruleName"]) for rule in rules}
    for rule in rules:
        bus, name = rule.props["eventBusName"], rule.props["ruleName"]
        for prefix in options["prefixes"]:
            chat = name.removeprefix(prefix)
            missing = [f"{other}{chat}" for other in options["prefixes"]]
            missing = [twin for twin in missing if (bus, twin) not in names]
            if name.startswith(prefix) and missing:
                yield rule, f"there is no rule {', '.join(missing)} beside '{name}'"


@stack_rule(
    "command-gets-complete-event",
    "A function that runs commands judges the complete event",
    reason=(
        "A part of an event (JSONPATH) or a text made of it (TEMPLATE) lacks the source, which "
        "only EventBridge sets. The function would have to believe what the sender wrote."
    ),
    remedy=(
        'Give the function the parameter Body with form "ORIGINAL"; or let the rule put the event '
        'into a queue that the function reads, and call it with a "CONSTANT" to look there.'
    ),
    source=facts.EVENTBRIDGE_TARGETS,
)
def command_gets_complete_event(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look at the Body of targets whose function may start commands on instances."""
    functions = {f.props.get("functionName"): f for f in of_type(stack, tokens.FUNCTION)}
    for rule in of_type(stack, tokens.EVENT_RULE):
        for target in targets_of(rule):
            function = functions.get(function_name(target) or "")
            forms = {p.get("resourceKey"): p.get("form") for p in parameters_of(target)}
            form = forms.get("Body", "none")
            if not function or form == "ORIGINAL" or not runs_commands(stack, function):
                continue
            if form != "CONSTANT" or not _is_read_by(stack, rule, function):
                yield (
                    rule,
                    f"{label(target)} runs commands and gets its Body as {form}; use ORIGINAL",
                )


def _is_read_by(stack: Sequence[Resource], rule: Resource, function: Resource) -> bool:
    """Return whether a rule puts its events into a queue that a function reads."""
    queues = [queue_name(target.get("endpoint")) for target in targets_of(rule)]
    return any(function in readers_of(stack, queue) for queue in queues if queue)


@stack_rule(
    "command-end-heard",
    "The end of every command's runs is heard",
    reason=(
        "InvokeCommand answers as soon as a run has begun. Without a rule for its end nobody "
        "learns whether it succeeded, least of all whoever asked for it."
    ),
    remedy=(
        "Add a rule on bus default for ecs:CloudAssistant:TaskCompleted whose pattern takes the "
        "command's name, best by its prefix."
    ),
    source=facts.CLOUD_ASSISTANT_EVENTS,
)
def command_end_heard(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for a rule on bus ``default`` that takes the command's name."""
    for command in of_type(stack, tokens.COMMAND):
        name = str(command.props.get("name", ""))

        def hears(rule: Resource, name: str = name) -> bool:
            pattern = pattern_of(rule) if rule.props["eventBusName"] == "default" else None
            return bool(
                pattern
                and pattern.takes("acs.ecs", "source")
                and pattern.takes(_FINISHED, "type")
                and pattern.takes(name, "data", "commandName")
            )

        if not is_any(of_type(stack, tokens.EVENT_RULE), hears):
            yield command, f"no rule on bus 'default' hears the end of runs of '{name}'"


@stack_rule(
    "bus-rules-quota",
    "A bus has no more rules than EventBridge takes",
    level=Level.EVERYWHERE,
    reason="EventBridge takes 50 rules a bus; the update fails with the next one.",
    remedy="Spread the rules over several buses.",
    source=facts.EVENTBRIDGE_LIMITS,
    options=[Option("maximum", "most rules of a bus", default=50)],
)
def bus_rules_quota(stack: Sequence[Resource], options: Options) -> StackMessages:
    """Count the rules of each bus."""
    rules = defaultdict(list)
    for rule in of_type(stack, tokens.EVENT_RULE):
        rules[rule.props["eventBusName"]].append(rule)
    for bus, found in rules.items():
        if len(found) > options["maximum"]:
            yield found[-1], f"bus '{bus}' has {len(found)} rules; at most {options['maximum']:g}"


@stack_rule(
    "function-role-own",
    "Every function has a role of its own",
    reason=(
        "Functions that share a role have each other's permissions: the one that posts to a chat "
        "could run commands as root."
    ),
    remedy="Make a role for each function.",
    source=facts.RAM_POLICY,
)
def function_role_own(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look for roles that two functions use."""
    users: dict[str, str] = {}
    for function in of_type(stack, tokens.FUNCTION):
        role = function.props.get("role")
        if not role:
            continue
        name = str(function.props.get("functionName"))
        if role in users:
            short = role.rpartition("/")[2]
            yield function, f"function '{name}' shares role '{short}' with '{users[role]}'"
        else:
            users[role] = name


RULES = (
    source_has_rule,
    source_guarded,
    source_name_unique,
    target_function_exists,
    dead_letter_queue_exists,
    chat_hears_both_outcomes,
    command_gets_complete_event,
    command_end_heard,
    bus_rules_quota,
    function_role_own,
)
