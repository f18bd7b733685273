"""``make smoke`` against a local cloud, and what it says when the loop does not answer."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.cloud.cloud_assistant import CloudAssistant, Invocation, Run
from functions.cloud.errors import FunctionError, UnreachableError
from functions.cloud.web import Answer
from ops.smoke import native
from ops.smoke.approval import Smoke, SmokeFailed, Target
from ops.smoke.evidence import Evidence, Row

ROOT = Path(__file__).parents[4]
TARGET = Target("dingtalk.approval", "http://127.0.0.1/webhook?token=s3cret", "bus", "devops")


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """Return the time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds


class Assistant(CloudAssistant):
    """Finds what it is told to, the last answer again and again."""

    def __init__(self, *answers: list[Invocation]) -> None:
        self._answers = list(answers)

    def find(self, tags: object, *, running: bool = False) -> list[Invocation]:
        """Return the next answer."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def invocation(status: str) -> Invocation:
    """Return a run on one instance."""
    run = Run("i-1", status, 0, "", "", "", 0, "")
    return Invocation("t-1", "c-1", "name", {}, {}, (run,))


class Bus:
    """Collects what is put on it."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Take events."""
        self.events += events


def smoke(
    assistant: CloudAssistant,
    status: int = 200,
    body: bytes = b"{}",
    target: Target = TARGET,
    bus: Bus | None = None,
) -> Smoke:
    """Return a smoke test whose webhook answers so."""
    time = Time()
    return Smoke(
        target,
        assistant,
        bus or Bus(),
        lambda *_: Answer(status, body),
        now=time.now,
        wall_clock=time.now,
        sleep=time.sleep,
        limit_seconds=30,
    )


def test_it_waits_for_the_end() -> None:
    """A request that is not there yet, or still runs, is asked for again."""
    found = smoke(Assistant([], [invocation("Running")], [invocation("Success")])).request(
        "provision", "r-1"
    )
    assert [run.status for each in found for run in each.runs] == ["Success"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([], "nothing has run for request r-1 within 30 s; the chat says so if it was refused"),
        ([invocation("Running")], "t-1 has not ended within 30 s on i-1; is the instance running"),
    ],
    ids=["never began", "never ended"],
)
def test_it_gives_up_and_says_where_to_look(answers: list[Invocation], words: str) -> None:
    """After the time limit the message says what to look at."""
    with pytest.raises(SmokeFailed) as failed:
        smoke(Assistant(answers)).request("provision", "r-1")
    assert words in str(failed.value)


@pytest.mark.parametrize(("status", "body"), [(403, b"<html>"), (200, b'{"FailedEntryCount": 1}')])
def test_a_refusing_webhook_is_not_named(status: int, body: bytes) -> None:
    """The webhook's URL is a credential: the message names the source only."""
    with pytest.raises(SmokeFailed) as failed:
        smoke(Assistant([]), status, body).request("provision", "r-1")
    assert "the webhook of dingtalk.approval answered HTTP" in str(failed.value)
    assert "s3cret" not in str(failed.value) + repr(TARGET)


def test_a_source_that_takes_nothing_from_here_is_asked_over_the_bus() -> None:
    """The event is that of the source, with the token; the webhook is not touched."""
    bus = Bus()
    target = replace(TARGET, over_bus=True, token="right")
    smoke(Assistant([invocation("Success")]), 500, target=target, bus=bus).request("provision", "r")
    (event,) = bus.events
    assert (event["source"], event["aliyuneventbusname"]) == ("dingtalk.approval", "bus")
    assert event["data"]["headers"]["X-Provisioning-Token"] == "right"
    assert event["data"]["body"]["detail"]["request_id"] == "r"


class Stores:
    """Log stores that hold what a test says, from the second look on."""

    def __init__(self, **entries: list[dict[str, str]]) -> None:
        self.entries = entries
        self.asked: list[tuple[str, str]] = []

    def search(self, store: str, query: str, since: float) -> list[dict[str, str]]:
        """Return the entries."""
        self.asked.append((store, query))
        return self.entries.get(store, []) if len(self.asked) > 1 else []


def evidence(stores: Stores) -> Evidence:
    """Return what looks into these stores."""
    time = Time()
    return Evidence(stores, 100.0, now=time.now, sleep=time.sleep, limit_seconds=5)


def result(**changes: Any) -> dict[str, str]:
    """Return the archive's entry of a result."""
    event = {
        "id": "e-1",
        "source": "ecs.provisioning",
        "data": {"detail": {"request_id": "r-1", "InvocationStatus": "Success"}},
        **changes,
    }
    return {"content": json.dumps(event)}


def test_a_result_is_found_in_the_archive() -> None:
    """Neither the approval itself nor what is not JSON is taken for one."""
    posted = {"content": json.dumps({"source": "dingtalk.approval", "data": "r-1"})}
    stores = Stores(events=[posted, {"content": "r-1"}, result()])
    found = evidence(stores).result("r-1")
    assert found
    assert found["id"] == "e-1"
    assert stores.asked[0] == ("events", '"r-1"')
    assert evidence(Stores(events=[result(), posted])).result("r-2") is None


@pytest.mark.parametrize(
    ("line", "is_sent"),
    [
        ({"decision": "sent", "ids": "e-0 e-1"}, True),
        ({"decision": "sent", "event_id": "e-1"}, True),
        ({"decision": "sent", "ids": "e-10"}, False),
        ({"decision": "later", "ids": "e-1"}, False),
    ],
)
def test_a_message_counts_once_the_chat_took_it(line: dict[str, str], is_sent: bool) -> None:
    """What the function only tried, or sent for another result, proves nothing."""
    stores = Stores(functions=[{"message": "FC Invoke Start"}, {"message": json.dumps(line)}])
    assert (evidence(stores).sent("e-1") is not None) is is_sent


PUSHED = "native approvals, URL of lark.native"
LARK = {"lark.native": {"kind": "lark-approval"}}


def native_rows(
    answer: Answer | FunctionError, *lines: dict[str, Any], urls: Mapping[str, str] | None = None
) -> list[Row]:
    """Return the rows of one native source whose URL answers so, with this log."""

    def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        if isinstance(answer, FunctionError):
            raise answer
        return answer

    stores = Stores(functions=[{"message": json.dumps(line)} for line in lines])
    stores.search("functions", "", 0.0)
    found = {"lark.native": "https://fc.example/lark.native"} if urls is None else urls
    return list(native.rows(LARK, found, evidence(stores), send, Time().now))


@pytest.mark.parametrize(
    ("answer", "proved", "words"),
    [
        (Answer(403, b""), True, "refused an unsigned push after 0 ms from here"),
        (Answer(404, b""), False, "HTTP 404 in place of a refusal"),
        (Answer(500, b""), False, "look at the log of receive-approval"),
        (Answer(200, b""), False, "HTTP 200 in place of a refusal"),
        (UnreachableError("no answer", "Timeout"), False, "no answer (Timeout)"),
    ],
)
def test_the_url_of_a_native_source_must_refuse_what_nobody_signed(
    answer: Answer | FunctionError, proved: bool, words: str
) -> None:
    """Only the function itself answers so, with its settings read; a gateway does not."""
    row = native_rows(answer)[0]
    assert (row.proved, row.what) == (proved, PUSHED)
    assert words in row.evidence


def test_a_native_source_without_a_url_is_not_deployed() -> None:
    """The settings name it, and the outputs do not."""
    assert native_rows(Answer(403, b""), urls={})[0].proved is False


@pytest.mark.parametrize(
    ("lines", "proved", "words"),
    [
        ([], None, "no look for lost pushes"),
        ([{"decision": "looked", "source": "other", "looked": 3}], None, "no look"),
        ([{"decision": "looked", "source": "lark.native", "looked": 3}], True, "(3 seen)"),
        (
            [
                {"decision": "not-looked", "source": "lark.native", "code": "99991672"},
                {"decision": "looked", "source": "lark.native", "looked": 3},
            ],
            False,
            "failed with 99991672",
        ),
    ],
)
def test_the_last_look_for_lost_pushes_proves_the_app(
    lines: list[dict[str, Any]], proved: bool | None, words: str
) -> None:
    """Its secret and its permissions: the newest line counts, of this source."""
    row = native_rows(Answer(403, b""), *lines)[1]
    assert (row.proved, row.what) == (proved, "native approvals, app of lark.native")
    assert words in row.evidence


def test_it_passes_on_the_local_cloud(tmp_path: Path) -> None:
    """Stack local, deployed into a fresh local cloud, lets the employee in and locks them out."""
    smoke_command = [sys.executable, "-m", "ops", "smoke"]
    config = str(ROOT / "demo/localcloud.yaml")
    serve = [sys.executable, "-m", "localcloud", "serve", "--port", "0", "--dry-run"]
    serve += ["--config", config]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        try:
            assert server.stdout
            endpoint = json.loads(server.stdout.readline())["endpoint"]
            deploy = [sys.executable, "-m", "localcloud", "deploy", "--endpoint", endpoint]
            outputs = tmp_path / "outputs.json"
            outputs.write_text(
                subprocess.run(deploy, check=True, capture_output=True, text=True).stdout
            )
            done = subprocess.run(
                [*smoke_command, "--outputs", str(outputs), "--endpoint", endpoint],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            server.terminate()
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "the loop works, there and back"
    rows = [line.split(": ")[0].split(None, 1) for line in lines if line.startswith("  ")]
    run = ["source, rule, function, command", "completion event, bus, archive", "message"]
    refused = ["completion event, bus, archive", "message", "dead letters"]
    urls = [f"native approvals, URL of {name}" for name in ("dingtalk.oa", "lark.native")]
    proved = [what for sign, what in rows if sign == "proved"]
    assert proved == [*run, *run, *refused, *urls]
    # No look for lost pushes yet: half an hour has not passed.
    rest = [line for line in lines if line.startswith("  not proved")]
    assert [line.split(": ")[0].split("app of ")[1] for line in rest] == [
        "dingtalk.oa",
        "lark.native",
    ]
