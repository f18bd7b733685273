"""Whoever finds the public URL of native approvals gets nothing from it, and stops nobody."""

import json
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from demo.loop import Loop
from demo.native import DINGTALK, LARK, dingtalk_oa, lark_native
from lab.running_cloud import RunningCloud
from tests.unit.functions.receive_approval.test_hostile_pushes import HOSTILE

JUNK = 200
"""By hand ten thousand were posted, too."""


@pytest.fixture(name="url", scope="module")
def fixture_url(loop: Loop) -> str:
    """Return the public URL of the loop, without a source's name."""
    return str(loop.outputs["approval_urls"][DINGTALK]).rpartition("/")[0]


def approvals(loop: Loop) -> int:
    """Return how many events there were on the bus of native approvals."""
    return sum(e["source"] in {DINGTALK, LARK} for e in loop.events(10_000))


def test_hostile_pushes_are_all_refused_alike(loop: Loop, url: str) -> None:
    """The corpus over HTTP: one answer for all, whatever is wrong, and no event."""
    answers = set()
    for call in HOSTILE.values():
        answer = httpx.post(
            f"{url}{call.path}",
            params=dict(call.query),
            headers=dict(call.headers),
            content=call.body,
            trust_env=False,
        )
        answers.add((answer.status_code, answer.text))
    assert answers == {(403, '{"error":"refused"}')}
    assert approvals(loop) == 0


def test_slow_bodies_hold_up_nobody(url: str) -> None:
    """Connections that never finish their body take no process of the function."""
    parts = urlsplit(url)
    slow = []
    for _ in range(30):
        one = socket.create_connection((parts.hostname, parts.port or 80))
        head = f"POST {parts.path}/{DINGTALK} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
        one.sendall(head.encode() + b"{")
        slow.append(one)
    began = time.monotonic()
    answer = httpx.post(f"{url}/{DINGTALK}", content=b"{}", trust_env=False, timeout=20)
    assert answer.status_code == 403
    assert time.monotonic() - began < 20
    for one in slow:
        one.close()


def test_junk_costs_no_event_and_the_loop_stays_up(
    cloud: RunningCloud, loop: Loop, url: str
) -> None:
    """While and after it, approvals of both platforms are carried out."""
    body = json.dumps({"encrypt": "A" * 400}).encode()
    client = httpx.Client(trust_env=False, timeout=60)

    def post(number: int) -> tuple[int, float]:
        began = time.monotonic()
        answer = client.post(f"{url}/{(DINGTALK, LARK)[number % 2]}", content=body)
        return answer.status_code, time.monotonic() - began

    with ThreadPoolExecutor(8) as pool:
        posted = pool.map(post, range(JUNK))
        assert all(check.is_right for check in dingtalk_oa(loop))
        found = list(posted)
    assert {status for status, _ in found} == {403}
    assert statistics.median(seconds for _, seconds in found) < 10
    before = approvals(loop)
    assert before == sum(e["source"] == DINGTALK for e in loop.events(10_000))
    assert all(check.is_right for check in lark_native(loop))
