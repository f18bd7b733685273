"""Every API that the local cloud has: its actions and the paths that lead to them."""

from localcloud.ecs import actions as ecs
from localcloud.eventbridge import actions as eventbridge
from localcloud.eventbridge import data_plane as eventbridge_data
from localcloud.fc import actions as fc
from localcloud.gateway.pipeline import Product
from localcloud.gateway.routes import RouteTable
from localcloud.gateway.signature import Scheme
from localcloud.location import actions as location
from localcloud.mns import actions as mns
from localcloud.mns import data_plane as mns_data
from localcloud.ram import actions as ram
from localcloud.sls import actions as sls

PRODUCTS: dict[str, Product] = {
    "ecs": Product(ecs.ACTIONS),
    "eventbridge": Product(eventbridge.ACTIONS),
    "eventbridge-data": Product(
        eventbridge_data.ACTIONS, RouteTable(eventbridge_data.ROUTES), [Scheme.EVENTS]
    ),
    "fc": Product(fc.ACTIONS, RouteTable(fc.ROUTES), [Scheme.ROA, Scheme.ACS3]),
    "location": Product(location.ACTIONS),
    "mns": Product(mns.ACTIONS),
    "mns-data": Product(mns_data.ACTIONS, RouteTable(mns_data.ROUTES), [Scheme.MNS]),
    "ram": Product(ram.ACTIONS),
    "resourcemanager": Product(ram.RESOURCE_MANAGER_ACTIONS),
    "sls": Product(sls.ACTIONS, RouteTable(sls.ROUTES), [Scheme.LOG]),
    "sts": Product(ram.STS_ACTIONS),
}
