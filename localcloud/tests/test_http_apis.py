"""An HTTP API checks its token, keeps what is posted and recognises repeats."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud.environment import ManualClock, Sources, counting_ids
from localcloud.faults import Fault, Faults
from localcloud.http import HttpRequest
from localcloud.http_apis import HttpApi
from localcloud.settings import ApiSettings
from localcloud.store import Store

SETTINGS = ApiSettings("/api/employees", "local-hr-token")
HEADERS = {"authorization": "Bearer local-hr-token", "content-type": "application/json"}
Post = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


def tell(path: Path, story: Callable[[HttpApi, Post, Faults], Awaitable[None]]) -> None:
    """Run a story with an API whose state is in a folder."""

    async def session() -> None:
        store = Store(path / "state.sqlite")
        faults = Faults()
        hr = HttpApi("hr", SETTINGS, Sources(ManualClock(), counting_ids()), store, faults)

        async def post(
            body: Any,
            *,
            method: str = "POST",
            at: str = "/api/employees",
            headers: Mapping[str, str] = HEADERS,
            key: str = "",
        ) -> tuple[int, dict[str, Any]]:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            given = {**headers, "idempotency-key": key} if key else headers
            answer = await hr.receive(HttpRequest(method, "hr", at, {}, given, content))
            return answer.status, json.loads(answer.body)

        try:
            await story(hr, post, faults)
        finally:
            store.close()

    asyncio.run(session())


def test_what_is_posted_is_stored(tmp_path: Path) -> None:
    """What is posted is answered with 201 and an id, and is there after a restart, in order."""

    async def before(hr: HttpApi, post: Post, faults: Faults) -> None:
        for name in ("li.lei", "韩梅梅", "an.other"):
            status, answer = await post({"name": name})
            assert (201, False) == (status, answer["replayed"])

    async def after(hr: HttpApi, post: Post, faults: Faults) -> None:
        assert ["li.lei", "韩梅梅", "an.other"] == [r["body"]["name"] for r in hr.requests()]

    tell(tmp_path, before)
    tell(tmp_path, after)


def test_a_repeat_is_answered_with_the_first_result(tmp_path: Path) -> None:
    """The same key with the same body is no second request; with another body it is a conflict."""

    async def story(hr: HttpApi, post: Post, faults: Faults) -> None:
        _, first = await post({"name": "li.lei"}, key="event-1")
        assert (200, {"id": first["id"], "replayed": True}) == await post(
            {"name": "li.lei"}, key="event-1"
        )
        status, answer = await post({"name": "other"}, key="event-1")
        assert (409, "conflict") == (status, answer["error"])
        assert 1 == len(hr.requests())

    tell(tmp_path, story)


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
def test_wrong_requests_are_refused(
    tmp_path: Path, body: Any, changes: dict[str, Any], status: int
) -> None:
    """Each mistake has its HTTP status, and nothing is stored."""

    async def story(hr: HttpApi, post: Post, faults: Faults) -> None:
        assert status == (await post(body, **changes))[0]
        assert [] == hr.requests()

    tell(tmp_path, story)


def test_a_fault_makes_the_api_fail(tmp_path: Path) -> None:
    """A fault is a status of its own or 503, as often as it says."""

    async def story(hr: HttpApi, post: Post, faults: Faults) -> None:
        faults.set(Fault("api:hr", times=1, error="502"))
        assert [502, 201] == [(await post({"a": 1}))[0] for _ in range(2)]
        faults.set(Fault("api:hr", times=1, error="busy"))
        assert [503, 201] == [(await post({"a": 1}))[0] for _ in range(2)]

    tell(tmp_path, story)
