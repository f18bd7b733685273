"""Where the API of ECS is, as both its clients call it."""

import time
from collections.abc import Mapping

from functions.cloud.context import Context
from functions.cloud.rpc import Rpc
from functions.cloud.runtime import credentials

VERSION = "2014-05-26"
_HOSTS = {
    "cn-hangzhou": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-hangzhou-finance": "ecs.aliyuncs.com",
    "cn-north-2-gov-1": "ecs.aliyuncs.com",
    "cn-shanghai-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-shenzhen-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-wuhan": "ecs.aliyuncs.com",
}
"""Where ``ecs.<region>.aliyuncs.com`` is not what the official SDK (ecs20140526) uses."""


def connect(context: Context, environ: Mapping[str, str]) -> Rpc:
    """Return the API of the function's own region."""
    endpoint = environ.get("ALIBABA_CLOUD_ENDPOINT_ECS") or f"https://{host(context.region)}"
    return Rpc(endpoint, VERSION, credentials(context, environ), now=time.time)


def host(region: str) -> str:
    """Return the host of the API of a region."""
    return _HOSTS.get(region, f"ecs.{region}.aliyuncs.com")
