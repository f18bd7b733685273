"""EventBridge's API (RPC, 2020-04-01): action names and what they run."""

from localcloud.api import Action, Product, WireStyle
from localcloud.eventbridge import bus_actions, event_actions, rule_actions
from localcloud.eventbridge.service import EventBridge

ACTIONS: dict[str, Action[EventBridge]] = {
    **bus_actions.ACTIONS,
    **rule_actions.ACTIONS,
    **event_actions.ACTIONS,
}

PRODUCT = Product(
    service=EventBridge,
    style=WireStyle.RPC,
    title="EventBridge",
    version="2020-04-01",
    actions=ACTIONS,
    neighbours=("CreateEventStreaming", "CreateApiDestination", "CreateConnection"),
    error_fields={"Success": False},
)
