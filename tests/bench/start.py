"""How long ``localcloud serve`` takes until it is ready, and the memory that it holds when idle."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_RUNS = 7
_IDLE_SECONDS = 1.0


def figures() -> list[dict[str, Any]]:
    """Start it several times on new folders; give the medians."""
    # As for anybody: byte code is kept from the first start on, which is not counted.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    seconds, memory = [], []
    for _ in range(_RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "localcloud", "serve", "--port", "0", "--data", folder]
            begun = time.perf_counter()
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, env=environment
            ) as server:
                assert server.stdout is not None
                server.stdout.readline()
                seconds.append(time.perf_counter() - begun)
                time.sleep(_IDLE_SECONDS)
                memory.append(_resident_mib(server.pid))
                server.terminate()
    return [
        {
            "what": "serve, process start to ready",
            "value": statistics.median(seconds[1:]),
            "unit": "s",
            "goal": "<= 0.5",
        },
        {
            "what": "idle memory (resident)",
            "value": statistics.median(memory),
            "unit": "MiB",
            "goal": "<= 80",
        },
    ]


def _resident_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
