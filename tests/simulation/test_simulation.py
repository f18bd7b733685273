"""A short run of the simulation; ``make simulate`` plays as many histories as one likes."""

from collections import Counter

import pytest

from tests.simulation.invariants import violations
from tests.simulation.world import World

HISTORIES = 300


def played(seed: int, *, obeys_moments: bool = True) -> World:
    """Play one history."""
    world = World(seed, obeys_moments=obeys_moments)
    world.play()
    return world


def test_every_invariant_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """In each history; and each kind of fault happened."""
    faults: Counter[str] = Counter()
    for seed in range(HISTORIES):
        world = played(seed)
        assert (seed, list(violations(world))) == (seed, [])
        faults += world.faults
    # Rare: "a later post got through first".
    assert set(faults) >= {
        "crash after the call",
        "delivered twice",
        "package is missing",
        "posted again",
        "same token",
        "shown late",
        "slow host",
        "throttled",
    }


def test_it_finds_what_it_is_for() -> None:
    """Hosts that know no moments end with an older word in many histories."""
    found = [seed for seed in range(100) if list(violations(played(seed, obeys_moments=False)))]
    assert len(found) > 10


def test_a_seed_is_a_history() -> None:
    """The same steps, every time."""
    told: list[list[str]] = []
    for _ in range(2):
        steps: list[str] = []
        World(7, trace=steps.append).play()
        told.append(steps)
    assert told[0] == told[1] != []
