"""From the POST of an approval to the message in the chat, less the script's own time."""

import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.loop import Loop
from demo.play import deploy, running
from tests.bench._named import named

_CHAT = "people"
"""A chat of Lark, which may be sent a message every 1.2 s: one at a time none waits for another."""
_APART_SECONDS = 1.5
_WARM_UP = 10
_ONE_BY_ONE = 100
_A_SECOND = 20
_SECONDS = 10


def figures() -> list[dict[str, Any]]:
    """Measure one request at a time, then twenty a second.

    At twenty a second two cores have more to do with making accounts than they can, and what the
    scripts wait for each other is not the loop's: so that rate is measured with scripts that take
    no time (``--dry-run``), and besides with real ones.
    """
    with _loop() as loop:
        one_by_one = {}
        for n in range(_ONE_BY_ONE):
            one_by_one.update(_post(loop, f"S{n}"))
            _told(loop, f"S{n}")
        alone = _latencies(loop, one_by_one)
        crowded = _latencies(loop, _at_a_rate(loop))
    with _loop("--dry-run") as loop:
        steady = _latencies(loop, _at_a_rate(loop))
    return [
        *_summary("one at a time", alone),
        *_summary(f"{_A_SECOND} a second in digests, no scripts", steady, has_goal=False),
        *_summary(f"{_A_SECOND} a second in digests, real accounts", crowded, has_goal=False),
    ]


@contextmanager
def _loop(*flags: str) -> Iterator[Loop]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--no-chat-rate-limit", *flags) as ready,
    ):
        loop = Loop(ready, deploy("mock", ready["endpoint"], Path(folder) / "state"))
        for n in range(_WARM_UP):
            _post(loop, f"W{n}")
            _told(loop, f"W{n}")
        yield loop


def _post(loop: Loop, employee: str) -> dict[str, float]:
    """Post an approval; give when, by the employee."""
    body = {
        "source": "lark.approval",
        "detail-type": "ProvisionRequest",
        "detail": {"emp_id": employee, "role": "contractor"},
    }
    at = time.time()
    loop.post("lark.approval", json.dumps(body).encode())
    return {employee: at}


def _told(loop: Loop, employee: str) -> None:
    """Wait for an employee's message, and until the chat may be sent another."""
    pattern = rf"(?<![-\w]){employee}\b"
    loop.wait(
        f"a message about {employee}",
        # Of one request at a time: what is shown for a look is not rendered in the message's way.
        lambda: any(re.search(pattern, m["text"]) for m in loop.messages(_CHAT, limit=1)),
    )
    time.sleep(_APART_SECONDS)


def _at_a_rate(loop: Loop) -> dict[str, float]:
    posted: dict[str, float] = {}
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        tasks = []
        for n in range(_A_SECOND * _SECONDS):
            time.sleep(max(0.0, begun + n / _A_SECOND - time.monotonic()))
            tasks.append(pool.submit(_post, loop, f"R{n}"))
        for task in tasks:
            posted.update(task.result())
    loop.settle(seconds=600)
    return posted


def _latencies(loop: Loop, posted: dict[str, float]) -> list[float]:
    """Return the seconds from each POST to its message, less what the script took."""
    script = {run["parameters"]["emp_id"]: run["seconds"] for run in loop.invocations()}
    arrived = named(loop, _CHAT)
    return [arrived[who] - at - script[who] for who, at in posted.items()]


def _summary(how: str, seconds: list[float], *, has_goal: bool = True) -> list[dict[str, Any]]:
    percentiles = statistics.quantiles(seconds, n=100)
    return [
        {
            "what": f"{how}, p50 of {len(seconds)}",
            "value": percentiles[49] * 1000,
            "unit": "ms",
            "goal": "<= 50" if has_goal else "",
        },
        {
            "what": f"{how}, p99",
            "value": percentiles[98] * 1000,
            "unit": "ms",
            "goal": "<= 200" if has_goal else "",
        },
    ]
