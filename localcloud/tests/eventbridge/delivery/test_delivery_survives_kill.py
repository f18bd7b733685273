"""What was accepted survives kill -9 and is delivered after a restart."""

import json
import random
import subprocess
import sys
from pathlib import Path

from lab import environment
from lab.eventbridge import EventBridgeLab, function_target
from localcloud.eventbridge.delivery.target import DeliveryRequest

KILLS = 6


def run_until_killed(folder: Path, delivered: Path, prefix: str, lines: int) -> list[str]:
    """Let a process publish, kill it after some events; give the events that it vouched for."""
    command = [sys.executable, "-m", "lab.killed_publisher"]
    with subprocess.Popen(
        [*command, str(folder), str(delivered), prefix],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout
        vouched = [process.stdout.readline().strip() for _ in range(lines)]
        process.kill()
        rest = process.stdout.read().split("\n")
    return [*vouched, *[line for line in rest[:-1] if line]]


async def test_nothing_that_was_accepted_is_lost(tmp_path: Path) -> None:
    """Killed at random moments of a burst, every event that was durable reaches its target."""
    delivered = tmp_path / "delivered"
    chance = random.Random(20260101)
    async with EventBridgeLab(tmp_path) as lab:
        await lab.call(
            "CreateRule",
            EventBusName="default",
            RuleName="r",
            FilterPattern='{"source":["s"]}',
            EventTargets=json.dumps([function_target()]),
        )
    vouched = [
        event
        for kill in range(KILLS)
        for event in run_until_killed(tmp_path, delivered, str(kill), chance.randint(1, 60))
    ]

    async def deliver(request: DeliveryRequest) -> str:
        with delivered.open("a") as file:
            file.write(f"{request.event['id']}\n")
        return "delivered"

    async with EventBridgeLab(tmp_path) as lab:
        lab.dispatcher._senders = {"acs.fc.function": deliver}
        await lab.dispatcher.drain()
        await lab.store.flush()
        (row,) = lab.store.read("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'")
        assert row["n"] == 0
    arrived = delivered.read_text().split()
    assert len(vouched) >= KILLS
    assert [event for event in vouched if event not in arrived] == []
