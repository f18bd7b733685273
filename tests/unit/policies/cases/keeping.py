"""The cases of the rules about how long things are kept, and to whom they belong."""

from tests.unit.policies.cases.case import Case
from tests.unit.policies.sample_stack import UNKNOWN

CASES: dict[str, Case] = {
    "log-retention": Case(
        broken=(
            ({"store.retentionPeriod": 7}, "7 days; at least 90"),
            ({"store.retentionPeriod": None}, "30 days; at least 90"),
        ),
        unknown={"store.retentionPeriod": UNKNOWN},
    ),
    "resource-tags": Case(
        broken=(
            ({"run.tags": None}, "lack app, environment"),
            ({"role.tags": {"app": "sample"}}, "lack environment"),
            ({"queue.tags": {"app": "", "environment": "prod"}}, "lack app"),
            ({"project.tags": {}}, "lack app, environment"),
        ),
        unknown={"run.tags": UNKNOWN},
    ),
}
