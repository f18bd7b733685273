"""A disk that fills while a cloud runs: refused in the client's own form, and over when it is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.app import App
from localcloud.settings import CloudSettings


async def ask(
    app: App, path: str, query: str = "", body: bytes = b""
) -> tuple[int, dict[str, Any]]:
    """Send a request to the application; give status and JSON."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_it_is_refused_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An API, a webhook and the inspection say why; afterwards all is as before."""
    monkeypatch.setattr("localcloud.store._AGAIN_SECONDS", 0.01)
    app = App(CloudSettings(data=tmp_path, dry_run=True))
    await app.start()
    store = app.store
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    store.write("INSERT INTO resources VALUES ('k', 'k', ?)", ("x" * 100_000,))
    answers = [
        await ask(app, "/_localcloud/health"),
        await ask(app, "/", "Version=2014-05-26&Action=DescribeRegions"),
        await ask(app, "/webhook/putEvents", "token=x", b"{}"),
    ]
    assert [status for status, _ in answers] == [503, 503, 503]
    assert answers[1][1]["Code"] == "ServiceUnavailable"
    for _, answer in answers:
        assert "disk is full" in json.dumps(answer)
    store._writer.execute("PRAGMA max_page_count = 1000000")
    await asyncio.wait_for(store.flush(), 10)
    answers = [
        await ask(app, "/_localcloud/health"),
        await ask(app, "/", "Version=2014-05-26&Action=DescribeRegions"),
        await ask(app, "/webhook/putEvents", "token=x", b"{}"),
    ]
    assert [status for status, _ in answers] == [200, 400, 403]
    await app.stop()
    assert len([r for r in caplog.records if "the state in" in r.message]) == 2
