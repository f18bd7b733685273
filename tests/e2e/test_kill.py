"""What was answered with 200 survives ``kill -9`` at any moment and is finished after a restart.

A burst is posted while the server is killed at random moments and started again on the same data.
A client repeats only what was not answered, as chat platforms do; a request id makes that harmless.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from localcloud.demo.loop import Loop
from tests.e2e.running_cloud import RunningCloud, running_cloud

KILLS = 20
EMPLOYEES = 60
_CLIENTS = 4


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    """Give a local cloud whose chats take any number of messages."""
    with running_cloud(tmp_path / "cloud", "--no-chat-rate-limit") as cloud:
        yield cloud


def employees_of(client: int) -> list[str]:
    """Give the employees whose approvals a client posts."""
    return [f"K{n}" for n in range(client, EMPLOYEES, _CLIENTS)]


def post_until_answered(webhook: str, employees: list[str]) -> None:
    """Post approvals one after the other; repeat each until it is answered with 200."""
    url = urlsplit(webhook)
    for employee in employees:
        detail = {"emp_id": employee, "role": "contractor", "request_id": f"kill-{employee}"}
        body = {"source": "dingtalk.approval", "detail-type": "ProvisionRequest", "detail": detail}
        while True:
            connection = HTTPConnection(str(url.hostname), url.port, timeout=10)
            try:
                connection.request(
                    "POST",
                    f"{url.path}?{url.query}",
                    json.dumps(body),
                    {"content-type": "application/json"},
                )
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    break
            except (OSError, HTTPException):
                time.sleep(0.02)
            finally:
                connection.close()


def test_nothing_is_lost_or_doubled_when_the_server_is_killed(cloud: RunningCloud) -> None:
    """Twenty kills in a burst: each employee has one account, and one message says so."""
    loop = cloud.deploy()
    webhook = loop.outputs["webhooks"]["dingtalk.approval"]
    clients = [
        threading.Thread(target=post_until_answered, args=(webhook, employees_of(n)), daemon=True)
        for n in range(_CLIENTS)
    ]
    for client in clients:
        client.start()
    moments = random.Random(20_261_122)
    for _ in range(KILLS):
        time.sleep(moments.uniform(0.05, 0.6))
        cloud.kill()
        cloud.start()
    for client in clients:
        client.join(60)
        assert not client.is_alive(), "an approval was never answered"
    loop = Loop(cloud.ready, loop.outputs)
    loop.settle(seconds=120)

    expected = {f"K{n}" for n in range(EMPLOYEES)}
    accounts = [
        line.split(":")[0].removeprefix("emp-").upper()
        for line in loop.file("i-local0001", "/etc/passwd").splitlines()
        if line.startswith("emp-k")
    ]
    assert Counter(expected) == Counter(accounts)
    told = [
        message["text"].split("Employee: ")[1].split("\n")[0]
        for message in loop.messages("ops", 0, limit=10_000)
        if "This request had been made before" not in message["text"]
    ]
    assert Counter(expected) == Counter(told)
