"""A Monday morning: 1,000 approvals for 1,000 employees as fast as 16 clients can post."""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from demo.loop import Loop
from demo.play import deploy, running
from tests.bench._named import named

_APPROVALS = 1000
_CLIENTS = 16
_LONGEST_SECONDS = 1800.0


def figures() -> list[dict[str, Any]]:
    """Post the burst, wait until each employee was named in the chat, and count what came of it.

    The chats' limits are on, as for anybody: many results share a message.
    """
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as ready:
        loop = Loop(ready, deploy("mock", ready["endpoint"], Path(folder) / "state"))
        begun = time.time()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_post_all(loop.outputs["webhooks"]["dingtalk.approval"]))
        posted = time.time() - begun
        end = time.monotonic() + _LONGEST_SECONDS
        # Looking costs the server time, too: once in a while is enough.
        while len(told := named(loop, "ops", "B")) < _APPROVALS and time.monotonic() < end:
            time.sleep(1)
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
        {
            "what": "all results in the chat",
            "value": max(told.values(), default=begun) - begun,
            "unit": "s",
        },
        {"what": "employees named", "value": len(told), "goal": str(_APPROVALS)},
        {"what": "messages that name them", "value": messages},
        {"what": "accounts", "value": len(accounts), "goal": str(_APPROVALS)},
        {"what": "accounts made twice", "value": len(accounts) - len(set(accounts)), "goal": "0"},
    ]


async def _post_all(webhook: str) -> None:
    """Post all approvals from 16 clients, each one after the other on its own connection."""
    numbers = iter(range(_APPROVALS))
    await asyncio.gather(*(_post(webhook, numbers) for _ in range(_CLIENTS)))


async def _post(webhook: str, numbers: Iterator[int]) -> None:
    # As little as can be: the clients run on the cores that are measured.
    url = urlsplit(webhook)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    for number in numbers:
        detail = {"emp_id": f"B{number}", "role": "contractor", "request_id": f"burst-{number}"}
        body = {"source": "dingtalk.approval", "detail-type": "ProvisionRequest", "detail": detail}
        content = json.dumps(body).encode()
        writer.write(
            f"POST {url.path}?{url.query} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise AssertionError(f"approval {number} was answered with {head!r}")
        await reader.readexactly(int(length[1]))
    writer.close()
