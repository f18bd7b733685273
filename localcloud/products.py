"""Every API that the local cloud has: its actions and the paths that lead to them."""

from localcloud.http.gateway import Product
from localcloud.http.routes import RouteTable
from localcloud.services.ecs import actions as ecs
from localcloud.services.eventbridge import actions as eventbridge
from localcloud.services.eventbridge import data_plane as eventbridge_data
from localcloud.services.fc import actions as fc
from localcloud.services.location import actions as location
from localcloud.services.mns import actions as mns
from localcloud.services.mns import data_plane as mns_data
from localcloud.services.ram import actions as ram
from localcloud.services.sls import actions as sls

PRODUCTS: dict[str, Product] = {
    "ecs": Product(ecs.ACTIONS),
    "eventbridge": Product(eventbridge.ACTIONS),
    "eventbridge-data": Product(eventbridge_data.ACTIONS, RouteTable(eventbridge_data.ROUTES)),
    "fc": Product(fc.ACTIONS, RouteTable(fc.ROUTES)),
    "location": Product(location.ACTIONS),
    "mns": Product(mns.ACTIONS),
    "mns-data": Product(mns_data.ACTIONS, RouteTable(mns_data.ROUTES)),
    "ram": Product(ram.ACTIONS),
    "resourcemanager": Product(ram.RESOURCE_MANAGER_ACTIONS),
    "sls": Product(sls.ACTIONS, RouteTable(sls.ROUTES)),
    "sts": Product(ram.STS_ACTIONS),
}
