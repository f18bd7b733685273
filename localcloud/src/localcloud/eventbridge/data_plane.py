"""EventBridge's data plane: what the SDK for events posts to ``/openapi/``."""

from localcloud.api import Action
from localcloud.eventbridge import event_actions
from localcloud.eventbridge.state import EventBridge

ACTIONS: dict[str, Action[EventBridge]] = event_actions.DATA_ACTIONS

ROUTES: list[tuple[str, str, str]] = [("POST", "/openapi/putEvents", "PutEvents")]
