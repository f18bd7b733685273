"""The README's first command."""

import json
import subprocess
import sys

from demo.play import PROJECT
from demo.scenarios import SCENARIOS


def test_the_demonstration_is_as_it_should_be() -> None:
    """Every scenario, on whatever isolation this machine has."""
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["scenarios"]) == len(SCENARIOS)
