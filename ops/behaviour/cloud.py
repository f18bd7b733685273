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


# How a revision words each of its results. A chat is told several in one message where many come
# at once, which depends on the moment and so is not compared.
_WORDS = """
import json, sys
from functions.platforms import platform
from functions.platforms.base import ChatPlatform
from functions.report import i18n, messages, result
from functions.request.deployment import Language

def text(detail, chat):
    style = messages.Style(ChatPlatform(chat), i18n.words(language))
    message = messages.build(result.read(detail), style, "")
    return platform(style.platform).text_of(message)

told = {}
for event in json.load(sys.stdin):
    for language in Language:
        try:
            words = text(event["detail"], event["platform"])
        except Exception as error:
            words = f"no message can be made of it: {type(error).__name__}"
        told.setdefault(event["id"], []).append(words)
print(json.dumps(told))
"""


def worded(tree: Path, results: list[dict[str, Any]]) -> dict[str, str]:
    """Return what a revision says of results, in each of its languages.

    Args:
        tree: The folder of the revision.
        results: ``id``, ``detail`` and the chat's ``platform`` of each.

    Returns:
        The text by the result's id; nothing if the revision words its results elsewhere.
    """
    command = [sys.executable, "-c", _WORDS]
    done = children.finished(
        command, cwd=tree, env=_environment(tree), text=json.dumps(results), catch_errors=True
    )
    if done.exit_code:
        return {}
    return {event: "\n\n".join(texts) for event, texts in json.loads(done.output).items()}


def _environment(tree: Path) -> dict[str, str]:
    # The folder comes before whatever is installed: each revision runs its own packages.
    return {**clean(os.environ), "PYTHONPATH": packages_of(tree)}
