"""What happens to a request to one of the cloud's APIs.

product -> parse -> who signed it -> action -> fault -> may they -> run -> durable -> answer
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.api import Action, Answer, ApiCall
from localcloud.environment import uuid_form
from localcloud.errors import ApiError, UnknownAction
from localcloud.faults import Faults
from localcloud.gateway import render, signature
from localcloud.gateway.access import Authentication, Authorization
from localcloud.gateway.routes import RPC_PRODUCTS, RouteTable
from localcloud.gateway.signature import Scheme
from localcloud.http import HttpResponse
from localcloud.settings import SUFFIX
from localcloud.store import Store, StoreFailed

_DEFECT = ApiError(
    "InternalError.LocalCloud", "a defect of the local cloud; its standard error has the trace"
)
_log = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Product:
    """The actions of an API and, unless it is RPC, the paths that lead to them."""

    service: type[Any]
    """What its actions are called with: the one of this class."""
    actions: Mapping[str, Action[Any]]
    routes: RouteTable | None = None
    schemes: Collection[Scheme] = (Scheme.RPC, Scheme.ACS3)
    """The ways of signing that it takes."""


@dataclass(frozen=True)
class _Parsed:
    product: str
    action: str
    params: Mapping[str, str]
    path: Mapping[str, str]


class Pipeline:
    """Answers API requests.

    Args:
        products: the APIs by name.
        services: what serves them, by class.
        authentication: finds out who signed a request.
        authorization: finds out what they may do.
        faults: ``action:<product>:<action>`` makes a call fail or slow.
        store: what an action did is flushed before the answer.
        ids: makes the ids of requests.
    """

    def __init__(
        self,
        products: Mapping[str, Product],
        services: Mapping[type[Any], Any],
        authentication: Authentication,
        authorization: Authorization,
        faults: Faults,
        store: Store,
        ids: Callable[[], str],
    ) -> None:
        self._products = products
        self._services = services
        self._authentication = authentication
        self._authorization = authorization
        self._faults = faults
        self._store = store
        self._ids = ids
        self.calls: Counter[str] = Counter()
        """How often each action was called since the start, as ``ecs:InvokeCommand``."""

    async def serve(
        self, request: signature.Unsigned, path: str, host: str, source_ip: str
    ) -> HttpResponse:
        """Answer a request, whatever becomes of it."""
        request_id = uuid_form(self._ids())
        name = "unknown"
        try:
            self._store.check()
            name = self._product(request, path)
            product = self._products[name]
            parsed = self._parse(name, request, path, host)
            scheme, caller = self._authentication.identify(request, product.schemes)
            action = self._action(parsed)
            self.calls[f"{name}:{parsed.action}"] += 1
            call = ApiCall(
                product=name,
                action=parsed.action,
                caller=caller,
                request_id=request_id,
                params=parsed.params,
                path=parsed.path,
                # The oldest scheme signs parameters alone.
                body=b"" if scheme is Scheme.RPC else request.body,
                source_ip=source_ip,
                headers=request.headers,
            )
            await self._fail_on_demand(call)
            service = self._services[product.service]
            self._authorization.require(action, service, call)
            value = await self._run(action, service, call)
            return render.answer(name, value, request_id)
        except ApiError as failure:
            return render.error(name, failure, request_id)
        except StoreFailed as failure:
            unavailable = ApiError("ServiceUnavailable", str(failure), 503)
            return render.error(name, unavailable, request_id)
        except Exception:
            _log.exception("a request failed inside the local cloud")
            # Clients repeat a 500 for minutes, which would hide the defect behind a hang.
            return render.error(name, _DEFECT, request_id)

    async def _run(self, action: Action[Any], service: Any, call: ApiCall) -> Answer:
        """Run an action; what it did, also before it failed, is on the disk when this returns."""
        try:
            return await action.run(service, call)
        finally:
            await self._store.flush(patient=False)

    def _product(self, request: signature.Unsigned, path: str) -> str:
        if "x-log-apiversion" in request.headers:
            return "sls"
        if path.startswith("/2023-03-30/"):
            return "fc"
        if path.startswith("/openapi/"):
            return "eventbridge-data"
        if "x-mns-version" in request.headers or path.startswith("/queues"):
            return "mns-data"
        version = _rpc_parameter(request, "Version", "x-acs-version")
        if version not in RPC_PRODUCTS:
            raise ApiError(
                "InvalidVersion",
                f"no API of the local cloud has the version '{version}'; "
                f"it has {', '.join(f'{p} {v}' for v, p in RPC_PRODUCTS.items())}",
                404,
            )
        return RPC_PRODUCTS[version]

    def _parse(self, product: str, request: signature.Unsigned, path: str, host: str) -> _Parsed:
        routes = self._products[product].routes
        if product in render.RPC_PRODUCTS or routes is None:
            action = _rpc_parameter(request, "Action", "x-acs-action")
            if path not in {"/", ""}:
                raise UnknownAction(product, f"{request.method} {path}")
            if request.method not in {"GET", "POST"}:
                raise ApiError("UnsupportedHTTPMethod", "this API takes GET and POST")
            return _Parsed(product, action, request.params, {})
        match = routes.find(request.method, request.path)
        if match is None:
            raise UnknownAction(product, f"{request.method} {path}")
        variables = dict(match.variables)
        if product == "sls":
            variables["project"] = _project(host)
        return _Parsed(product, match.action, request.query, variables)

    def _action(self, parsed: _Parsed) -> Action[Any]:
        action = self._products[parsed.product].actions.get(parsed.action)
        if action is None:
            raise UnknownAction(parsed.product, parsed.action)
        return action

    async def _fail_on_demand(self, call: ApiCall) -> None:
        fault = self._faults.take(f"action:{call.product}:{call.action}")
        if fault is None:
            return
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if code := fault.code("Throttling.User"):
            raise ApiError(code, "failed on demand", 503 if code == "ServiceUnavailable" else 400)


def _rpc_parameter(request: signature.Unsigned, name: str, header: str) -> str:
    """Return what names version or action: a parameter, or a header where headers are signed."""
    is_signed = signature.scheme_of(request) is Scheme.ACS3
    return request.params.get(name) or (request.headers.get(header, "") if is_signed else "")


def _project(host: str) -> str:
    """Return the project of an SLS host name, ``<project>.http.sls.localcloud.invalid``."""
    label, dot, rest = host.removesuffix(SUFFIX).partition(".http.sls")
    return label if dot and not rest else ""
