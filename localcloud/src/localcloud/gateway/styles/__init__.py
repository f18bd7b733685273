"""The wire styles: one module for each."""

from typing import Any

from localcloud.api import Product, WireStyle
from localcloud.gateway.styles.eventbridge_data import EventBridgeDataStyle
from localcloud.gateway.styles.fc import FunctionComputeStyle
from localcloud.gateway.styles.mns import MnsStyle
from localcloud.gateway.styles.rpc import Rpc
from localcloud.gateway.styles.sls import SlsStyle
from localcloud.gateway.styles.style import Style


def style_of(product: Product[Any]) -> Style:
    """Return how a product is spoken."""
    match product.style:
        case WireStyle.RPC:
            return Rpc(product.version, product.error_fields)
        case WireStyle.FUNCTION_COMPUTE:
            return FunctionComputeStyle(product.version, product.routes)
        case WireStyle.SLS:
            return SlsStyle(product.routes)
        case WireStyle.MNS:
            return MnsStyle(product.routes)
        case WireStyle.EVENTBRIDGE_DATA:
            return EventBridgeDataStyle(product.routes)
