"""Nothing that was answered with 200 is lost or done twice, however often the cloud is killed."""

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from urllib.parse import urlsplit

import pytest

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from lab.waiting import wait_for
from tests.e2e.deployed import running_cloud

KILLS = 20
CLIENTS = 2
PAUSE_SECONDS = 0.3
"""Between a client's posts, so that the burst stays one that a small machine works off."""
HOST = "i-local0001"


@dataclass
class Burst:
    """Clients that post approvals, each for another employee, until they are told to stop."""

    webhook: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    accepted: list[str] = field(default_factory=list)
    """Employees whose approval was answered with 200."""
    unanswered: list[str] = field(default_factory=list)
    """Employees whose approval got no answer: it may count or not, but not twice."""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Let the clients post."""
        self._stop.clear()
        self._threads = [threading.Thread(target=self._post) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait until no client posts."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        url = urlsplit(self.webhook)
        connection = HTTPConnection(str(url.hostname), url.port, timeout=30)
        while not self._stop.is_set():
            employee = f"K{next(self.numbers)}"
            try:
                connection.request(
                    "POST",
                    f"{url.path}?{url.query}",
                    approval(employee),
                    {"content-type": "application/json"},
                )
                answer = connection.getresponse()
                answer.read()
            except (HTTPException, OSError):
                # The cloud is gone; so is this client until the next burst.
                self.unanswered.append(employee)
                return
            assert answer.status == 200
            self.accepted.append(employee)
            self._stop.wait(PAUSE_SECONDS)


def approval(employee: str) -> str:
    """Return what an approval flow posts."""
    detail = {"emp_id": employee, "role": "contractor", "request_id": f"request-{employee}"}
    return json.dumps(
        {"source": "dingtalk.approval", "detail-type": "ProvisionRequest", "detail": detail}
    )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud whose chats take any number of messages."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), "--no-chat-rate-limit") as cloud:
        yield cloud


def test_what_was_accepted_survives_any_kill_and_is_done_once(
    cloud: RunningCloud, loop: Loop
) -> None:
    """Killed at 20 random moments of a burst: one account and one message for each 200."""
    chance = random.Random(20261122)
    burst = Burst(loop.outputs["webhooks"]["dingtalk.approval"])
    for _ in range(KILLS):
        burst.start()
        time.sleep(chance.uniform(0.05, 0.6))
        cloud.kill()
        burst.stop()
        cloud.start()
    wait_for(lambda: is_idle(loop), "an end of what was accepted", 900)
    accounts = Counter(
        line.split(":")[0].removeprefix("emp-").upper()
        for line in loop.file(HOST, "/etc/passwd").splitlines()
        if line.startswith("emp-k")
    )
    runs = Counter(run["parameters"]["emp_id"] for run in loop.invocations())
    messages = Counter(
        employee
        for message in loop.messages("ops", limit=10_000)
        # What was on its way when the cloud was killed is told once more, and says so.
        if "may have been sent before" not in message["text"]
        for employee in set(re.findall(r"(?<![-\w])K\d+", message["text"]))
    )
    perhaps = "\n".join(
        message["text"]
        for message in loop.messages("ops", limit=10_000)
        if "may have been sent before" in message["text"]
    )
    messages += Counter(e for e in set(re.findall(r"(?<![-\w])K\d+", perhaps)) if e not in messages)
    everybody = Counter(burst.accepted)
    assert len(everybody) >= KILLS
    for what, counted in (("account", accounts), ("run", runs), ("message", messages)):
        missing = sorted(everybody - counted)
        doubled = sorted(counted - Counter(set(counted)))
        foreign = sorted(set(counted) - set(burst.accepted) - set(burst.unanswered))
        assert (what, missing, doubled, foreign) == (what, [], [], [])


def is_idle(loop: Loop) -> bool:
    """Return whether nothing is on its way any more."""
    health = loop.inspector.get("health")
    return not any(health["under_way"].values()) and not waiting(loop)


def waiting(loop: Loop) -> int:
    """Return how many results wait to be told."""
    counts: dict[str, int] = loop.inspector.get("queues")["provisioning-local-chats"]
    return sum(counts.values())
