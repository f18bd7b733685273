"""The Location service (2015-06-12): every product is at the local cloud's own address."""

from localcloud.api import Action, Answer, ApiCall, Product, WireStyle
from localcloud.settings import CloudSettings


async def describe_endpoints(settings: CloudSettings, call: ApiCall) -> Answer:
    """Return where a product is; clients ask this when no endpoint is configured for it."""
    code = call.required("ServiceCode")
    endpoint = {
        "Id": call.params.get("Id", settings.region),
        "ServiceCode": code,
        "SerivceCode": code,  # spelt so in the real answer
        "Endpoint": settings.endpoint.removeprefix("http://"),
        "Namespace": "",
        "Type": call.params.get("Type", "openAPI"),
        "Protocols": {"Protocols": ["HTTP"]},
    }
    return {"Success": True, "Endpoints": {"Endpoint": [endpoint]}}


ACTIONS: dict[str, Action[CloudSettings]] = {"DescribeEndpoints": Action(describe_endpoints)}

PRODUCT = Product(
    service=CloudSettings,
    style=WireStyle.RPC,
    title="Location",
    version="2015-06-12",
    actions=ACTIONS,
)
