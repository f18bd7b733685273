"""HTTP APIs of a company: stand-ins that record what is posted to them.

    POST <path>   with ``Authorization: Bearer <token>`` and a JSON object: 201 and an id

A repeat with the same ``Idempotency-Key`` and body is answered with the first one's result; the
same key with another body is a conflict.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from localcloud import strict_json
from localcloud.environment import Environment, iso_utc
from localcloud.faults import Faults
from localcloud.http import HttpRequest, HttpResponse
from localcloud.inspection import NotThereError, Question, Views
from localcloud.json_body import parse_object
from localcloud.settings import ApiSettings
from localcloud.store import Store, Table

BODY_LIMIT = 256 * 1024
"""Bytes of a request."""


@dataclass(frozen=True)
class Posted:
    """What was posted, and under which id it was stored."""

    id: str
    number: int
    """The place in the order in which they came."""
    created: str
    key: str
    """The request's ``Idempotency-Key``; empty when it had none."""
    body: dict[str, Any]


class RefusalError(Exception):
    """The API does not take a request."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


class HttpApi:
    """One API and what was posted to it.

    Args:
        name: its host is ``<name>.localcloud.invalid``.
        settings: its path, and the token that a caller must know.
        environment: clock and ids.
        store: where requests are kept.
        faults: ``api:<name>`` makes it fail or answer slowly.
    """

    def __init__(
        self,
        name: str,
        settings: ApiSettings,
        environment: Environment,
        store: Store,
        faults: Faults,
    ) -> None:
        self.name = name
        self.path = settings.path
        self._token = settings.token
        self._environment = environment
        self._store = store
        self._faults = faults
        self._posted = Table(store, f"http-api-{name}", Posted)
        self._by_key = {p.key: p for p in self._posted if p.key}
        self.on_refused: Callable[[str, str, int, str], object] = _nothing
        """Called with name, ``Idempotency-Key``, status and message of what it does not take."""

    def requests(self) -> list[dict[str, Any]]:
        """Return what was stored, in the order in which it came."""
        rows = sorted(self._posted, key=lambda p: p.number)
        return [
            {"id": p.id, "time": p.created, "idempotency_key": p.key, "body": p.body} for p in rows
        ]

    async def receive(self, request: HttpRequest) -> HttpResponse:
        """Store what is posted, or answer why not."""
        try:
            await self._fail_on_demand()
            self._check(request)
            return await self._store_request(request)
        except RefusalError as refusal:
            key = request.headers.get("idempotency-key", "")
            self.on_refused(self.name, key, refusal.status, str(refusal))
            return _answer(refusal.status, {"error": refusal.error, "message": refusal.message})

    async def _fail_on_demand(self) -> None:
        fault = self._faults.take(f"api:{self.name}")
        if fault is None:
            return
        await asyncio.sleep(fault.delay_seconds)
        if code := fault.code("503"):
            status = int(code) if code.isdigit() and len(code) == 3 else 503
            raise RefusalError(status, "failed-on-demand", f"a fault was set for api:{self.name}")

    def _check(self, request: HttpRequest) -> None:
        if request.path != self.path:
            raise RefusalError(404, "not-found", f"there is only {self.path}")
        if request.method != "POST":
            raise RefusalError(405, "method-not-allowed", f"{self.path} takes POST")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_known = compare_digest(token.strip().encode(), self._token.encode())
        if scheme.lower() != "bearer" or not is_known:
            raise RefusalError(
                401, "unauthorized", "send 'Authorization: Bearer' with the API's token"
            )
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RefusalError(415, "unsupported-media-type", "send application/json")
        if len(request.body) > BODY_LIMIT:
            raise RefusalError(413, "too-large", f"send at most {BODY_LIMIT} bytes")

    async def _store_request(self, request: HttpRequest) -> HttpResponse:
        body = parse_object(request.body)
        if not body:
            raise RefusalError(400, "bad-request", "send a JSON object that is not empty")
        key = request.headers.get("idempotency-key", "")
        known = self._by_key.get(key) if key else None
        if known is not None and known.body != body:
            raise RefusalError(409, "conflict", "this Idempotency-Key was used for another request")
        if known is not None:
            # The first one may still be on its way to the disk.
            await self._store.flush()
            return _answer(200, {"id": known.id, "replayed": True})
        now = iso_utc(self._environment.clock.now())
        number = len(self._posted) + 1
        posted = Posted(f"{self.name}-{self._environment.ids()}", number, now, key, body)
        if key:
            self._by_key[key] = posted
        self._posted.put(posted.id, posted)
        await self._store.flush()
        return _answer(201, {"id": posted.id, "replayed": False})


def views(apis: Mapping[str, HttpApi]) -> Views:
    """Return the view of what was posted: ``/_localcloud/apis/<name>/requests``."""

    def requests(asked: Question) -> list[dict[str, Any]]:
        name = asked.path["name"]
        if name not in apis:
            raise NotThereError(f"no API '{name}'; there are {', '.join(apis) or 'none'}")
        return apis[name].requests()

    return {"apis/{name}/requests": requests}


def _nothing(*_: object) -> None:
    """Stand in until somebody wants to know what is refused."""


def _answer(status: int, body: dict[str, Any]) -> HttpResponse:
    content = strict_json.write(body).encode()
    return HttpResponse(status, content, {"content-type": "application/json"})
