"""Programs that are plainly dangerous, and the rule that has to see each.

Each is the sample stack with one thing changed, in a spelling that is easily overlooked.
"""

from tests.unit.policies.bypasses import (
    commands,
    confidential,
    coverage,
    functions,
    permissions,
    queues,
    routing,
    sources,
    trust,
)
from tests.unit.policies.sample_stack import Changes

BYPASSES: dict[str, tuple[str, Changes]] = {
    **commands.BYPASSES,
    **confidential.BYPASSES,
    **coverage.BYPASSES,
    **functions.BYPASSES,
    **permissions.BYPASSES,
    **queues.BYPASSES,
    **routing.BYPASSES,
    **sources.BYPASSES,
    **trust.BYPASSES,
}
