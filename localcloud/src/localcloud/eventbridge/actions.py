"""EventBridge's API (RPC, 2020-04-01): action names and what they run."""

from localcloud.api import Action, Product, WireStyle
from localcloud.eventbridge import (
    bus_actions,
    connection_actions,
    event_actions,
    rule_actions,
)
from localcloud.eventbridge.service import EventBridge

ACTIONS: dict[str, Action[EventBridge]] = {
    **bus_actions.ACTIONS,
    **connection_actions.ACTIONS,
    **rule_actions.ACTIONS,
    **event_actions.ACTIONS,
}

_OTHER_SOURCES = (
    "ExternalSourceConfig", "SourceKafkaParameters", "SourceOSSEventParameters",
    "SourceRabbitMQParameters", "SourceRocketMQParameters", "SourceSLSParameters",
)  # fmt: skip
_LINKED = {"LinkedExternalSource": "what a source is linked to is settled when it is made"}

PRODUCT = Product(
    service=EventBridge,
    style=WireStyle.RPC,
    title="EventBridge",
    version="2020-04-01",
    actions=ACTIONS,
    refused={
        "CreateConnection": ("Parameters",),
        "CreateEventSource": _OTHER_SOURCES,
        "QueryTracedEvents": ("Subject",),
        "UpdateConnection": ("Parameters",),
        "UpdateEventSource": _OTHER_SOURCES,
    },
    ignored={"UpdateEventSource": _LINKED},
    neighbours=("CreateEventStreaming",),
    error_fields={"Success": False},
)
