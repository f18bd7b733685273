"""For each rule: what breaks it and what it then says, what keeps it, and what it cannot know.

The sample stack keeps every rule, so a case only says what is different. Paths and values are those
of :data:`tests.unit.policies.sample_stack.Changes`.
"""

from tests.unit.policies.cases import (
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
from tests.unit.policies.cases.case import Case

CASES: dict[str, Case] = {
    **commands.CASES,
    **confidential.CASES,
    **coverage.CASES,
    **functions.CASES,
    **keeping.CASES,
    **permissions.CASES,
    **queues.CASES,
    **routing.CASES,
    **sources.CASES,
    **trust.CASES,
    **wiring.CASES,
}
