"""The company's HTTP API of the onboarding route: a stand-in that new members are posted to.

    POST /api/employees   with ``Authorization: Bearer <token>`` and a JSON object: 201 and an id

A repeat with the same ``Idempotency-Key`` and body is answered with the first one's result; the
same key with another body is a conflict.
"""

import asyncio
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from localcloud.core import strict_json
from localcloud.faults import Faults
from localcloud.http.json_body import parse_object
from localcloud.http.message import HttpRequest, HttpResponse
from localcloud.settings import CloudSettings
from localcloud.sources import Sources, iso_utc
from localcloud.store import Store, Table

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

HOST = "hr"
"""The host name without its suffix."""
PATH = "/api/employees"
BODY_LIMIT = 256 * 1024
"""Bytes of a request."""


@dataclass(frozen=True)
class Employee:
    """What was posted, and under which id it was stored."""

    id: str
    number: int
    """The place in the order in which they came."""
    created: str
    key: str
    """The request's ``Idempotency-Key``; empty when it had none."""
    body: dict[str, Any]


class Refusal(Exception):
    """The API does not take a request."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


class Hr:
    """The employees that were posted.

    Args:
        settings: the token that a caller must know.
        sources: clock and ids.
        store: where employees are kept.
        faults: ``hr`` makes the API fail or answer slowly.
    """

    def __init__(
        self, settings: CloudSettings, sources: Sources, store: Store, faults: Faults
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._store = store
        self._faults = faults
        self._employees = Table(store, "hr-employee", Employee)
        self._by_key = {e.key: e for e in self._employees if e.key}

    def requests(self) -> list[dict[str, Any]]:
        """Give what was stored, in the order in which it came."""
        rows = sorted(self._employees, key=lambda e: e.number)
        return [
            {"id": e.id, "time": e.created, "idempotency_key": e.key, "body": e.body} for e in rows
        ]

    async def receive(self, request: HttpRequest) -> HttpResponse:
        """Store an employee, or say why not."""
        try:
            await self._fail_on_demand()
            self._check(request)
            return await self._store_employee(request)
        except Refusal as refusal:
            return _answer(refusal.status, {"error": refusal.error, "message": refusal.message})

    async def _fail_on_demand(self) -> None:
        fault = self._faults.take("hr")
        if fault is None:
            return
        await asyncio.sleep(fault.delay_seconds)
        if code := fault.code("503"):
            status = int(code) if code.isdigit() and len(code) == 3 else 503
            raise Refusal(status, "failed-on-demand", "a fault was set for hr")

    def _check(self, request: HttpRequest) -> None:
        if request.path != PATH:
            raise Refusal(404, "not-found", f"there is only {PATH}")
        if request.method != "POST":
            raise Refusal(405, "method-not-allowed", f"{PATH} takes POST")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_known = compare_digest(token.strip().encode(), self._settings.hr_token.encode())
        if scheme.lower() != "bearer" or not is_known:
            raise Refusal(401, "unauthorized", "send 'Authorization: Bearer' with the API's token")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(415, "unsupported-media-type", "send application/json")
        if len(request.body) > BODY_LIMIT:
            raise Refusal(413, "too-large", f"send at most {BODY_LIMIT} bytes")

    async def _store_employee(self, request: HttpRequest) -> HttpResponse:
        body = parse_object(request.body)
        if not body:
            raise Refusal(400, "bad-request", "send a JSON object that says who is new")
        key = request.headers.get("idempotency-key", "")
        known = self._by_key.get(key) if key else None
        if known is not None and known.body != body:
            raise Refusal(409, "conflict", "this Idempotency-Key was used for another employee")
        if known is not None:
            # The first one may still be on its way to the disk.
            await self._store.flush()
            return _answer(200, {"id": known.id, "replayed": True})
        now = iso_utc(self._sources.clock.now())
        number = len(self._employees) + 1
        employee = Employee(f"hr-{self._sources.ids()}", number, now, key, body)
        if key:
            self._by_key[key] = employee
        self._employees.put(employee.id, employee)
        await self._store.flush()
        return _answer(201, {"id": employee.id, "replayed": False})


async def handle(cloud: "Cloud", request: HttpRequest) -> HttpResponse:
    """Answer a request for the API's host name."""
    return await cloud.hr.receive(request)


def _answer(status: int, body: dict[str, Any]) -> HttpResponse:
    content = strict_json.write(body).encode()
    return HttpResponse(status, content, {"content-type": "application/json"})
