"""A short run of the simulation; ``make simulate`` plays as many histories as one likes."""

import re
from collections import Counter

import pytest

from tests.simulation.invariants import violations
from tests.simulation.world import World

HISTORIES = 200
FAULTS = {
    "announced twice",
    "asked again",
    "by hand",
    "clock skew",
    "crash",
    "dated ahead",
    "delivered twice",
    "host released",
    "host stopped",
    "killed",
    "never ends",
    "no token",
    "not delivered",
    "package missing",
    "posted again",
    "received twice",
    "records gone",
    "refused as a whole",
    "replayed",
    "same token",
    "shown late",
    "slow host",
    "state shown late",
    "throttled",
}
RARELY_MATTERS = {"clock skew", "host released", "received twice"}
"""Not in each two hundred histories."""


def played(seed: int, *old: str) -> World:
    """Play one history."""
    world = World(seed, frozenset(old))
    world.play()
    return world


def test_every_invariant_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """In each history; and each kind of fault happened, and something went another way for it."""
    faults: Counter[str] = Counter()
    mattered: Counter[str] = Counter()
    for seed in range(HISTORIES):
        world = played(seed)
        assert (seed, list(violations(world))) == (seed, [])
        faults += world.faults
        mattered += world.mattered
    assert set(faults) == FAULTS
    assert set(mattered) >= FAULTS - RARELY_MATTERS


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ("moments", r"E\d has role 'devops' on i-\d, and the newest word there is deprovision"),
        ("future", r"i-\d was told to believe a word from the future"),
        ("attempts", r"req-\d failed, was made again, and did not run again"),
        ("identity", r"req-\d of E\d was told in another chat than its own"),
    ],
)
def test_it_finds_what_it_is_for(
    capsys: pytest.CaptureFixture[str], old: str, expected: str
) -> None:
    """What the loop did before it knew better is found within a hundred histories."""
    found = (violation for seed in range(100) for violation in violations(played(seed, old)))
    assert any(re.match(expected, violation) for violation in found)


def test_a_seed_is_a_history(capsys: pytest.CaptureFixture[str]) -> None:
    """The same steps, every time."""
    told: list[list[str]] = []
    for _ in range(2):
        steps: list[str] = []
        World(7, trace=steps.append).play()
        told.append(steps)
    assert told[0] == told[1] != []
