"""A Monday morning: 1,000 approvals for 1,000 employees as fast as 16 clients can post."""

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localcloud.demo.loop import Loop
from localcloud.demo.play import deploy, running

_APPROVALS = 1000
_CLIENTS = 16


def figures() -> list[dict[str, Any]]:
    """Post the burst, wait for its end, and count what came of it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--no-chat-rate-limit") as ready,
    ):
        loop = Loop(ready, deploy("mock", ready["endpoint"]))
        begun = time.monotonic()
        share = _APPROVALS // _CLIENTS + 1
        with ThreadPoolExecutor(_CLIENTS) as pool:
            for client in [
                pool.submit(_post, loop, range(first, min(first + share, _APPROVALS)))
                for first in range(0, _APPROVALS, share)
            ]:
                client.result()
        posted = time.monotonic() - begun
        # Looking costs the server time, too: once in a while is enough.
        while any(loop.inspector.get("health")["under_way"].values()):
            time.sleep(0.5)
        ended = time.monotonic() - begun
        accounts = [
            line.split(":")[0]
            for line in loop.file("i-local0001", "/etc/passwd").splitlines()
            if line.startswith("emp-b")
        ]
        messages = len(loop.messages("ops", 0, limit=10_000))
    return [
        {
            "what": f"intake of {_APPROVALS} approvals, {_CLIENTS} clients",
            "value": _APPROVALS / posted,
            "unit": "/s",
            "goal": ">= 1000",
        },
        {"what": "all results in the chat", "value": ended, "unit": "s"},
        {"what": "accounts", "value": len(accounts), "goal": str(_APPROVALS)},
        {"what": "accounts made twice", "value": len(accounts) - len(set(accounts)), "goal": "0"},
        {"what": "messages", "value": messages, "goal": str(_APPROVALS)},
    ]


def _post(loop: Loop, numbers: range) -> None:
    """Post approvals one after the other on one connection, with as little of its own as can be."""
    url = urlsplit(loop.outputs["webhooks"]["dingtalk.approval"])
    connection = HTTPConnection(str(url.hostname), url.port, timeout=60)
    for number in numbers:
        detail = {"emp_id": f"B{number}", "role": "contractor", "request_id": f"burst-{number}"}
        body = {"source": "dingtalk.approval", "detail-type": "ProvisionRequest", "detail": detail}
        connection.request(
            "POST",
            f"{url.path}?{url.query}",
            json.dumps(body),
            {"content-type": "application/json"},
        )
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise AssertionError(f"approval {number} was answered with {answer.status}")
