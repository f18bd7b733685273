"""Every API that the local cloud has: its actions and the paths that lead to them."""

from localcloud.ecs import actions as ecs
from localcloud.ecs.state import Ecs
from localcloud.eventbridge import actions as eventbridge
from localcloud.eventbridge import data_plane as eventbridge_data
from localcloud.eventbridge.state import EventBridge
from localcloud.fc import actions as fc
from localcloud.fc.state import FunctionCompute
from localcloud.gateway.pipeline import Product
from localcloud.gateway.routes import RouteTable
from localcloud.gateway.signature import Scheme
from localcloud.location import actions as location
from localcloud.mns import actions as mns
from localcloud.mns import data_plane as mns_data
from localcloud.mns.state import Mns
from localcloud.ram import actions as ram
from localcloud.ram.state import Ram
from localcloud.settings import CloudSettings
from localcloud.sls import actions as sls
from localcloud.sls.state import Sls

PRODUCTS: dict[str, Product] = {
    "ecs": Product(Ecs, ecs.ACTIONS),
    "eventbridge": Product(EventBridge, eventbridge.ACTIONS),
    "eventbridge-data": Product(
        EventBridge, eventbridge_data.ACTIONS, RouteTable(eventbridge_data.ROUTES), [Scheme.EVENTS]
    ),
    "fc": Product(FunctionCompute, fc.ACTIONS, RouteTable(fc.ROUTES), [Scheme.ROA, Scheme.ACS3]),
    "location": Product(CloudSettings, location.ACTIONS),
    "mns": Product(Mns, mns.ACTIONS),
    "mns-data": Product(Mns, mns_data.ACTIONS, RouteTable(mns_data.ROUTES), [Scheme.MNS]),
    "ram": Product(Ram, ram.ACTIONS),
    "resourcemanager": Product(Ram, ram.RESOURCE_MANAGER_ACTIONS),
    "sls": Product(Sls, sls.ACTIONS, RouteTable(sls.ROUTES), [Scheme.LOG]),
    "sts": Product(Ram, ram.STS_ACTIONS),
}
