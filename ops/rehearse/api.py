"""Calls the management APIs of the cloud, through the official SDK's client for any action.

Endpoints, versions and styles are those of the products' own SDKs: ``alibabacloud_ecs20140526``,
``alibabacloud_eventbridge20200401``, ``alibabacloud_fc20230330``,
``alibabacloud_mns_open20220119``, ``alibabacloud_ram20150501``, ``alibabacloud_cms20190101``.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from darabonba.exceptions import DaraException, UnretryableException
from darabonba.runtime import RuntimeOptions

from functions.cloud import ecs
from functions.cloud.rpc import Credentials, flatten
from localcloud.commandline.errors import UserError

_FC_VERSION = "2023-03-30"
_SDKS_OWN = re.compile(r"^code: \d+, | request id: .*$", re.DOTALL)
_READ_MILLISECONDS = 65_000


class Product(NamedTuple):
    """An API: where it is in a region, and which version of it is spoken."""

    host: str
    version: str


ECS = Product("", "2014-05-26")
EVENTBRIDGE = Product("eventbridge-console.{region}.aliyuncs.com", "2020-04-01")
FC = Product("fcv3.{region}.aliyuncs.com", _FC_VERSION)
QUEUES = Product("mns-open.{region}.aliyuncs.com", "2022-01-19")
RAM = Product("ram.aliyuncs.com", "2015-05-01")
STS = Product("sts.{region}.aliyuncs.com", "2015-04-01")
METRICS = Product("metrics.{region}.aliyuncs.com", "2019-01-01")


def is_permission(code: str) -> bool:
    """Return whether a code says that the key may not do something."""
    return code.startswith(("NoPermission", "Forbidden", "AccessDenied", "NotAuthorized"))


class Refused(UserError):
    """The cloud did not do what it was asked for."""

    def __init__(self, action: str, code: str, message: str, status: int) -> None:
        # The SDK puts the status before the message, and the request's id behind it.
        text = _SDKS_OWN.sub("", message)[:200]
        super().__init__(f"{action}: {code}: {text}")
        self.code = code
        self.status = status

    @property
    def is_absence(self) -> bool:
        """Return whether it says that there is no such thing."""
        return self.status == 404 or "NotExist" in self.code or "NotFound" in self.code

    @property
    def is_permission(self) -> bool:
        """Return whether it says that the key may not do this."""
        return is_permission(self.code)


class Answer(NamedTuple):
    """What an API answered."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Api:
    """The management APIs of one region, with one key.

    Args:
        region: the region.
        key: whose calls they are.
        endpoint: a local cloud's address; empty for the services of the region.
    """

    def __init__(self, region: str, key: Credentials, endpoint: str = "") -> None:
        self.region = region
        self._key = key
        self._endpoint = endpoint
        self._clients: dict[Product, Client] = {}

    def call(self, product: Product, action: str, **params: Any) -> dict[str, Any]:
        """Call an RPC action; lists of objects are numbered as RPC has it, JSON is text.

        Raises:
            Refused: if the cloud refused it, or could not be reached.
        """
        wanted = Params(
            action=action,
            version=product.version,
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        query = flatten({"RegionId": self.region, **params})
        body = self._send(product, wanted, OpenApiRequest(query=query)).body
        found: dict[str, Any] = body if isinstance(body, dict) else {}
        # EventBridge says so with status 200.
        if found.get("Success") is False:
            raise Refused(action, str(found.get("Code")), str(found.get("Message")), 200)
        return found

    def fc(self, action: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call Function Compute on a path such as ``/functions``."""
        wanted = _fc_params(action, method, path, "none" if method == "DELETE" else "json")
        answer = self._send(FC, wanted, OpenApiRequest(body=body))
        return answer.body if isinstance(answer.body, dict) else {}

    def invoke(self, function: str, payload: Any) -> Answer:
        """Call a function and wait for it; its error is not an error here."""
        path = f"/functions/{function}/invocations"
        wanted = _fc_params("InvokeFunction", "POST", path, "binary")
        text = json.dumps(payload).encode()
        answer = self._send(FC, wanted, OpenApiRequest(body=text, stream=text))
        raw = answer.body.read() if hasattr(answer.body, "read") else answer.body
        try:
            return answer._replace(body=json.loads(raw))
        except (TypeError, ValueError):
            return answer._replace(body=None)

    def _send(self, product: Product, wanted: Params, request: OpenApiRequest) -> Answer:
        options = RuntimeOptions(read_timeout=_READ_MILLISECONDS, connect_timeout=10_000)
        try:
            answer = self._client(product).call_api(wanted, request, options)
        except AlibabaCloudException as failure:
            raise Refused(
                wanted.action,
                str(failure.code or f"HTTP {failure.status_code}"),
                str(failure.message or ""),
                failure.status_code or 0,
            ) from None
        except (DaraException, UnretryableException, OSError) as failure:
            raise Refused(wanted.action, "Unreachable", str(failure), 0) from None
        headers = {name.lower(): str(value) for name, value in answer["headers"].items()}
        return Answer(answer["statusCode"], headers, answer.get("body"))

    def _client(self, product: Product) -> Client:
        if product not in self._clients:
            host = product.host.format(region=self.region) or ecs.host(self.region)
            self._clients[product] = Client(
                Config(
                    access_key_id=self._key.access_key_id,
                    access_key_secret=self._key.access_key_secret,
                    security_token=self._key.security_token or None,
                    endpoint=self._endpoint.partition("://")[2] or host,
                    protocol=self._endpoint.partition("://")[0] or "https",
                    region_id=self.region,
                )
            )
        return self._clients[product]


def _fc_params(action: str, method: str, path: str, body_type: str) -> Params:
    return Params(
        action=action,
        version=_FC_VERSION,
        protocol="HTTPS",
        pathname=f"/{_FC_VERSION}{path}",
        method=method,
        auth_type="AK",
        style="ROA",
        req_body_type="json",
        body_type=body_type,
    )
