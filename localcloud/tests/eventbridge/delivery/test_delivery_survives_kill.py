"""What was accepted survives kill -9 and is delivered after a restart."""

import json
import random
import subprocess
import sys
from pathlib import Path

from lab import environment
from lab.eventbridge import Lab, function_target, tell
from localcloud.eventbridge.delivery.target import Parcel

KILLS = 6


def run_until_killed(state: Path, delivered: Path, prefix: str, lines: int) -> list[str]:
    """Let a process publish, kill it after some events; give the events that it vouched for."""
    command = [sys.executable, "-m", "lab.killed_publisher"]
    with subprocess.Popen(
        [*command, str(state), str(delivered), prefix],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout
        vouched = [process.stdout.readline().strip() for _ in range(lines)]
        process.kill()
        rest = process.stdout.read().split("\n")
    return [*vouched, *[line for line in rest[:-1] if line]]


def test_nothing_that_was_accepted_is_lost(tmp_path: Path) -> None:
    """Killed at random moments of a burst, every event that was durable reaches its target."""
    state, delivered = tmp_path / "state.sqlite", tmp_path / "delivered"
    chance = random.Random(20260101)

    async def set_up(lab: Lab) -> None:
        await lab.call(
            "CreateRule",
            EventBusName="default",
            RuleName="r",
            FilterPattern='{"source":["s"]}',
            EventTargets=json.dumps([function_target()]),
        )

    tell(state, set_up)
    vouched = [
        event
        for kill in range(KILLS)
        for event in run_until_killed(state, delivered, str(kill), chance.randint(1, 60))
    ]

    async def finish(lab: Lab) -> None:
        async def deliver(parcel: Parcel) -> str:
            with delivered.open("a") as file:
                file.write(f"{parcel.event['id']}\n")
            return "delivered"

        lab.dispatcher._senders = {"acs.fc.function": deliver}
        await lab.dispatcher.drain()
        await lab.store.flush()
        (row,) = lab.store.read("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'")
        assert 0 == row["n"]

    tell(state, finish)
    arrived = delivered.read_text().split()
    assert len(vouched) >= KILLS
    assert [] == [event for event in vouched if event not in arrived]
