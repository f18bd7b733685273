"""Every API that the local cloud has."""

from typing import Any

from localcloud.api import Product
from localcloud.ecs import actions as ecs
from localcloud.eventbridge import actions as eventbridge
from localcloud.eventbridge import data_plane as eventbridge_data
from localcloud.fc import actions as fc
from localcloud.location import actions as location
from localcloud.mns import actions as mns
from localcloud.mns import data_plane as mns_data
from localcloud.ram import actions as ram
from localcloud.sls import actions as sls

PRODUCTS: dict[str, Product[Any]] = {
    "ecs": ecs.PRODUCT,
    "eventbridge": eventbridge.PRODUCT,
    "eventbridge-data": eventbridge_data.PRODUCT,
    "fc": fc.PRODUCT,
    "location": location.PRODUCT,
    "mns": mns.PRODUCT,
    "mns-data": mns_data.PRODUCT,
    "ram": ram.PRODUCT,
    "resourcemanager": ram.RESOURCE_MANAGER,
    "sls": sls.PRODUCT,
    "sts": ram.STS,
}
"""The products by the names under which faults and counters know them."""
