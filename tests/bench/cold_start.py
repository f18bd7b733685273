"""Measures how long each function takes from the start of its process until it could serve.

Run as a program it prints JSON: for each function the median milliseconds

- ``imported``: process start until the handler is imported,
- ``connected``: the same, and everything that the first API call imports as well,

each as Function Compute finds an archive, without byte code (``source``), and with it
(``bytecode``). ``interpreter`` is a process that does nothing. ``official_sdks`` imports Alibaba
Cloud's own clients for the same work, with their byte code: a function cannot have them cheaper.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("run_command", "publish_result", "post_to_chat", "call_http_api")

NOTHING = "pass"
OFFICIAL = (
    "import alibabacloud_ecs20140526.client, alibabacloud_ecs20140526.models;"
    "import alibabacloud_eventbridge.client, alibabacloud_eventbridge.models"
)
HANDLER = "from functions.{function}.handler import handler"
CONNECTED = HANDLER + ";import http.client, ssl, urllib.parse;ssl.create_default_context()"


def start(code: str, archive: Path, cache: Path, *, writes_bytecode: bool = False) -> None:
    """Run a program in a process of its own; it finds byte code in the cache and nowhere else."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"PYTHONPATH": str(archive), "PYTHONPYCACHEPREFIX": str(cache)}
    if not writes_bytecode:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=archive)


def measure(runs: int) -> dict[str, object]:
    """Measure all programs in turns, so that a busy moment of the machine meets each of them."""
    with tempfile.TemporaryDirectory() as folder:
        cache, source, bytecode = (Path(folder, n) for n in ("cache", "source", "bytecode"))
        for archive in (source, bytecode):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "functions", archive / "functions", ignore=ignored)

        programs = {
            ("interpreter", ""): (NOTHING, source),
            ("official_sdks", ""): (OFFICIAL, source),
        }
        for function in FUNCTIONS:
            for kind, archive in (("source", source), ("bytecode", bytecode)):
                for name, code in (("imported", HANDLER), ("connected", CONNECTED)):
                    key = (function, f"{name}_{kind}")
                    programs[key] = (code.format(function=function), archive)
        # Once beforehand with everything but the bare archives: the standard library, the SDKs.
        for code, archive in programs.values():
            if archive is bytecode or code is OFFICIAL:
                start(code, archive, cache, writes_bytecode=True)

        times: dict[tuple[str, str], list[float]] = {key: [] for key in programs}
        for _ in range(runs):
            for key, (code, archive) in programs.items():
                begun = time.perf_counter()
                start(code, archive, cache)
                times[key].append((time.perf_counter() - begun) * 1000)

    medians = {key: round(statistics.median(found), 1) for key, found in times.items()}
    official = medians["official_sdks", ""]
    return {
        "unit": "ms",
        "runs": runs,
        "python": sys.version.split()[0],
        "interpreter": medians["interpreter", ""],
        "official_sdks": official,
        "functions": {
            function: {
                **{name: ms for (f, name), ms in medians.items() if f == function},
                "share_of_official_sdks": round(
                    medians[function, "connected_source"] / official, 2
                ),
            }
            for function in FUNCTIONS
        },
    }


def figures() -> list[dict[str, Any]]:
    """Return the cold start of each function beside that of the official SDKs."""
    found: dict[str, Any] = measure(7)
    official = found["official_sdks"]
    return [
        {
            "what": f"{function}, process start to ready",
            "value": values["connected_source"],
            "unit": "ms",
            "peer": f"official SDKs {official:,.0f} ms",
            "goal": "<= half of the peer",
        }
        for function, values in found["functions"].items()
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Cold start of the functions, as JSON.")
    parser.add_argument("--runs", type=int, default=11, help="how often each is started")
    print(json.dumps(measure(parser.parse_args().runs), indent=2))


if __name__ == "__main__":
    main()
