"""A local cloud that runs no script, with one revision's loop deployed into it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class NoCloud(Exception):
    """The local cloud did not start, or the revision could not be deployed."""


@contextmanager
def running(project: Path) -> Iterator[dict[str, Any]]:
    """Run a dry local cloud on a free port; give its ready line."""
    command = ["serve", "--port", "0", "--instances", "4", "--dry-run", "--no-chat-rate-limit"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "localcloud", *command],
        cwd=project,
        env=_environment(project),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                raise NoCloud("the local cloud did not start; its error is above")
            yield json.loads(line)
        finally:
            server.terminate()


# Not the command: that of revisions before each cloud had a key of its own can't be told the key.
_DEPLOY = """
import json, sys
from localcloud.deploy import run
ready = json.load(sys.stdin)
outputs = run(
    ready["endpoint"],
    access_key_id=ready["access_key_id"],
    access_key_secret=ready["access_key_secret"],
)
print(json.dumps(outputs))
"""


def deploy(tree: Path, ready: dict[str, Any]) -> dict[str, Any]:
    """Apply stack ``local`` of the revision in a folder, with that revision's own code."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _DEPLOY],
        input=json.dumps(ready),
        cwd=tree,
        env=_environment(tree),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoCloud(f"cannot deploy the revision in {tree.name}: {done.stderr.strip()[-2000:]}")
    outputs: dict[str, Any] = json.loads(done.stdout)
    return outputs


def _environment(tree: Path) -> dict[str, str]:
    # The folder comes before whatever is installed: each revision runs its own packages.
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
