"""The one door of the local cloud: every request, whatever its style, comes in here.

    parse -> product -> who signed it -> action -> fault -> may they -> run -> durable -> answer

Requests arrive for ``127.0.0.1:PORT`` or, with the local cloud as the HTTP proxy, for names below
``.localcloud.invalid``; what a web page sends is refused before all else, but for the webhooks,
which the internet reaches in the real cloud, too: their tokens keep strangers out.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from localcloud.api import Action, Answer, ApiCall, Caller
from localcloud.cloud import Cloud
from localcloud.environment import uuid_form
from localcloud.errors import ApiError, NoPermission, UnknownAction
from localcloud.gateway import origin, render, signature
from localcloud.gateway.nonces import Nonces
from localcloud.gateway.routes import RPC_PRODUCTS, RouteTable
from localcloud.gateway.signature import Scheme
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import SUFFIX
from localcloud.store import StoreFailed

Surface = Callable[[Cloud, HttpRequest], Awaitable[HttpResponse]]
"""Something that speaks plain HTTP instead of a cloud API: the webhook, a chat platform."""

CLOCK_SKEW_SECONDS = 15 * 60
"""How far a signature's time may be off ("InvalidTimeStamp.Expired")."""
_BODY_LIMIT = 64 * 1024 * 1024
_DEFECT = ApiError(
    "InternalError.LocalCloud", "a defect of the local cloud; its standard error has the trace"
)
_log = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Product:
    """The actions of an API and, unless it is RPC, the paths that lead to them."""

    actions: Mapping[str, Action]
    routes: RouteTable | None = None
    schemes: Collection[Scheme] = (Scheme.RPC, Scheme.ACS3)
    """The ways of signing that it takes."""


@dataclass(frozen=True)
class _Parsed:
    product: str
    action: str
    params: Mapping[str, str]
    path: Mapping[str, str]


class Gateway:
    """The ASGI application in front of the services."""

    def __init__(
        self,
        cloud: Cloud,
        products: Mapping[str, Product],
        surfaces: Mapping[str, Surface],
        open_to_all: Collection[str],
        inspection: Callable[..., Awaitable[None]],
        nonces: Nonces,
    ) -> None:
        self._cloud = cloud
        self._open_to_all = open_to_all
        self._nonces = nonces
        self._products = products
        self._surfaces = surfaces
        self._inspection = inspection

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        if scope["path"] not in self._open_to_all and (reason := origin.refusal(headers)):
            await _send(send, _refused(reason))
            return
        if scope["path"].startswith("/_localcloud/"):
            if origin.host_of(headers) not in origin.LOCAL_HOSTS:
                await _send(send, _refused("only for this machine"))
                return
            await self._inspection(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            await _send(send, HttpResponse(413, b"the request is larger than 64 MiB"))
            return
        await _send(send, await self._serve(scope, headers, body))

    async def _serve(
        self, scope: dict[str, Any], headers: Mapping[str, str], body: bytes
    ) -> HttpResponse:
        host = origin.host_of(headers)
        # The first value counts, and the order stays: MNS signs the query as it was sent.
        query: dict[str, str] = {}
        for name, value in parse_qsl(scope["query_string"].decode(), keep_blank_values=True):
            query.setdefault(name, value)
        source_ip = (scope.get("client") or ("127.0.0.1", 0))[0]
        surface = self._surface(host, scope["path"])
        if surface is not None:
            self._cloud.intake.came()
            request = HttpRequest(
                scope["method"], host, scope["path"], query, headers, body, source_ip
            )
            try:
                self._cloud.store.check()
                return await surface(self._cloud, request)
            except StoreFailed as failure:
                return _refused(str(failure), 503)
        form = _form(headers, body)
        unsigned = signature.Unsigned(
            method=scope["method"],
            path=(scope.get("raw_path") or scope["path"].encode()).decode(),
            query=query,
            form=form,
            headers=headers,
            body=body,
        )
        return await self._api(unsigned, scope["path"], host, source_ip)

    def _surface(self, host: str, path: str) -> Surface | None:
        for name, surface in self._surfaces.items():
            if path.startswith(name) if name.startswith("/") else host == name + SUFFIX:
                return surface
        return None

    async def _api(
        self, request: signature.Unsigned, path: str, host: str, source_ip: str
    ) -> HttpResponse:
        cloud = self._cloud
        request_id = uuid_form(cloud.sources.ids())
        product = "unknown"
        try:
            cloud.store.check()
            product = self._product(request, path)
            parsed = self._parse(product, request, path, host)
            signed, caller = self._identify(self._products[product], request)
            action = self._action(parsed)
            cloud.calls[f"{product}:{parsed.action}"] += 1
            call = ApiCall(
                product=product,
                action=parsed.action,
                caller=caller,
                request_id=request_id,
                params=parsed.params,
                path=parsed.path,
                # The oldest scheme signs parameters alone.
                body=b"" if signed.scheme is Scheme.RPC else request.body,
                source_ip=source_ip,
                headers=request.headers,
            )
            await self._fail_on_demand(call)
            self._authorize(action, call)
            value = await self._run(action, call)
            return render.answer(product, value, request_id)
        except ApiError as failure:
            return render.error(product, failure, request_id)
        except StoreFailed as failure:
            unavailable = ApiError("ServiceUnavailable", str(failure), 503)
            return render.error(product, unavailable, request_id)
        except Exception:
            _log.exception("a request failed inside the local cloud")
            # Clients repeat a 500 for minutes, which would hide the defect behind a hang.
            return render.error(product, _DEFECT, request_id)

    async def _run(self, action: Action, call: ApiCall) -> Answer:
        """Run an action; what it did, also before it failed, is on the disk when this returns."""
        try:
            return await action.run(self._cloud, call)
        finally:
            await self._cloud.store.flush(patient=False)

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

    def _action(self, parsed: _Parsed) -> Action:
        action = self._products[parsed.product].actions.get(parsed.action)
        if action is None:
            raise UnknownAction(parsed.product, parsed.action)
        return action

    def _identify(
        self, product: Product, request: signature.Unsigned
    ) -> tuple[signature.Signed, Caller]:
        signed = signature.read(request, product.schemes)
        now = self._cloud.sources.clock.now()
        secret, caller = self._cloud.ram.caller(signed.access_key_id, signed.security_token)
        if not signed.is_signed_with(secret):
            raise ApiError(
                "SignatureDoesNotMatch",
                "the signature is not the one that this access key's secret gives; "
                "check the secret",
            )
        if signed.time is None:
            raise ApiError("InvalidTimeStamp.Format", "the request does not say when it was signed")
        if abs(now - signed.time) > CLOCK_SKEW_SECONDS:
            raise ApiError(
                "InvalidTimeStamp.Expired",
                f"the request was signed {now - signed.time:.0f} s away from the cloud's time; "
                f"at most {CLOCK_SKEW_SECONDS} s are accepted, check the clock",
            )
        if signed.nonce and not self._nonces.take(signed.access_key_id, signed.nonce, now):
            raise ApiError("SignatureNonceUsed", "the signature's nonce was used already")
        return signed, caller

    async def _fail_on_demand(self, call: ApiCall) -> None:
        fault = self._cloud.faults.take(f"action:{call.product}:{call.action}")
        if fault is None:
            return
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if code := fault.code("Throttling.User"):
            raise ApiError(code, "failed on demand", 503 if code == "ServiceUnavailable" else 400)

    def _authorize(self, action: Action, call: ApiCall) -> None:
        if not action.permission or call.caller.policies is None:
            return
        resources = action.resources(self._cloud, call) if action.resources else ["*"]
        for resource in resources:
            decision = self._cloud.ram.decide(
                call.caller.policies,
                action.permission,
                resource,
                source_ip=call.source_ip,
                tags=self._cloud.ecs.resource_tags(resource),
            )
            if not decision.allowed:
                raise NoPermission(action.permission, resource, call.caller.arn)


def _rpc_parameter(request: signature.Unsigned, name: str, header: str) -> str:
    """Return what names version or action: a parameter, or a header where headers are signed."""
    is_signed = signature.scheme_of(request) is Scheme.ACS3
    return request.params.get(name) or (request.headers.get(header, "") if is_signed else "")


def _project(host: str) -> str:
    """Return the project of an SLS host name, ``<project>.http.sls.localcloud.invalid``."""
    label, dot, rest = host.removesuffix(SUFFIX).partition(".http.sls")
    return label if dot and not rest else ""


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return dict(reversed(parse_qsl(body.decode(), keep_blank_values=True)))
    except UnicodeDecodeError:
        return {}


def _refused(reason: str, status: int = 403) -> HttpResponse:
    return HttpResponse(status, render.dumps({"error": reason}), render.JSON)


async def _read(receive: Any) -> bytes | None:
    chunks = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > _BODY_LIMIT:
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Any, response: HttpResponse) -> None:
    headers = {"content-length": str(len(response.body)), **response.headers}
    if response.status == 204:
        del headers["content-length"]
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": response.body})
