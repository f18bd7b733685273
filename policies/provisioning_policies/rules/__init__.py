"""All rules of the pack, by topic."""

from provisioning_policies.rule import AnyRule
from provisioning_policies.rules import (
    commands,
    confidential,
    coverage,
    functions,
    keeping,
    permissions,
    queues,
    routing,
    sources,
    trust,
    wiring,
)

_TOPICS: dict[str, tuple[AnyRule, ...]] = {
    "Event sources and buses": sources.RULES,
    "Event rules": routing.RULES,
    "Commands": commands.RULES,
    "Permissions": permissions.RULES,
    "Trust": trust.RULES,
    "Functions": functions.RULES,
    "Queues, timers and later calls": queues.RULES,
    "Secrets": confidential.RULES,
    "Retention and ownership": keeping.RULES,
    "The stack as a whole": wiring.RULES,
}

_JUDGING = tuple(rule for rules in _TOPICS.values() for rule in rules)

TOPICS: dict[str, tuple[AnyRule, ...]] = {
    **_TOPICS,
    "What the pack can see": coverage.rules(_JUDGING),
}

ALL: tuple[AnyRule, ...] = tuple(rule for rules in TOPICS.values() for rule in rules)
