"""Rules about Cloud Assistant commands: scripts that run on instances, by default as root."""

import base64
import binascii
import re

from provisioning_policies import facts, tokens
from provisioning_policies.fetching import run_unseen
from provisioning_policies.host_rights import (
    accounts_without_end,
    groups_for_root,
    keys_shared,
    rules_for_root,
)
from provisioning_policies.rule import Level, Messages, Option, Options, Resource, rule
from provisioning_policies.shell import SAFE, is_validated, parameters, stops_on_error
from provisioning_policies.targets import plain_urls

_SHELL_TYPE = "RunShellScript"
_SHELLS = re.compile(r"#!.*\b(ba|da|k|z|a)?sh\b")
_ROOT_IS_STATED = re.compile(r"\b(needs|requires|runs as|as) root\b", re.IGNORECASE)
_LONGEST_SECONDS = 86_400
_METADATA = "100.100.100.200"


def script_of(command: Resource) -> str | None:
    """Return the script that a command holds, or None if its content is not Base64."""
    try:
        return base64.b64decode(command.props.get("commandContent") or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def shell_of(command: Resource) -> str | None:
    """Return the script if a POSIX shell reads it, else None."""
    script = script_of(command)
    if command.props.get("type") != _SHELL_TYPE or not script:
        return None
    return script if not script.startswith("#!") or _SHELLS.match(script) else None


@rule(
    "command-encoded",
    "A command's content is Base64 text",
    on=[tokens.COMMAND],
    level=Level.EVERYWHERE,
    reason=(
        "The provider hands the content on as it is. Plain text is refused, or decoded into "
        "something that fails on every instance."
    ),
    remedy="Encode the script in the program, such as base64.b64encode(script.encode()).decode().",
    source=facts.CREATE_COMMAND,
)
def command_encoded(command: Resource, _: Options) -> Messages:
    """Decode the content."""
    if not script_of(command):
        yield "commandContent is not Base64; encode the script"


@rule(
    "command-size",
    "A command's content fits into what Cloud Assistant takes",
    on=[tokens.COMMAND],
    level=Level.EVERYWHERE,
    reason="CreateCommand refuses content above the limit, when the update has already begun.",
    remedy="Shorten the script, or let it fetch what is large.",
    source=facts.COMMAND_RESOURCE,
    options=[Option("maximumBytes", "most bytes of the encoded content", default=24 * 1024)],
)
def command_size(command: Resource, options: Options) -> Messages:
    """Measure the encoded content."""
    size = len(command.props.get("commandContent") or "")
    if size > options["maximumBytes"]:
        yield f"the encoded content has {size} bytes; at most {options['maximumBytes']:g}"


@rule(
    "command-timeout",
    "How long a command may run is stated",
    on=[tokens.COMMAND],
    reason=(
        "Without a limit of its own a run is ended after 60 seconds, in the middle of its work; "
        "with a very long one a hanging run keeps its request open for hours."
    ),
    remedy="Set timeout to the seconds that the script needs at most.",
    source=facts.CREATE_COMMAND,
    options=[Option("maximumSeconds", "longest time limit", default=3_600)],
)
def command_timeout(command: Resource, options: Options) -> Messages:
    """Look at the time limit."""
    timeout = command.props.get("timeout")
    longest = min(options["maximumSeconds"], _LONGEST_SECONDS)
    if timeout is None:
        yield "no timeout is set, so every run is ended after 60 s; set the seconds it needs"
    elif timeout > longest:
        yield f"timeout is {timeout:g} s; at most {longest:g} s"


@rule(
    "command-parameters-enabled",
    "A command with parameters says that it has some",
    on=[tokens.COMMAND],
    level=Level.EVERYWHERE,
    reason=(
        "Cloud Assistant fills in {{name}} only if enableParameter is true. Otherwise the script "
        "runs with the braces in it."
    ),
    remedy="Set enableParameter to true exactly if the script has parameters.",
    source=facts.CREATE_COMMAND,
)
def command_parameters_enabled(command: Resource, _: Options) -> Messages:
    """Compare the script with ``enableParameter``."""
    script = script_of(command)
    if not script:
        return
    names = sorted({parameter.name for parameter in parameters(script)})
    enabled = bool(command.props.get("enableParameter"))
    if names and not enabled:
        yield f"the script has the parameters {', '.join(names)}; set enableParameter to true"
    if enabled and not names:
        yield "enableParameter is true, but the script has no {{parameter}}; set it to false"


@rule(
    "command-parameters-quoted",
    "A parameter stands where the shell reads no syntax",
    on=[tokens.COMMAND],
    reason=(
        "Values are put into the script as text before the shell reads it. Unquoted or in double "
        "quotes a value such as $(reboot) is run, by default as root; a quote ends single quotes, "
        "and a line break a comment or a here-document."
    ),
    remedy=(
        "Put the parameters behind the final exit, in comments that the script reads back as text."
    ),
    source=facts.INVOKE_COMMAND,
)
def command_parameters_quoted(command: Resource, _: Options) -> Messages:
    """Look at what surrounds each parameter in a shell script."""
    for parameter in parameters(shell_of(command) or ""):
        if parameter.place not in SAFE:
            yield (
                f"line {parameter.line}: {{{{{parameter.name}}}}} stands {parameter.place}, where "
                "the shell runs what a value holds; put it behind the final exit"
            )


@rule(
    "command-parameters-validated",
    "A script compares each parameter with a pattern",
    on=[tokens.COMMAND],
    reason=(
        "A value that looks like an option, a path or another user's name does harm without any "
        "shell syntax. The script is the last place that can refuse it, whoever invokes it."
    ),
    remedy="Check the value in the script, such as [[ $name =~ ^[a-z][a-z0-9]*$ ]] || exit 2.",
    source=facts.INVOKE_COMMAND,
)
def command_parameters_validated(command: Resource, _: Options) -> Messages:
    """Look for a comparison of each parameter's value."""
    script = shell_of(command) or ""
    for name in sorted({parameter.name for parameter in parameters(script)}):
        if not is_validated(script, name):
            yield f"the value of {{{{{name}}}}} is compared with no pattern; use [[ =~ ]] or case"


@rule(
    "command-stops-on-error",
    "A script stops at the first error",
    on=[tokens.COMMAND],
    reason=(
        "Cloud Assistant reports the exit code of the last command. Without set -e a run that "
        "failed half-way is reported as a success."
    ),
    remedy="Begin the script with set -Eeuo pipefail.",
    source=facts.CLOUD_ASSISTANT_EVENTS,
)
def command_stops_on_error(command: Resource, _: Options) -> Messages:
    """Look for ``set -e`` before anything that can fail."""
    script = shell_of(command)
    if script and not stops_on_error(script):
        yield "the script may go on after an error; begin it with set -Eeuo pipefail, to its end"


@rule(
    "command-root-stated",
    "A command that runs as root says why",
    on=[tokens.COMMAND],
    reason=(
        "Cloud Assistant runs a command as root unless whoever invokes it names another user. "
        "Somebody who reads the command must see that this is meant."
    ),
    remedy='Say in description or script why it "needs root", or invoke it with Username.',
    source=facts.INVOKE_COMMAND,
)
def command_root_stated(command: Resource, _: Options) -> Messages:
    """Look for the words "needs root" (or requires, runs as, as) in description and script."""
    script = shell_of(command)
    texts = f"{command.props.get('description', '')}\n{script}"
    if script and not _ROOT_IS_STATED.search(texts):
        yield 'the command runs as root and gives no reason; say "needs root" and why'


@rule(
    "command-readable",
    "A command is a script of a POSIX shell",
    on=[tokens.COMMAND],
    reason=(
        "The rules read shell. Of a script in another language they see neither where values end "
        "up nor what it fetches, so nothing that they do not say about it means anything."
    ),
    remedy="Write a shell script, or exempt the command and say who has read it.",
    source=facts.CREATE_COMMAND,
)
def command_readable(command: Resource, _: Options) -> Messages:
    """Look at the command's type and at the script's first line."""
    if script_of(command) and shell_of(command) is None:
        yield (
            f"the command of type '{command.props.get('type')}' is not a shell script, so the "
            "rules about scripts see nothing"
        )


@rule(
    "command-fetches-https",
    "A script fetches nothing over plain HTTP",
    on=[tokens.COMMAND],
    reason=(
        "Whoever is on the way answers in the server's place, and what is fetched ends up on every "
        "instance, in the hands of root. The metadata service (100.100.100.200) is accepted: its "
        "address does not leave the host."
    ),
    remedy="Use https://.",
    source=facts.CREATE_COMMAND,
)
def command_fetches_https(command: Resource, _: Options) -> Messages:
    """Look for URLs of plain HTTP in the script."""
    for number, line in enumerate((script_of(command) or "").splitlines(), start=1):
        if not line.lstrip().startswith("#"):
            for host in plain_urls(line, _METADATA):
                yield f"line {number} names {host} over plain HTTP; use https://"


@rule(
    "command-runs-what-it-holds",
    "A script runs nothing that it fetched unseen",
    on=[tokens.COMMAND],
    reason=(
        "With curl ... | bash whoever answers is root on every instance, today or after the next "
        "release, and no review of this program sees it."
    ),
    remedy=(
        "Put the code into the script, install a package of the distribution, or compare the file "
        "with a checksum (sha256sum --check) before it is run."
    ),
    source=facts.CREATE_COMMAND,
)
def command_runs_what_it_holds(command: Resource, _: Options) -> Messages:
    """Look for what is fetched and then run."""
    for number, what in run_unseen(script_of(command) or ""):
        yield f"line {number} {what}; compare it with a checksum first"


@rule(
    "command-sudo-narrow",
    "A sudo rule is not as good as root",
    on=[tokens.COMMAND],
    reason=(
        "Every command, a wildcard, an editor or a pager in a rule for root is a root shell for "
        "whoever gets it: the approval was for less."
    ),
    remedy="Name each command in full with its arguments, or let it run as a user of the service.",
    source=facts.SUDOERS,
)
def command_sudo_narrow(command: Resource, _: Options) -> Messages:
    """Look at the sudo rules that stand in the script."""
    for number, why in rules_for_root(script_of(command) or ""):
        yield f"the sudo rule in line {number} {why}; name the commands and their arguments"


@rule(
    "command-groups-narrow",
    "Nobody is put into a group that is as good as root",
    on=[tokens.COMMAND],
    reason=(
        "Members of docker, disk, shadow, wheel and the like read and write every file of the host "
        "without a sudo rule, and without a line in its log."
    ),
    remedy="Use a group of your own, and give it what it needs.",
    source=facts.SUDOERS,
)
def command_groups_narrow(command: Resource, _: Options) -> Messages:
    """Look at the groups that stand in the script."""
    for number, group in groups_for_root(script_of(command) or ""):
        yield f"line {number} adds the group '{group}', which is as good as root"


@rule(
    "command-keys-personal",
    "A public key belongs to one account or role",
    on=[tokens.COMMAND],
    reason=(
        "With a key that several share, the host's log does not say who it was, and taking it away "
        "from one takes it from none."
    ),
    remedy="Give everybody a key of their own, with the request.",
    source=facts.SUDOERS,
)
def command_keys_personal(command: Resource, _: Options) -> Messages:
    """Look for a key that stands in the script twice, or that every role gets."""
    for number, what in keys_shared(script_of(command) or ""):
        yield f"line {number} {what}"


@rule(
    "command-accounts-end",
    "An account ends by itself",
    on=[tokens.COMMAND],
    reason=(
        "An approval holds for a project or a post, and nobody comes to take an account away when "
        "that is over. Above all what makes root is asked for again from time to time."
    ),
    remedy=(
        "Give roles with a sudo rule for root expires_days in the catalogue, and other accounts an "
        "end when they are created (useradd --expiredate)."
    ),
    source=facts.USERADD,
    options=[Option("maximumDays", "most days of a role with a sudo rule for root", default=366)],
)
def command_accounts_end(command: Resource, options: Options) -> Messages:
    """Look at the expiry of roles with rights of root, and of accounts that the script creates."""
    for number, what in accounts_without_end(script_of(command) or "", options["maximumDays"]):
        yield f"line {number} {what}; let it expire"


RULES = (
    command_encoded,
    command_size,
    command_timeout,
    command_parameters_enabled,
    command_parameters_quoted,
    command_parameters_validated,
    command_stops_on_error,
    command_root_stated,
    command_readable,
    command_fetches_https,
    command_runs_what_it_holds,
    command_sudo_narrow,
    command_groups_narrow,
    command_keys_personal,
    command_accounts_end,
)
