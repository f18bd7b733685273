"""The real Pulumi engine on the whole stack, beside a program with two resources.

Both go through the same engine, language host and provider to the same local cloud, in turns: a
command of the one, then the same of the other. A single preview takes a tenth more or less than the
one before, so a goal is judged by many.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.client import Inspector
from tests.e2e.deployed import running_cloud
from tests.e2e.pulumi_project import Project, why_not

_ROUNDS = 3
_PREVIEWS = 5
"""How often each is made in a round."""
_COMMANDS = (
    ("preview of a new stack", "preview", _PREVIEWS),
    ("up from nothing", "up", 1),
    ("preview without a change", "preview", _PREVIEWS),
    ("up without a change", "up", 1),
    ("refresh", "refresh", 1),
    ("destroy", "destroy", 1),
)
_TWO_RESOURCES = """
import pulumi_alicloud as alicloud

bus = alicloud.eventbridge.EventBus("bus", event_bus_name="two")
alicloud.message.ServiceQueue("queue", queue_name="two")
"""


def figures() -> list[dict[str, Any]]:
    """Preview and apply both programs several times; nothing if the engine is not here."""
    if reason := why_not():
        print(f"engine: not measured, {reason}", file=sys.stderr)
        return []
    seconds: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_cloud(Path(folder) / "cloud") as cloud,
    ):
        program = Path(folder) / "two"
        program.mkdir()
        (program / "__main__.py").write_text(_TWO_RESOURCES)
        inspector = Inspector(cloud.endpoint)
        projects = {
            "stack local": Project(Path(folder) / "whole", cloud.endpoint),
            "two resources": Project(Path(folder) / "small", cloud.endpoint, program),
        }
        calls: dict[str, int] = {}
        for number in range(_ROUNDS):
            for what, command, times in _COMMANDS:
                for _ in range(times):
                    for name, project in projects.items():
                        before = sum(inspector.get("calls").values())
                        spent = _seconds(getattr(project, command))
                        seconds.setdefault(f"{what}, {name}", []).append(spent)
                        if number == 0:
                            after = sum(inspector.get("calls").values())
                            calls[f"{what}, {name}"] = after - before
    rows = []
    for what in dict.fromkeys(key.partition(", ")[0] for key in seconds):
        whole, small = (
            statistics.median(seconds[f"{what}, {name}"])
            for name in ("stack local", "two resources")
        )
        goal = "<= 1.5 x peer" if what.startswith("preview") else ""
        rows.append(
            {
                "what": what,
                "value": whole,
                "unit": "s",
                "peer": f"two resources {small:.2f} s ({whole / small:.2f} x)",
                "goal": goal,
            }
        )
        rows.append(
            {
                "what": f"{what}: calls of the provider",
                "value": calls[f"{what}, stack local"],
                "peer": f"two resources {calls[f'{what}, two resources']}",
            }
        )
    return rows


def _seconds(run: Callable[[], object]) -> float:
    begun = time.monotonic()
    run()
    return time.monotonic() - begun
