"""``make smoke`` against a local cloud, and what it says when the loop does not answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from functions.cloud.cloud_assistant import CloudAssistant, Invocation, Run
from functions.cloud.web import Answer
from ops.smoke.approval import Smoke, SmokeFailed, Target

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


def smoke(assistant: CloudAssistant, status: int = 200, body: bytes = b"{}") -> Smoke:
    """Return a smoke test whose webhook answers so."""
    time = Time()
    return Smoke(
        TARGET,
        assistant,
        lambda *_: Answer(status, body),
        now=time.now,
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


def test_it_passes_on_the_local_cloud(tmp_path: Path) -> None:
    """Stack local, deployed into a fresh local cloud, lets the employee in and locks them out."""
    smoke_command = [sys.executable, "-m", "ops", "smoke"]
    serve = [sys.executable, "-m", "localcloud", "serve", "--port", "0", "--dry-run"]
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
    assert lines[-1] == "the loop works"
    assert sum(line.startswith("  Success on i-local0001 after ") for line in lines) == 2
