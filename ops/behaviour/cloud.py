"""A local cloud that runs no script, with one revision's loop deployed into it."""

import json
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from localcloud import running as local_clouds
from localcloud.commandline import children
from localcloud.commandline.environment import clean
from localcloud.commandline.errors import UserError
from ops.project import LOCAL_CLOUD, PROJECT, packages_of


class NoCloud(UserError):
    """A revision could not be deployed."""


def running() -> AbstractContextManager[dict[str, Any]]:
    """Run a dry local cloud on a free port; yield its ready line."""
    options = ("--instances", "4", "--dry-run", "--no-chat-rate-limit")
    return local_clouds.running(*options, "--config", str(LOCAL_CLOUD), env=_environment(PROJECT))


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
    command = [sys.executable, "-c", _DEPLOY]
    done = children.finished(
        command, cwd=tree, env=_environment(tree), text=json.dumps(ready), catch_errors=True
    )
    if done.exit_code:
        reason = done.errors.strip()[-2000:]
        raise NoCloud(f"cannot deploy the revision in {tree.name}: {reason}")
    outputs: dict[str, Any] = json.loads(done.output)
    return outputs


def _environment(tree: Path) -> dict[str, str]:
    # The folder comes before whatever is installed: each revision runs its own packages.
    return {**clean(os.environ), "PYTHONPATH": packages_of(tree), "PYTHONDONTWRITEBYTECODE": "1"}
