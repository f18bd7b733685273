"""The cases of the rules about what the pack can see."""

from tests.unit.policies.cases.case import Case
from tests.unit.policies.sample_stack import UNKNOWN

CASES: dict[str, Case] = {
    "resource-type-known": Case(
        broken=(
            (
                {"other": ("alicloud:ecs/instance:Instance", {})},
                "no rule knows the type 'alicloud:ecs/instance:Instance'",
            ),
        ),
        kept=({}, {"other": ("random:index/randomId:RandomId", {})}),
        # The type is no input: it is known, whatever the inputs are.
        unknown={},
    ),
    "provider-https": Case(
        broken=(
            ({"provider": {"protocol": "HTTP"}}, "speaks HTTP to the cloud"),
            (
                {"provider": {"protocol": "http", "endpoints": [{"ecs": "ecs.example.com:80"}]}},
                "speaks HTTP to ecs.example.com:80",
            ),
        ),
        kept=(
            {},
            {"provider": {"protocol": "HTTP", "endpoints": '[{"ecs": "127.0.0.1:8642"}]'}},
        ),
        unknown={"provider": {"protocol": UNKNOWN}},
    ),
}
