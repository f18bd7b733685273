"""All rules of the pack, by topic."""

from provisioning_policies.rule import AnyRule
from provisioning_policies.rules import (
    commands,
    confidential,
    functions,
    keeping,
    permissions,
    routing,
    sources,
    wiring,
)

TOPICS: dict[str, tuple[AnyRule, ...]] = {
    "Event sources and buses": sources.RULES,
    "Event rules": routing.RULES,
    "Commands": commands.RULES,
    "Permissions": permissions.RULES,
    "Functions": functions.RULES,
    "Secrets": confidential.RULES,
    "Retention and ownership": keeping.RULES,
    "The stack as a whole": wiring.RULES,
}

ALL: tuple[AnyRule, ...] = tuple(rule for rules in TOPICS.values() for rule in rules)
