"""EventBridge's API (RPC, 2020-04-01): action names and what they run."""

from localcloud.api import Action
from localcloud.eventbridge import bus_actions, event_actions, rule_actions
from localcloud.eventbridge.state import EventBridge

ACTIONS: dict[str, Action[EventBridge]] = {
    **bus_actions.ACTIONS,
    **rule_actions.ACTIONS,
    **event_actions.ACTIONS,
}
