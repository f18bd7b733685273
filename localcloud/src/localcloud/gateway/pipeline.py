"""What happens to a request to one of the cloud's APIs.

product -> parse -> who signed it -> action -> fault -> may they -> run -> durable -> answer
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.api import Action, Answer, ApiCall, Product
from localcloud.environment import uuid_form
from localcloud.errors import ApiError, InvalidParameterError, UnknownActionError
from localcloud.faults import Faults
from localcloud.gateway.access import Authentication, Authorization
from localcloud.gateway.request import Request
from localcloud.gateway.styles import style_of
from localcloud.gateway.styles.rpc import Rpc, version_of
from localcloud.gateway.styles.style import Style
from localcloud.http import HttpResponse
from localcloud.store import Store, StoreError

_DEFECT = ApiError(
    "InternalError.LocalCloud", "a defect of the local cloud; its standard error has the trace"
)
_UNKNOWN_STYLE = Rpc("")
"""How a request is answered that is for no product."""
_log = logging.getLogger("localcloud")


class Pipeline:
    """Answers API requests.

    Args:
        products: the APIs by name.
        services: what answers them, by class.
        authentication: finds out who signed a request.
        authorization: finds out what they may do.
        faults: ``action:<product>:<action>`` makes a call fail or slow.
        store: what an action did is flushed before the answer.
        ids: makes the ids of requests.
    """

    def __init__(
        self,
        products: Mapping[str, Product[Any]],
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
        styles = {name: style_of(product) for name, product in products.items()}
        # A path says more than a version among the parameters, which may be there, too.
        self._styles = dict(sorted(styles.items(), key=lambda each: isinstance(each[1], Rpc)))
        self.calls: Counter[str] = Counter()
        """How often each action was called since the start, as ``ecs:InvokeCommand``."""
        self.on_refused: Callable[[ApiCall, ApiError], object] = _nothing
        """Called with each call that is refused, and why."""

    async def serve(self, request: Request) -> HttpResponse:
        """Answer a request, whatever becomes of it."""
        request_id = uuid_form(self._ids())
        style: Style = _UNKNOWN_STYLE
        try:
            self._store.check()
            name, style = self._recognised(request)
            value = await self._answer(name, style, request, request_id)
            return style.answer(value, request_id)
        except ApiError as failure:
            return style.error(failure, request_id)
        except StoreError as failure:
            return style.error(ApiError("ServiceUnavailable", str(failure), 503), request_id)
        except Exception:
            _log.exception("a request failed inside the local cloud")
            # Clients repeat a 500 for minutes, which would hide the defect behind a hang.
            return style.error(_DEFECT, request_id)

    async def _answer(self, name: str, style: Style, request: Request, request_id: str) -> Answer:
        product = self._products[name]
        parsed = style.parse(request)
        if parsed is None:
            raise UnknownActionError(name, f"{request.method} {request.decoded_path}")
        signed, caller = self._authentication.identify(request, style.schemes)
        action = product.actions.get(parsed.action)
        if action is None:
            raise UnknownActionError(name, parsed.action)
        self.calls[f"{name}:{parsed.action}"] += 1
        call = ApiCall(
            product=name,
            action=parsed.action,
            caller=caller,
            request_id=request_id,
            params=parsed.params,
            path=parsed.path,
            # What is not signed is not believed.
            body=request.body if signed.covers_body else b"",
            source_ip=request.source_ip,
            headers=request.headers,
        )
        try:
            await self._fail_on_demand(call)
            service = self._services[product.service]
            self._authorization.require(action, service, call)
            refuse_unsupported(product.refused.get(parsed.action, ()), call)
            return await self._run(action, service, call)
        except ApiError as error:
            self.on_refused(call, error)
            raise

    def _recognised(self, request: Request) -> tuple[str, Style]:
        """Return the product that a request is for, and its style."""
        for name, style in self._styles.items():
            if style.recognises(request):
                return name, style
        known = [f"{n} {p.version}" for n, p in self._products.items() if not p.routes]
        raise ApiError(
            "InvalidVersion",
            f"no API of the local cloud has the version '{version_of(request)}'; "
            f"it has {', '.join(known)}",
            404,
        )

    async def _run(self, action: Action[Any], service: Any, call: ApiCall) -> Answer:
        """Run an action; what it did, also before it failed, is on the disk when this returns."""
        try:
            return await action.run(service, call)
        finally:
            await self._store.flush(patient=False)

    async def _fail_on_demand(self, call: ApiCall) -> None:
        fault = self._faults.take(f"action:{call.product}:{call.action}")
        if fault is None:
            return
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if code := fault.code("Throttling.User"):
            raise ApiError(code, "failed on demand", 503 if code == "ServiceUnavailable" else 400)


def _nothing(*_: object) -> None:
    """Stand in until somebody wants to know what is refused."""


def refuse_unsupported(refused: Sequence[str], call: ApiCall) -> None:
    """Refuse what the real action would act on and this one does not.

    Raises:
        InvalidParameterError: for the first such parameter that says something.
    """
    for name, value in call.params.items():
        if name.split(".")[0] in refused and value.lower() not in {"", "false", "{}", "[]"}:
            raise InvalidParameterError(
                name, value, "nothing here: the local cloud does not support it"
            )
