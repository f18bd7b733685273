"""How fast pushes are answered, warm and cold, against what the platforms wait for.

Real pushes to the public URL of a running loop: HTTP, gateway, the function in its own process, and
for approvals the event on the disk. *Cold* is the first call of a process that has just started;
Function Compute's own start of an instance comes on top of it and is not measured here.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

from demo.loop import Loop
from demo.native import lark_native
from demo.platforms.company import Instance
from demo.platforms.dingtalk import DingTalk
from demo.platforms.lark import Lark
from demo.platforms.pushes import Push, Pusher
from demo.play import CONFIGURATION, deploy, running
from localcloud.environment import Environment

_CLIENT = httpx.Client(trust_env=False, timeout=30)
WARM, COLD, APPROVALS = 200, 15, 25
_APPS = {
    # Milliseconds that the platform waits for the answer to a handshake, and to any other push.
    "dingtalk": (DingTalk, "dingtalk.oa", 1500, 1500),
    "lark": (Lark, "lark.native", 1000, 3000),
}


def figures() -> Iterator[dict[str, Any]]:
    """Measure both platforms' handshakes, and approvals from the push to the message."""
    options = yaml.safe_load(CONFIGURATION.read_text())["extensions"]["platforms"]["options"]
    with tempfile.TemporaryDirectory(prefix="localcloud-bench-") as folder:
        data = Path(folder) / "cloud"
        with running(data) as ready:
            loop = Loop(ready, deploy("mock", ready["endpoint"], Path(folder) / "state"))
            urls = loop.outputs["approval_urls"]
            for name, (kind, source, limit, push_limit) in _APPS.items():
                app = kind(options[name], Environment(), Pusher(time.time))
                app.url = urls[source]
                handshake = app.handshake(urls[source])
                _measured(handshake)  # the instance that is kept ready
                warm = [_measured(handshake) for _ in range(WARM)]
                yield _figure(f"{name}: handshake, warm", warm, limit)
                yield _figure(f"{name}: handshake, cold", _cold(loop, handshake), limit)
                code = "PROC-LOCAL-ACCESS" if name == "dingtalk" else "LOCAL-ACCESS-CODE"
                pushes = [
                    app.decided(Instance(f"x{n}", code, "", {}, time.time())) for n in range(WARM)
                ]
                taken = [*map(_measured, pushes)]
                yield _figure(f"{name}: approval taken, warm", taken, push_limit)
            yield from _push_to_message(loop)


def _measured(push: Push) -> float:
    """Return the milliseconds until a push was answered as the platform wants it."""
    url, headers, body = push.make()
    began = time.perf_counter()
    answer = _CLIENT.post(url, content=body, headers=headers)
    spent = (time.perf_counter() - began) * 1000
    if not push.is_taken(answer):
        raise RuntimeError(f"not taken: {answer.status_code} {answer.text[:200]}")
    return spent


def _cold(loop: Loop, push: Push) -> list[float]:
    """Measure first calls: each change of the function ends the processes that it had."""
    function = loop.outputs["functions"]["receive-approval"]
    found = []
    loop.api.fc("PUT", f"/functions/{function}/provision-config?qualifier=LATEST", {"target": 0})
    for number in range(COLD):
        loop.api.fc("PUT", f"/functions/{function}", {"description": f"cold {number}"})
        found.append(_measured(push))
    loop.api.fc("PUT", f"/functions/{function}/provision-config?qualifier=LATEST", {"target": 1})
    return found


def _push_to_message(loop: Loop) -> Iterator[dict[str, Any]]:
    """Measure from the platform's push to the message in the chat, less the script's own time."""
    list(lark_native(loop))
    spent: list[float] = []
    for number in range(APPROVALS):
        seen = loop.last_message("people")
        form = {"employee": f"B{number}", "role": "auditor"}
        asked = {"definition": "LOCAL-ACCESS-CODE", "by": "ou_lilei", "form": form}
        instance = loop.inspector.post("platforms/lark/approvals", asked)["instance"]
        began = time.perf_counter()
        path = f"platforms/lark/approvals/{instance}/approve"
        loop.inspector.post(path, {"by": "ou_boss"})
        loop.next_message("people", seen)
        seconds = time.perf_counter() - began
        (run,) = (i for i in loop.invocations() if f"B{number}" in json.dumps(i["parameters"]))
        spent.append((seconds - run["seconds"]) * 1000)
        time.sleep(1.2)  # a robot of Lark takes sixty messages a minute
    yield _figure("push to message, less the script", spent, None)


def _figure(what: str, found: list[float], limit: int | None) -> dict[str, Any]:
    ranked = sorted(found)
    p50, p99 = statistics.median(ranked), ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
    goal = f"p99 below {limit} ms" if limit else ""
    return {"what": f"{what} (p50 {p50:.0f} ms)", "value": p99, "unit": "ms p99", "goal": goal}
