"""The README's first command."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from demo.play import PROJECT
from demo.scenarios import SCENARIOS
from lab.waiting import wait_for


def test_the_demonstration_is_as_it_should_be(tmp_path: Path) -> None:
    """Every scenario, on whatever isolation this machine has; then a link to each until Ctrl-C."""
    said = tmp_path / "stderr"
    with (
        said.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "demo", "--json", "--stay"],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            # A suite that runs in the background hands on that Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        ) as process,
    ):
        try:
            assert process.stdout
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "}\n":
                    break
            played = json.loads("".join(lines) or "{}")
            assert [s["title"] for s in played.get("scenarios", ()) if not s["ok"]] == []
            assert len(played["scenarios"]) == len(SCENARIOS), said.read_text()
            wait_for(lambda: "LOCALCLOUD_ENDPOINT=" in said.read_text(), "the links")
            assert said.read_text().count("/#/requests/") == len(SCENARIOS)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.terminate()
