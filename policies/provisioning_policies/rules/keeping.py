"""Rules about how long things are kept, and to whom they belong."""

from provisioning_policies import facts, tokens
from provisioning_policies.documents import mapping
from provisioning_policies.rule import Messages, Option, Options, Resource, rule

# What the cloud does if nothing is set.
_LOG_DEFAULT_DAYS = 30


@rule(
    "log-retention",
    "Logs are kept for as long as questions come",
    on=[tokens.LOG_STORE],
    reason=(
        "Who got which account, and who approved it, is asked months later. Chinese law wants "
        "network logs for six months; raise minimumDays to 180 where it applies to these."
    ),
    remedy="Raise retentionPeriod.",
    source=facts.CYBERSECURITY_LAW,
    options=[Option("minimumDays", "shortest time in days", default=7, production=90)],
)
def log_retention(store: Resource, options: Options) -> Messages:
    """Look at the retention time."""
    days = store.props.get("retentionPeriod")
    days = _LOG_DEFAULT_DAYS if days is None else days
    if days < options["minimumDays"]:
        yield f"entries are kept for {days:g} days; at least {options['minimumDays']:g} are needed"


@rule(
    "resource-tags",
    "What takes tags says what it belongs to",
    on=[tokens.ROLE, tokens.FUNCTION, tokens.QUEUE, tokens.LOG_PROJECT],
    reason=(
        "In an account that many use, nobody dares to delete what belongs to nobody, and costs "
        "cannot be told apart."
    ),
    remedy="Set the tags, best once for all resources.",
    source=facts.TAGGING,
    options=[Option("required", "keys that must be there", default=["app", "environment"])],
)
def resource_tags(resource: Resource, options: Options) -> Messages:
    """Look for the keys among the tags."""
    tags = mapping(resource.props.get("tags"))
    if missing := [key for key in options["required"] if not tags.get(key)]:
        yield f"the tags lack {', '.join(missing)}"


RULES = (log_retention, resource_tags)
