"""Rules about functions of Function Compute."""

from provisioning_policies import facts, tokens
from provisioning_policies.documents import Unreadable, mapping, read_object
from provisioning_policies.rule import Level, Messages, Option, Options, Resource, Source, rule
from provisioning_policies.targets import plain_urls

_KEPT_UP = (
    *("python3.12", "nodejs20", "python3.10", "nodejs22", "java11", "java17", "java21"),
    *("custom.debian12", "custom.debian11", "custom-container", "go1", "dotnet8", "php8.1"),
)
# Retired by Function Compute ("Runtime overview", deprecation policy), or past the end of its
# language version's life with a successor at hand.
_RETIRED = {
    "python2.7": "python3.12",
    "python3": "python3.12",
    "python3.9": "python3.12",
    "nodejs4.4": "nodejs20",
    "nodejs6": "nodejs20",
    "nodejs8": "nodejs20",
    "nodejs10": "nodejs20",
    "nodejs12": "nodejs20",
    "nodejs14": "nodejs20",
    "nodejs16": "nodejs20",
    "nodejs18": "nodejs20",
    "dotnetcore2.1": "custom.debian12",
    "dotnetcore3.1": "custom.debian12",
    "php7.2": "custom.debian12",
    "custom": "custom.debian12",
    "custom.debian10": "custom.debian12",
}


@rule(
    "function-runtime",
    "A function's runtime still gets security updates",
    on=[tokens.FUNCTION],
    reason=(
        "A retired runtime gets no fixes, and from some day on the function can no longer be "
        "changed, only run."
    ),
    remedy="Move to the runtime that the message names.",
    source=facts.FUNCTION_RUNTIMES,
)
def function_runtime(function: Resource, _: Options) -> Messages:
    """Look the runtime up in the lists of those that are kept up and of those that are retired."""
    runtime = str(function.props.get("runtime"))
    if successor := _RETIRED.get(runtime):
        yield f"runtime {runtime} is retired; use {successor}"
    elif runtime not in _KEPT_UP:
        yield f"runtime {runtime} is not one that this rule knows; use {' or '.join(_KEPT_UP[:2])}"


@rule(
    "function-timeout",
    "How long a function may run is stated",
    on=[tokens.FUNCTION],
    reason=(
        "Without a limit of its own a function is ended after 3 seconds; with a long one a hanging "
        "call is billed and holds back the retry."
    ),
    remedy="Set timeout to the seconds that the function needs at most.",
    source=facts.FUNCTION_RESOURCE,
    options=[Option("maximumSeconds", "longest time limit", default=600)],
)
def function_timeout(function: Resource, options: Options) -> Messages:
    """Look at the time limit."""
    timeout = function.props.get("timeout")
    if timeout is None:
        yield "no timeout is set, so every call is ended after 3 s; set the seconds it needs"
    elif timeout > options["maximumSeconds"]:
        yield f"timeout is {timeout:g} s; at most {options['maximumSeconds']:g} s"


@rule(
    "function-logs",
    "A function's log is kept",
    on=[tokens.FUNCTION],
    reason="Without a log store what a function prints is gone: nobody can tell why a call failed.",
    remedy="Set logConfig.project and logConfig.logstore.",
    source=facts.FUNCTION_RESOURCE,
)
def function_logs(function: Resource, _: Options) -> Messages:
    """Look for a log store."""
    logs = mapping(function.props.get("logConfig"))
    if missing := [key for key in ("project", "logstore") if not logs.get(key)]:
        yield f"no log is kept: logConfig lacks {' and '.join(missing)}"


@rule(
    "function-environment-size",
    "A function's variables fit into what Function Compute takes",
    on=[tokens.FUNCTION],
    level=Level.EVERYWHERE,
    reason="Function Compute refuses more than 4 KB, when the update has already begun.",
    remedy="Put what is long into a file of the function's archive.",
    source=facts.FUNCTION_ENVIRONMENT,
    options=[Option("maximumBytes", "most bytes of all names and values", default=4 * 1024)],
)
def function_environment_size(function: Resource, options: Options) -> Messages:
    """Add up names and values."""
    variables = mapping(function.props.get("environmentVariables"))
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > options["maximumBytes"]:
        yield f"the variables have {size} bytes; at most {options['maximumBytes']:g}"


@rule(
    "function-calls-https",
    "A function is told to call nothing over plain HTTP",
    on=[tokens.FUNCTION],
    reason=(
        "What a function sends to an API names people, often with a credential beside them. Names "
        "that cannot leave the machine (loopback, .localhost, .invalid, .test) are accepted."
    ),
    remedy="Use an https:// address.",
    source=Source("RFC 6761, Special-Use Domain Names", "https://www.rfc-editor.org/rfc/rfc6761"),
)
def function_calls_https(function: Resource, _: Options) -> Messages:
    """Look for URLs of plain HTTP among the variables."""
    for name, value in mapping(function.props.get("environmentVariables")).items():
        for host in plain_urls(value):
            yield f"variable {name} holds an address of plain HTTP ({host}); use https://"


@rule(
    "function-trigger-authenticated",
    "Nobody calls a function over HTTP without proving who they are",
    on=[tokens.FUNCTION_TRIGGER, tokens.TRIGGER_2],
    reason=(
        "An anonymous HTTP trigger is an open door into whatever the function's role may do, and "
        "everybody can run up its costs."
    ),
    remedy='Set authType to "function" or "jwt", and disableURLInternet if nobody outside calls.',
    source=facts.FUNCTION_HTTP_TRIGGER,
)
def function_trigger_authenticated(trigger: Resource, _: Options) -> Messages:
    """Look at the authentication of HTTP triggers, and for kinds that nobody here knows."""
    kind = trigger.props.get("triggerType", trigger.props.get("type"))
    if kind in _EVENT_TRIGGERS:
        return
    if kind != "http":
        yield f"the trigger is of type '{kind}', which this rule does not know"
        return
    text = trigger.props.get("triggerConfig", trigger.props.get("config"))
    try:
        config = read_object(text)
    except Unreadable as problem:
        yield f"the configuration of the HTTP trigger {problem}"
        return
    if config.get("authType") not in _PROOFS:
        found = f"authType is {config['authType']!r}" if "authType" in config else "no authType"
        yield (
            f"the HTTP trigger does not authenticate its callers ({found}); "
            'set it to "function" or "jwt"'
        )


_EVENT_TRIGGERS = (
    *("timer", "oss", "log", "mns_topic", "mns_queue", "eventbridge", "tablestore", "kafka"),
    *("rocketmq", "rabbitmq", "cdn_events"),
)
"""Kinds of triggers through which nobody outside the account calls."""
_PROOFS = ("function", "jwt")


@rule(
    "function-domain-authenticated",
    "A function's own domain asks who calls, over HTTPS",
    on=[tokens.CUSTOM_DOMAIN, tokens.CUSTOM_DOMAIN_2],
    reason=(
        "A custom domain is a second door to the function: it has an authentication of its own, "
        "and none if nothing is said. Over HTTP whatever proves the caller can be read on the way."
    ),
    remedy='Set authConfig.authType to "function" or "jwt", and protocol to "HTTPS".',
    source=facts.FUNCTION_CUSTOM_DOMAIN,
)
def function_domain_authenticated(domain: Resource, _: Options) -> Messages:
    """Look at the authentication and the protocol of the domain."""
    if domain.props.get("protocol") != "HTTPS":
        yield f'the domain takes "{domain.props.get("protocol", "HTTP")}"; set protocol to "HTTPS"'
    if domain.type == tokens.CUSTOM_DOMAIN_2:
        yield "a domain of Function Compute 2.0 has no authentication; use V3CustomDomain"
    elif mapping(domain.props.get("authConfig")).get("authType") not in _PROOFS:
        yield (
            "the domain does not authenticate its callers; "
            'set authConfig.authType to "function" or "jwt"'
        )


RULES = (
    function_runtime,
    function_timeout,
    function_logs,
    function_environment_size,
    function_calls_https,
    function_trigger_authenticated,
    function_domain_authenticated,
)
