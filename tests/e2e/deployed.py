"""The loop of stack ``local`` in a running local cloud."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.loop import Loop
from demo.play import CONFIGURATION, PROJECT
from lab import running_cloud as lab
from lab.running_cloud import RunningCloud

ROOT = PROJECT


@contextmanager
def running_cloud(data: Path, *arguments: str) -> Iterator[RunningCloud]:
    """Run a local cloud with the chats of stack ``local`` for as long as the block takes."""
    with lab.running_cloud(data, *arguments, config=CONFIGURATION) as cloud:
        yield cloud


def deploy(cloud: RunningCloud) -> Loop:
    """Apply stack ``local`` without an engine."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", "deploy", "--endpoint", cloud.endpoint],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return Loop(cloud.ready, json.loads(done.stdout))
