"""``/_localcloud/``: what happened in the local cloud, as JSON, and the page that shows it.

It is for people, tests and the command line on this machine. The gateway refuses other host names
and other pages; changing something needs ``application/json``, which no web page may send here
without asking first.
"""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from localcloud import strict_json
from localcloud.errors import ApiError
from localcloud.gateway.stream import Written
from localcloud.inspection import Change, Changes, NotThereError, Question, View, Views
from localcloud.page import Page
from localcloud.store import Store, StoreError

PREFIX = "/_localcloud/"
_HEADERS = {
    "cache-control": "no-cache",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_PAGE_HEADERS = {
    # Nothing but the page's own files and this server; no text ever becomes markup or script.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
}

Endpoint = Callable[[Request], Awaitable[Response]]


class JsonResponse(Response):
    """A JSON answer; Starlette's own fails on a number that JSON does not have."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the answer's body."""
        return strict_json.write(content).encode("utf-8", "replace")


def create_inspection(
    views: Views,
    changes: Changes,
    store: Store,
    written: Written,
    page: Page,
) -> Starlette:
    """Return the ASGI application of ``/_localcloud/`` and ``/``.

    Args:
        views: what can be read, by path.
        changes: what can be posted, by path.
        store: flushed before each answer, so that it includes everything that was accepted.
        written: tells of each change of the state; ``stream`` passes it on.
        page: the files of the page.
    """

    def reading(view: View) -> Endpoint:
        async def answer(request: Request) -> Response:
            await store.flush(patient=False)
            value = view(Question(request.path_params, request.query_params))
            return JsonResponse(await value if isawaitable(value) else value, headers=_HEADERS)

        return answer

    def changing(change: Change) -> Endpoint:
        async def answer(request: Request) -> Response:
            if request.headers.get("content-type", "").split(";")[0] != "application/json":
                raise NotThereError("what changes something is posted as application/json")
            asked = Question(request.path_params, request.query_params)
            body = await request.body()
            value = await change(asked, strict_json.read(body) if body else {})
            # Faults are in memory only, and whoever looks should see them, too.
            written.notify()
            return JsonResponse(value, headers=_HEADERS)

        return answer

    async def stream(_request: Request) -> Response:
        return StreamingResponse(written.lines(), media_type="text/event-stream", headers=_HEADERS)

    async def file(request: Request) -> Response:
        found = page.get(request.path_params.get("name", "index.html"))
        if found is None:
            return await _refuse_path(request, NotThereError())
        content, media_type = found
        return Response(content, media_type=media_type, headers=_HEADERS | _PAGE_HEADERS)

    routes = [Route(PREFIX + path, reading(view), methods=["GET"]) for path, view in views.items()]
    routes += [
        Route(PREFIX + path, changing(change), methods=["POST"]) for path, change in changes.items()
    ]
    routes += [
        Route(f"{PREFIX}stream", stream, methods=["GET"]),
        Route(f"{PREFIX}page/{{name}}", file, methods=["GET"]),
        Route("/", file, methods=["GET"]),
    ]
    refusals = (ApiError, NotThereError, KeyError, ValueError, TypeError, FileNotFoundError)
    return Starlette(
        routes=routes,
        exception_handlers={
            404: _refuse_path,
            405: _refuse_path,
            StoreError: _unavailable,
            **dict.fromkeys(refusals, _refuse),
        },
    )


async def _refuse(_request: Request, error: Exception) -> Response:
    if isinstance(error, ApiError):
        return JsonResponse({"error": f"{error.code}: {error.message}"}, status_code=400)
    text = str(error.args[0]) if error.args else str(error)
    return JsonResponse({"error": text}, status_code=404)


async def _unavailable(_request: Request, error: Exception) -> Response:
    return JsonResponse({"error": str(error)}, status_code=503)


async def _refuse_path(request: Request, _error: Exception) -> Response:
    text = f"there is nothing to {request.method} at {request.url.path}"
    return JsonResponse({"error": text}, status_code=404)
