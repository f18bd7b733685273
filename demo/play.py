"""Starts a local cloud, deploys the loop into it, plays the scenarios and judges them."""

import json
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from demo.judgement import Played, Scenario
from demo.loop import Loop
from demo.report import Report
from demo.scenarios import SCENARIOS
from localcloud import running as local_clouds
from localcloud.client import page_of
from localcloud.commandline import children
from localcloud.commandline.errors import UserError

PROJECT = Path(__file__).resolve().parents[1]
CONFIGURATION = Path(__file__).with_name("localcloud.yaml")
"""The chats, the HR system and the instances of the company."""
_EVENTS = 1000


class DemoFailed(UserError):
    """The demonstration could not even begin."""


def play(*, as_json: bool, engine: str, stay: bool = False) -> int:
    """Run the demonstration; return 0 only if everything was as expected.

    With ``stay`` the local cloud is kept until Ctrl-C, and each story has a link to its page.
    """
    report = Report(as_json=as_json)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="localcloud-demo-") as folder:
        report.begin("starting a local cloud")
        with running(Path(folder) / "cloud", "--instances", "6") as ready:
            report.began(ready)
            report.begin(f"deploying stack local ({engine})")
            outputs = deploy(engine, ready["endpoint"], Path(folder) / "state")
            report.deployed(outputs)
            loop = Loop(ready, outputs)
            played = []
            for scenario in SCENARIOS:
                report.begin(scenario.title)
                played.append(play_one(loop, scenario))
                report.played(played[-1])
            report.hosts(loop)
            report.end(played, time.monotonic() - started)
            if not stay:
                report.left()
            else:
                report.staying(loop.endpoint, _links(loop, played))
                with suppress(KeyboardInterrupt):
                    threading.Event().wait()
    return 0 if all(p.is_right for p in played) else 1


def _links(loop: Loop, played: list[Played]) -> list[tuple[str, str]]:
    """Return each story with the page of the request that it began with."""
    return [
        (one.title, page_of(loop.endpoint, loop.inspector.get(f"requests/{first}")["id"]))
        for one in played
        for first in [event["id"] for event in one.events[:1]]
    ]


def running(data: Path, *options: str) -> AbstractContextManager[dict[str, Any]]:
    """Run the company's local cloud on a free port; yield its ready line."""
    return local_clouds.running("--data", str(data), "--config", str(CONFIGURATION), *options)


def deploy(engine: str, endpoint: str, state: Path) -> dict[str, Any]:
    """Apply stack ``local``, with or without the Pulumi engine; return its outputs.

    The engine's state goes into a folder of its own: the cloud that it describes soon ends.
    """
    if engine == "mock":
        from localcloud.deploy import run  # noqa: PLC0415 - Pulumi takes most of a second to load

        return run(endpoint, folder=PROJECT)
    command = [sys.executable, "-m", "ops", "up", "--stack", "local", "--json"]
    up = children.finished([*command, "--endpoint", endpoint, "--state", str(state)])
    if up.exit_code:
        raise DemoFailed("pulumi up failed; its error is above")
    outputs: dict[str, Any] = json.loads(up.output)
    return outputs


def play_one(loop: Loop, scenario: Scenario) -> Played:
    """Play a scenario and gather what came of it."""
    known = {e["id"] for e in loop.events(_EVENTS)}
    numbers = {chat: loop.last_message(chat) for chat in scenario.chats}
    played = Played(scenario.title)
    started = time.monotonic()
    try:
        for check in scenario.play(loop):
            played.checks.append(check)
        loop.settle()
    except UserError as problem:
        played.failure = str(problem)
    played.seconds = time.monotonic() - started
    played.events = [e for e in loop.events(_EVENTS) if e["id"] not in known]
    for chat, number in numbers.items():
        played.messages += [{"chat": chat, **m} for m in loop.messages(chat, number)]
    return played
