"""Rules about secrets that lie in plain text.

A value that Pulumi knows as a secret is accepted in a function's environment and in a target: it is
encrypted in the state, hidden in previews, and encrypted again where the cloud keeps it (Function
Compute, "Configure environment variables": AES-256). Both need it in clear when they run, and
neither can read it from elsewhere without a credential of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from provisioning_policies import facts, tokens
from provisioning_policies.documents import mapping
from provisioning_policies.redaction import kind_of
from provisioning_policies.rule import Level, Messages, Options, Resource, rule
from provisioning_policies.rules.commands import script_of
from provisioning_policies.secretness import is_secret
from provisioning_policies.sensitive import plain_secrets
from provisioning_policies.targets import label, parameters_of, targets_of


@rule(
    "secret-in-environment",
    "No secret stands in plain text in a function's variables",
    on=[tokens.FUNCTION],
    level=Level.EVERYWHERE,
    reason=(
        "A plain value stands in the program or its configuration, in the state file, in every "
        "preview and in the logs of every pipeline."
    ),
    remedy="Set the value with `pulumi config set --secret` and read it with require_secret.",
    source=facts.PULUMI_SECRETS,
)
def secret_in_environment(function: Resource, _: Options) -> Messages:
    """Look at names and values of the variables that are no Pulumi secrets."""
    variables = mapping(function.props.get("environmentVariables"))
    for name in variables:
        for kind in dict.fromkeys(plain_secrets(name, variables[name])):
            yield f"variable {name} holds {kind} in plain text; make it a Pulumi secret"


@rule(
    "secret-in-target",
    "No secret stands in plain text in a rule's target",
    on=[tokens.EVENT_RULE],
    level=Level.EVERYWHERE,
    reason=(
        "A robot's webhook URL and signing secret are all that somebody needs to write into the "
        "chat. As plain values they stand in the state file and in every preview."
    ),
    remedy="Set the value with `pulumi config set --secret` and read it with require_secret.",
    source=facts.PULUMI_SECRETS,
)
def secret_in_target(event_rule: Resource, _: Options) -> Messages:
    """Look at the endpoint and the parameters of each target."""
    for target in targets_of(event_rule):
        found = [("endpoint", kind) for kind in plain_secrets("endpoint", target.get("endpoint"))]
        for parameter in parameters_of(target):
            key = str(parameter.get("resourceKey"))
            if parameter.get("form") == "CONSTANT":
                found += [(key, kind) for kind in plain_secrets(key, parameter.get("value"))]
                continue
            for text in (parameter.get("template"), parameter.get("value")):
                if not is_secret(text) and (kind := kind_of(str(text or ""))):
                    found.append((key, kind))
        for key, kind in dict.fromkeys(found):
            yield f"{key} of {label(target)} holds {kind} in plain text; make it a Pulumi secret"


@rule(
    "secret-in-command",
    "No secret stands in a command's script",
    on=[tokens.COMMAND],
    level=Level.EVERYWHERE,
    reason=(
        "Everybody who may list commands can read a script, and it lies on every instance on which "
        "it ran. A Pulumi secret does not help here: the cloud shows the content."
    ),
    remedy="Let the script fetch the secret with the instance's own role.",
    source=facts.CREATE_COMMAND,
)
def secret_in_command(command: Resource, _: Options) -> Messages:
    """Look at the lines of the script."""
    for number, kind in _kinds(script_of(command) or ""):
        yield f"line {number} of the script holds {kind}; fetch it at run time instead"


@cache
def _kinds(script: str) -> tuple[tuple[int, str], ...]:
    return tuple(_each_kind(script))


def _each_kind(script: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(script.splitlines(), start=1):
        if kind := kind_of(line) or _assigned(line):
            yield number, kind
    # What is spread over several lines shows only when these are put together.
    whole = re.sub(r"\\\n[ \t]*", "", script)
    if (kind := kind_of(whole)) and not any(map(kind_of, script.splitlines())):
        yield 1 + script.count("\n"), kind


_ASSIGNMENT = re.compile(
    r"(?i)\b(?P<name>[a-z_]*(?:secret|token|passw(?:or)?d|passphrase|api_?key|access_?key)[a-z_]*)="
    r"[\"']?(?P<value>[^\s\"'$`({<;|&)]{4,})"
)


def _assigned(line: str) -> str | None:
    """Return what a line of shell gives to a variable that is called after a secret."""
    for match in _ASSIGNMENT.finditer(line):
        for kind in plain_secrets(match["name"], match["value"]):
            return kind
    return None


# What other rules look into, with more knowledge of what may stand there.
_ELSEWHERE = {
    tokens.FUNCTION: {"environmentVariables", "code"},
    tokens.EVENT_RULE: {"targets"},
    tokens.COMMAND: {"commandContent"},
}


@rule(
    "secret-in-property",
    "No secret stands in a description, a tag or another property",
    level=Level.EVERYWHERE,
    reason=(
        "Descriptions, tags and names are shown in the console, in bills, logs and previews, to "
        "everybody who may list the resource."
    ),
    remedy="Take it out, and change the secret: it has been seen.",
    source=facts.PULUMI_SECRETS,
)
def secret_in_property(resource: Resource, _: Options) -> Messages:
    """Look at every text of every resource that no other rule about secrets looks into."""
    for name in resource.props:
        if name in _ELSEWHERE.get(resource.type, ()) or resource.type == tokens.PROVIDER:
            continue
        for kind in dict.fromkeys(_looks_like(resource.props[name])):
            yield f"{name} holds {kind} in plain text; take it out"


def _looks_like(value: Any) -> Iterator[str]:
    if is_secret(value):
        return
    if isinstance(value, str):
        if kind := kind_of(value):
            yield kind
    elif isinstance(value, Mapping):
        for key in value:
            yield from _looks_like(value[key])
    elif isinstance(value, Sequence):
        for part in value:
            yield from _looks_like(part)


RULES = (secret_in_environment, secret_in_target, secret_in_command, secret_in_property)
