"""The official SDKs behind one call: a product, an action, and the request as the wire names it."""

import inspect
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any, ClassVar
from urllib.error import HTTPError
from urllib.parse import urlencode
from uuid import uuid4

from localcloud.conformance.sdk_models import SDKS
from localcloud.deploy.client import SLS_HOST
from localcloud.products import PRODUCTS

_TIMEOUT_SECONDS = 30.0


class NotRunnableError(Exception):
    """A call cannot be made here: its SDK is not installed."""


class BadCallError(Exception):
    """The SDK knows no such action or no such parameter."""


class UnsettledError(Exception):
    """The provider and the cloud do not agree on a resource."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    value: Any = None
    code: str = ""
    """The error's code; empty if the call succeeded."""
    status: int | None = None
    """The HTTP status, where the client tells it."""

    def __str__(self) -> str:
        """Say what came back, in short."""
        return f"{self.code} (HTTP {self.status})" if self.code else json.dumps(self.value)[:300]


@dataclass(frozen=True)
class Clients:
    """A client of each product for one access key."""

    endpoint: str
    key_id: str
    key_secret: str
    token: str = ""
    tells_status: ClassVar[bool] = True
    """Whether answers say the HTTP status where there is one."""

    @contextmanager
    def alone(self, name: str) -> "Iterator[Clients]":  # noqa: ARG002 - the provider's names
        """Yield the client of one behaviour, whose name nobody else has."""
        yield self

    def apply(
        self,
        token: str,
        name: str,  # noqa: ARG002 - the provider's
        inputs: Mapping[str, Any],  # noqa: ARG002
        *,
        stays: bool = False,  # noqa: ARG002
    ) -> Answer:
        """Bring a resource of the provider to what a program says.

        ``stays`` is whether it is still found when it has been deleted.

        Raises:
            NotRunnableError: if this is not the provider.
        """
        raise NotRunnableError(f"{token} is asked of the provider: --client provider")

    def invoke(self, token: str, inputs: Mapping[str, Any]) -> Answer:
        """Call a function of the provider.

        Raises:
            NotRunnableError: if this is not the provider.
        """
        return self.apply(token, "", inputs)

    def call(self, product: str, action: str, params: Mapping[str, Any]) -> Answer:
        """Call an action; a refusal is an answer, too.

        Raises:
            NotRunnableError: if the SDK is not installed.
            BadCallError: if the SDK has no such action or parameter.
        """
        match product:
            case "eventbridge-data":
                call = self._events
            case "mns-data":
                call = self._messages
            case _:
                return self._sdk(product, action, params)
        return call(action, params)

    def _sdk(self, product: str, action: str, params: Mapping[str, Any]) -> Answer:
        client, models = self._of_product(product)
        methods = _methods(f"{SDKS[product]}.client")
        if action.lower() not in methods:
            raise BadCallError(f"the SDK of {product} has no {action}")
        method = getattr(client, methods[action.lower()])
        rest = dict(params)
        arguments = []
        for name in inspect.signature(method).parameters:
            if name == "request":
                request = getattr(models, f"{action}Request")().from_map(rest)
                _check_known(f"{product}.{action}", rest, request)
                arguments.append(request)
            else:
                arguments.append(str(rest.pop(_camel(name), "")))
        return _answered(lambda: _plain(method(*arguments)))

    def _of_product(self, product: str) -> tuple[Any, Any]:
        package = SDKS[product]
        config = self._config
        if product == "sls":
            # A project is a part of the host's name, which the local cloud answers for as a proxy.
            # It begins with "http" as the host that the provider is led to.
            config = copy(config)
            config.endpoint, config.http_proxy = SLS_HOST, self.endpoint
        client = _imported(f"{package}.client").Client(config)
        return client, _imported(f"{package}.models")

    @cached_property
    def _config(self) -> Any:
        return _imported("alibabacloud_tea_openapi.models").Config(
            access_key_id=self.key_id,
            access_key_secret=self.key_secret,
            security_token=self.token or None,
            endpoint=self._address,
            protocol="http",
            region_id="cn-hangzhou",
        )

    @property
    def _address(self) -> str:
        return self.endpoint.removeprefix("http://")

    def _events(self, action: str, params: Mapping[str, Any]) -> Answer:
        if action != "PutEvents":
            raise BadCallError(f"only PutEvents is called through this SDK, not {action}")
        models = _imported("alibabacloud_eventbridge.models")
        config = models.Config(
            access_key_id=self.key_id,
            access_key_secret=self.key_secret,
            endpoint=self._address,
            protocol="http",
        )
        client = _imported("alibabacloud_eventbridge.client").Client(config)
        events = []
        for given in params["events"]:
            fields = dict(given)
            fields["data"] = json.dumps(fields.get("data")).encode()
            events.append(
                models.CloudEvent(
                    **{"specversion": "1.0", "datacontenttype": "application/json"} | fields
                )
            )
        return _answered(lambda: client.put_events(events).to_map())

    def _messages(self, action: str, params: Mapping[str, Any]) -> Answer:
        requests = _imported("mns.mns_request")
        client = _imported("mns.mns_client").MNSClient(
            self.endpoint, self.key_id, self.key_secret, security_token=self.token
        )
        fields = dict(params)
        bodies = fields.pop("message_list", [])
        try:
            request = getattr(requests, f"{action}Request")(**fields)
        except (AttributeError, TypeError) as error:
            raise BadCallError(f"the SDK of queues: {error}") from error
        for body in bodies:
            request.message_list.append(requests.SendMessageRequestEntry(body))
        response = getattr(requests, f"{action}Response")()
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action)

        def send() -> Any:
            getattr(client, name.lstrip("_"))(request, response)
            return _members(response)

        return _answered(send)


def unsigned(endpoint: str, product: str, action: str) -> Answer:
    """Call an RPC action as nobody."""
    query = urlencode(
        {"Action": action, "Version": PRODUCTS[product].version, "SignatureNonce": uuid4().hex}
    )
    return post(f"{endpoint}/?{query}", {}, b"")


def post(url: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> Answer:
    """Send a request of no API, such as a webhook's, past any proxy of the environment."""
    request = urllib.request.Request(url, body, dict(headers), method=method)  # noqa: S310 - ours
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return Answer({"status": response.status, "body": _json(response.read())})
    except HTTPError as error:
        answer = _json(error.read())
        code = answer.get("Code") or answer.get("code") if isinstance(answer, dict) else None
        return Answer(answer, str(code or f"HTTP {error.code}"), error.code)


def _answered(call: Callable[[], Any]) -> Answer:
    try:
        return Answer(call())
    except Exception as error:
        # The SDKs' own errors have no common class; all have a code or a type.
        code = getattr(error, "code", None) or getattr(error, "type", None)
        if not isinstance(code, str):
            raise
        status = getattr(error, "status_code", None) or getattr(error, "statusCode", None)
        return Answer(None, code, status if isinstance(status, int) else None)


def _plain(response: Any) -> Any:
    body: Any = getattr(response, "body", None)
    if hasattr(body, "read"):
        return _json(body.read())
    if isinstance(body, list):
        return [each.to_map() if hasattr(each, "to_map") else each for each in body]
    return body.to_map() if hasattr(body, "to_map") else body


def _json(content: bytes) -> Any:
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


@cache
def _methods(module: str) -> dict[str, str]:
    """Return a client's methods by the lower-case names of their actions."""
    names = dir(_imported(module).Client)
    return {name.replace("_", ""): name for name in names if not name.startswith("_")}


def _members(thing: Any) -> Any:
    if isinstance(thing, list):
        return [_members(each) for each in thing]
    if not hasattr(thing, "__dict__"):
        return thing.decode() if isinstance(thing, bytes) else thing
    return {name: _members(value) for name, value in vars(thing).items() if name != "header"}


def _check_known(call: str, given: Mapping[str, Any], request: Any) -> None:
    known = set(request.to_map())
    if unknown := set(given) - known:
        raise BadCallError(f"the SDK's request of {call} has no {', '.join(sorted(unknown))}")


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise NotRunnableError(
            f"{package} is not installed: pip install 'localcloud[conformance]'"
        ) from error


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
