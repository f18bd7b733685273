"""``/_localcloud/``: what happened in the local cloud, as JSON.

Read-only but for ``faults``. It is for people, tests and the command line on this machine; the
gateway refuses other host names, and writing needs ``application/json``, which no web page may
send here without asking first.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcloud import strict_json
from localcloud.faults import Faults, parse
from localcloud.inspection import NotThereError, Question, View, Views
from localcloud.store import Store, StoreError

PREFIX = "/_localcloud/"

Endpoint = Callable[[Request], Awaitable[Response]]


class JsonResponse(Response):
    """A JSON answer; Starlette's own fails on a number that JSON does not have."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the answer's body."""
        return strict_json.write(content).encode("utf-8", "replace")


def create_inspection(
    views: Views,
    store: Store,
    faults: Faults,
    targets: Callable[[], Mapping[str, Sequence[str]]],
) -> Starlette:
    """Return the ASGI application of ``/_localcloud/``.

    Args:
        views: what can be read, by path.
        store: flushed before each answer, so that it includes everything that was accepted.
        faults: what can be set.
        targets: returns the names that each kind of fault can hit.
    """

    def endpoint(view: View) -> Endpoint:
        async def answer(request: Request) -> Response:
            await store.flush(patient=False)
            return JsonResponse(view(Question(request.path_params, request.query_params)))

        return answer

    async def set_fault(request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            raise NotThereError("a fault is posted as application/json")
        faults.set(parse(strict_json.read(await request.body()), targets()))
        return JsonResponse(_listed(faults))

    routes = [Route(PREFIX + path, endpoint(view), methods=["GET"]) for path, view in views.items()]
    routes += [
        Route(f"{PREFIX}faults", endpoint(lambda _: _listed(faults)), methods=["GET"]),
        Route(f"{PREFIX}faults", set_fault, methods=["POST"]),
    ]
    refusals = (NotThereError, KeyError, ValueError, TypeError, FileNotFoundError)
    return Starlette(
        routes=routes,
        exception_handlers={
            404: _refuse_path,
            405: _refuse_path,
            StoreError: _unavailable,
            **dict.fromkeys(refusals, _refuse),
        },
    )


def _listed(faults: Faults) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in faults.list()]


async def _refuse(_request: Request, error: Exception) -> Response:
    text = str(error.args[0]) if error.args else str(error)
    return JsonResponse({"error": text}, status_code=404)


async def _unavailable(_request: Request, error: Exception) -> Response:
    return JsonResponse({"error": str(error)}, status_code=503)


async def _refuse_path(request: Request, _error: Exception) -> Response:
    text = f"there is nothing to {request.method} at {request.url.path}"
    return JsonResponse({"error": text}, status_code=404)
