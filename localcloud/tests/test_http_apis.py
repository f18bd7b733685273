"""An HTTP API checks its token, keeps what is posted and recognises repeats."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.base import Lab
from localcloud.faults import Fault
from localcloud.http import HttpRequest
from localcloud.http_apis import HttpApi
from localcloud.settings import ApiSettings

SETTINGS = ApiSettings("/api/employees", "local-hr-token")
HEADERS = {"authorization": "Bearer local-hr-token", "content-type": "application/json"}


class ApiLab(Lab):
    """An HTTP API, and a client that posts to it."""

    def start(self) -> None:
        """Create the API."""
        self.api = HttpApi("hr", SETTINGS, self.environment, self.store, self.faults)

    async def post(
        self,
        body: Any,
        *,
        method: str = "POST",
        at: str = "/api/employees",
        headers: Mapping[str, str] = HEADERS,
        key: str = "",
    ) -> tuple[int, dict[str, Any]]:
        """Post something; return status and answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {**headers, "idempotency-key": key} if key else headers
        answer = await self.api.receive(HttpRequest(method, "hr", at, {}, given, content))
        return answer.status, json.loads(answer.body)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[ApiLab]:
    """Run a lab for a test."""
    async with ApiLab(tmp_path) as lab:
        yield lab


async def test_what_is_posted_is_stored(lab: ApiLab) -> None:
    """What is posted is answered with 201 and an id, and is there after a restart, in order."""
    for name in ("li.lei", "韩梅梅", "an.other"):
        status, answer = await lab.post({"name": name})
        assert (status, answer["replayed"]) == (201, False)
    await lab.restart()
    assert [r["body"]["name"] for r in lab.api.requests()] == ["li.lei", "韩梅梅", "an.other"]


async def test_a_repeat_is_answered_with_the_first_result(lab: ApiLab) -> None:
    """The same key with the same body is no second request; with another body it is a conflict."""
    _, first = await lab.post({"name": "li.lei"}, key="event-1")
    assert await lab.post({"name": "li.lei"}, key="event-1") == (
        200,
        {"id": first["id"], "replayed": True},
    )
    status, answer = await lab.post({"name": "other"}, key="event-1")
    assert (status, answer["error"]) == (409, "conflict")
    assert len(lab.api.requests()) == 1


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        pytest.param({"a": 1}, {"headers": {}}, 401, id="no token"),
        pytest.param(
            {"a": 1}, {"headers": {**HEADERS, "authorization": "Bearer x"}}, 401, id="wrong token"
        ),
        pytest.param(
            {"a": 1},
            {"headers": {**HEADERS, "authorization": "Basic local-hr-token"}},
            401,
            id="wrong scheme",
        ),
        pytest.param(
            {"a": 1}, {"headers": {**HEADERS, "content-type": "text/plain"}}, 415, id="type"
        ),
        pytest.param({"a": 1}, {"method": "GET"}, 405, id="method"),
        pytest.param({"a": 1}, {"at": "/api/other"}, 404, id="path"),
        pytest.param(b"{", {}, 400, id="no JSON"),
        pytest.param([], {}, 400, id="a list"),
        pytest.param({}, {}, 400, id="empty"),
        pytest.param(b'{"a":"\\ud800"}', {}, 400, id="half a character"),
        pytest.param({"a": "x" * 262_144}, {}, 413, id="too large"),
    ],
)
async def test_wrong_requests_are_refused(
    lab: ApiLab, body: Any, changes: dict[str, Any], status: int
) -> None:
    """Each mistake has its HTTP status, and nothing is stored."""
    assert (await lab.post(body, **changes))[0] == status
    assert lab.api.requests() == []


async def test_a_fault_makes_the_api_fail(lab: ApiLab) -> None:
    """A fault is a status of its own or 503, as often as it says."""
    lab.faults.set(Fault("api:hr", times=1, error="502"))
    assert [(await lab.post({"a": 1}))[0] for _ in range(2)] == [502, 201]
    lab.faults.set(Fault("api:hr", times=1, error="busy"))
    assert [(await lab.post({"a": 1}))[0] for _ in range(2)] == [503, 201]
