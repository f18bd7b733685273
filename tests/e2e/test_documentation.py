"""The commands of the documents that need a running local cloud, typed as they stand there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from localcloud.commandline.environment import clean
from tests.documents import Command, commands, documents
from tests.e2e.deployed import ROOT

_NOT_RUN = {"serve", "demo", "conformance"}
"""What has tests of its own and goes on for long: only asked for its help."""


def _type(cloud: RunningCloud, text: str, **environment: str) -> str:
    """Run a line in a shell, as a reader does; give what it prints."""
    done = subprocess.run(
        # The environment that the tests run in, whatever it is called.
        ["bash", "-c", f"set -o pipefail; {text.replace('.venv/', f'{sys.prefix}/')}"],
        env={
            **clean(os.environ),
            "LOCALCLOUD_ENDPOINT": cloud.endpoint,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme(cloud: RunningCloud, loop: Loop, readme: str) -> None:
    """The README's walk gives an account and shows it: deploy, approve, trace, chat, runs, log."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    walk = [
        c
        for c in commands(readme)
        if c.is_shown and (c.program == "localcloud" or c.words[:2] == ["make", "approve"])
    ]
    # The environment that the tests run in is left as it is.
    typed = {c.words[1]: c.text.replace("make ", "make -o venv ", 1) for c in walk}
    printed = {name: _type(cloud, text, VENV=sys.prefix) for name, text in typed.items()}
    loop.settle()
    assert list(printed) == ["deploy", "approve", "trace", "chat", "invocations", "logs"]
    assert json.loads(printed["deploy"])["webhooks"]["dingtalk.approval"]
    assert "Success on i-local0001" in printed["approve"]
    assert "E123" in printed["chat"]
    assert "told in ops" in printed["trace"]
    assert "Success" in printed["invocations"]
    assert printed["logs"].strip()


_OTHERS = dict.fromkeys(
    command
    for document in documents()
    for command in commands(document)
    if command.program == "localcloud" and not (command.is_shown and document.startswith("README"))
)


@pytest.mark.parametrize("command", _OTHERS, ids=str)
def test_others(cloud: RunningCloud, loop: Loop, command: Command) -> None:
    """Whatever else the documents say of ``localcloud`` works; one that is cut short has help."""
    text = command.text.removeprefix(".venv/bin/")
    name, *arguments = command.words[1:]
    if name in _NOT_RUN or (not command.is_shown and not arguments):
        text = f"localcloud {name} --help"
        assert all(option in _type(cloud, text) for option in arguments if option.startswith("--"))
        return
    _type(cloud, text)
    if name == "fault":
        _type(cloud, f"localcloud fault {arguments[0]} --times 0")
