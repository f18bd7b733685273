"""Rules about secrets that lie in plain text.

A value that Pulumi knows as a secret is accepted in a function's environment and in a target: it is
encrypted in the state, hidden in previews, and encrypted again where the cloud keeps it (Function
Compute, "Configure environment variables": AES-256). Both need it in clear when they run, and
neither can read it from elsewhere without a credential of its own.
"""

from collections.abc import Iterator

from provisioning_policies import facts, tokens
from provisioning_policies.documents import mapping
from provisioning_policies.rule import Level, Messages, Options, Resource, rule
from provisioning_policies.rules.commands import script_of
from provisioning_policies.sensitive import look, plain_secrets
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
            elif kind := look(str(parameter.get("template") or "")):
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
        "it ran. Here a Pulumi secret is no help: the cloud shows the content."
    ),
    remedy="Let the script fetch the secret with the instance's own role.",
    source=facts.CREATE_COMMAND,
)
def secret_in_command(command: Resource, _: Options) -> Messages:
    """Look at the lines of the script."""
    for number, kind in _kinds(script_of(command) or ""):
        yield f"line {number} of the script holds {kind}; fetch it at run time instead"


def _kinds(script: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(script.splitlines(), start=1):
        if kind := look(line):
            yield number, kind


RULES = (secret_in_environment, secret_in_target, secret_in_command)
