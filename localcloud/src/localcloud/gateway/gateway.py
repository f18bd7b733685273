"""The one entrance of the local cloud: every request comes in here.

Requests arrive for ``127.0.0.1:PORT`` or, with the local cloud as the HTTP proxy, for names below
``.localcloud.invalid``. What a web page sends is refused first of all, except for the webhooks,
which the internet reaches in the real cloud, too: their tokens keep strangers out.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from localcloud import strict_json
from localcloud.gateway import inspection, origin
from localcloud.gateway.pipeline import Pipeline
from localcloud.gateway.request import Request
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import SUFFIX
from localcloud.store import Store, StoreError

HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]
"""Answers plain HTTP that is not an API of the cloud: the webhook, a chat platform."""

_BODY_LIMIT = 64 * 1024 * 1024


class Gateway:
    """The ASGI application in front of the local cloud.

    Args:
        pipeline: answers the requests to the cloud's APIs.
        http_handlers: answer everything else, by path or by host name below
            ``.localcloud.invalid``.
        open_to_all: paths that web pages may post to, too.
        inspection: the ASGI application of ``/_localcloud/``.
        store: while it cannot be written, nothing is accepted.
        record_arrival: called for each request that goes to an HTTP handler.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        http_handlers: Mapping[str, HttpHandler],
        open_to_all: Collection[str],
        inspection: Callable[..., Awaitable[None]],
        store: Store,
        record_arrival: Callable[[], None],
    ) -> None:
        self._pipeline = pipeline
        self._http_handlers = http_handlers
        self._open_to_all = open_to_all
        self._inspection = inspection
        self._store = store
        self._record_arrival = record_arrival

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
        if scope["path"].startswith(inspection.PREFIX) or _is_for_people(scope, headers):
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
        handler = self._http_handler(host, scope["path"])
        if handler is not None:
            self._record_arrival()
            request = HttpRequest(
                scope["method"], host, scope["path"], query, headers, body, source_ip
            )
            try:
                self._store.check()
                return await handler(request)
            except StoreError as failure:
                return _refused(str(failure), 503)
        return await self._pipeline.serve(
            Request(
                method=scope["method"],
                path=(scope.get("raw_path") or scope["path"].encode()).decode(),
                query=query,
                form=_form(headers, body),
                headers=headers,
                body=body,
                host=host,
                source_ip=source_ip,
            )
        )

    def _http_handler(self, host: str, path: str) -> HttpHandler | None:
        for name, handler in self._http_handlers.items():
            if path.startswith(name) if name.startswith("/") else host == name + SUFFIX:
                return handler
        return None


def _is_for_people(scope: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Return whether a browser asks for the page; the clients of APIs that have ``/`` do not."""
    return (
        scope["path"] == "/"
        and scope["method"] == "GET"
        and not scope["query_string"]
        and "text/html" in headers.get("accept", "")
        and "authorization" not in headers
        and origin.host_of(headers) in origin.LOCAL_HOSTS
    )


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return dict(reversed(parse_qsl(body.decode(), keep_blank_values=True)))
    except UnicodeDecodeError:
        return {}


def _refused(reason: str, status: int = 403) -> HttpResponse:
    body = strict_json.write({"error": reason}).encode("utf-8", "replace")
    return HttpResponse(status, body, {"content-type": "application/json; charset=utf-8"})


async def _read(receive: Any) -> bytes | None:
    """Return a request's body, or None if it is too large."""
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
