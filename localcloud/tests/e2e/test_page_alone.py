"""The page of a program that names no labels, and what ``serve`` says to a person at a terminal."""

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx

from lab import environment
from lab.browser import browser
from lab.running_cloud import RunningCloud
from lab.terminal import terminal
from localcloud.client import Inspector
from localcloud.running import command


def test_without_labels_a_request_is_called_by_its_event(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    """It is found, opened and explained all the same."""
    answer = httpx.post(cloud.webhook(), json={"order": "1"}, trust_env=False)
    event = answer.json()["EntryList"][0]["EventId"]
    pattern = {"FilterPattern": json.dumps({"source": ["other"]}), "RuleName": "others"}
    target = {
        "Id": "web", "Type": "https", "Endpoint": "https://x.invalid/",
        "ParamList": [
            {"ResourceKey": "url", "Form": "CONSTANT", "Value": "https://x.invalid/"},
            {"ResourceKey": "Body", "Form": "ORIGINAL"},
        ],
    }  # fmt: skip
    cloud.client().rpc(
        "2020-04-01",
        "CreateRule",
        {"EventBusName": "hooks", **pattern, "EventTargets": json.dumps([target])},
    )
    with browser(tmp_path) as chromium:
        page = chromium.page(f"{cloud.endpoint}/")
        page.click("a.row-link", event)
        page.wait_for("No rule matched this event.")
        page.wait_for('$.source: expected "other", found "hooks.source"')
        assert page.errors() == []


def test_rows_come_page_by_page_and_are_found_by_name(cloud: RunningCloud) -> None:
    """Newest first; the way of one has the events, a way of none is an error that says so."""
    inspector = Inspector(cloud.endpoint)
    if not inspector.get("sources"):
        cloud.webhook()
    url = "sources/hooks.source/events"
    posted = [inspector.post(url, {"body": {"order": str(n)}})["event"] for n in range(5)]
    first = inspector.get("requests", limit=2)
    assert [row["id"] for row in first["rows"]] == posted[:-3:-1]
    second = inspector.get("requests", limit=2, before=first["next"])
    assert [row["id"] for row in second["rows"]] == posted[-3:-5:-1]
    assert [row["id"] for row in inspector.get("requests", find=posted[0])["rows"]] == [posted[0]]
    (way,) = inspector.get("ways", name=posted[0])
    assert [event["id"] for event in way["events"]] == [posted[0]]
    trial = {"pattern": '{"source": ["hooks.source"]}', "event": posted[0]}
    assert inspector.post("patterns", trial)["matched"] is True
    trial = {"pattern": '{"source": [', "event": posted[0]}
    assert inspector.post("patterns", trial)["valid"] is False


def test_serve_tells_a_person_what_to_do_next(tmp_path: Path) -> None:
    """On standard error, if that is a terminal; standard output keeps its one line."""
    with (
        terminal() as (seen, stderr),
        subprocess.Popen(
            command("--data", str(tmp_path / "cloud"), "--dry-run"),
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(),
        ) as server,
    ):
        assert server.stdout is not None
        endpoint = json.loads(server.stdout.readline())["endpoint"]
        said = os.read(seen, 4096).decode()
        server.send_signal(signal.SIGTERM)
        assert server.stdout.read() == b""
    assert f"{endpoint}/" in said
    assert f"localcloud deploy --endpoint {endpoint}" in said
