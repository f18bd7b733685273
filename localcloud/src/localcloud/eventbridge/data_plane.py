"""EventBridge's data plane: what the SDK for events posts to ``/openapi/``."""

from localcloud.api import Action, Product, Route, WireStyle
from localcloud.eventbridge import event_actions
from localcloud.eventbridge.service import EventBridge

ACTIONS: dict[str, Action[EventBridge]] = event_actions.DATA_ACTIONS

ROUTES: list[Route] = [("POST", "/openapi/putEvents", "PutEvents")]

PRODUCT = Product(
    service=EventBridge,
    style=WireStyle.EVENTBRIDGE_DATA,
    title="EventBridge data plane, `/openapi/`",
    actions=ACTIONS,
    routes=ROUTES,
)
