"""From the POST of an approval to the message in the chat, less the script's own time."""

import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localcloud.demo.loop import Loop
from localcloud.demo.play import deploy, running

_WARM_UP = 10
_ONE_BY_ONE = 100
_A_SECOND = 20
_SECONDS = 10


def figures() -> list[dict[str, Any]]:
    """Measure one request at a time, then twenty a second."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--no-chat-rate-limit") as ready,
    ):
        loop = Loop(ready, deploy("mock", ready["endpoint"]))
        for n in range(_WARM_UP):
            _post(loop, f"W{n}")
            loop.settle()
        one_by_one = {}
        for n in range(_ONE_BY_ONE):
            one_by_one.update(_post(loop, f"S{n}"))
            loop.settle()
        steady = _at_a_rate(loop)
        found = _milliseconds(loop)
    return [
        *_summary("one at a time", [found[key] - at for key, at in one_by_one.items()]),
        *_summary(f"{_A_SECOND} a second", [found[key] - at for key, at in steady.items()]),
    ]


def _post(loop: Loop, employee: str) -> dict[str, float]:
    """Post an approval; give when, by the employee."""
    body = {
        "source": "dingtalk.approval",
        "detail-type": "ProvisionRequest",
        "detail": {"emp_id": employee, "role": "contractor"},
    }
    at = time.time()
    loop.post("dingtalk.approval", json.dumps(body).encode())
    return {employee: at}


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
    loop.settle()
    return posted


def _milliseconds(loop: Loop) -> dict[str, float]:
    """Give by employee when the message came, less what the script took."""
    script = {run["parameters"]["emp_id"]: run["seconds"] for run in loop.invocations()}
    arrived = {}
    for message in loop.messages("ops", 0, limit=10_000):
        text = message["text"]
        employee = next(e for e in script if f"Employee: {e}\n" in text)
        arrived[employee] = message["received_at"] - script[employee]
    return arrived


def _summary(how: str, seconds: list[float]) -> list[dict[str, Any]]:
    percentiles = statistics.quantiles(seconds, n=100)
    return [
        {
            "what": f"{how}, p50 of {len(seconds)}",
            "value": percentiles[49] * 1000,
            "unit": "ms",
            "goal": "<= 50",
        },
        {"what": f"{how}, p99", "value": percentiles[98] * 1000, "unit": "ms", "goal": "<= 200"},
    ]
