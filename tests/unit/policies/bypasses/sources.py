"""Dangerous programs that the rules about event sources and buses have to see."""

from tests.unit.policies.sample_stack import Changes

BYPASSES: dict[str, tuple[str, Changes]] = {
    "source ecs.provisioning": (
        "event-source-own-name",
        {"source.eventSourceName": "ecs.provisioning"},
    ),
    "source acs.*": ("event-source-own-name", {"source.eventSourceName": "ACS.ecs"}),
    "a webhook that takes everything": (
        "event-source-methods",
        {"source.sourceHttpEventParameters.methods": None},
    ),
}
