"""A short run of the simulation; ``make simulate`` plays as many histories as one likes."""

import contextlib
import io
import re
from collections import Counter
from typing import NamedTuple

import pytest

from tests.simulation.invariants import violations
from tests.simulation.platform import DIRECT, READINGS, Reading
from tests.simulation.world import World

HISTORIES = 40
"""Under each reading."""
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
    "wake lost",
}
RARELY_MATTERS = {"clock skew", "host released", "received twice"}
"""Not in each two hundred histories."""


class Played(NamedTuple):
    """What histories under one reading came to."""

    violations: list[tuple[int, list[str]]]
    faults: Counter[str]
    mattered: Counter[str]


def played(seed: int, *old: str, reading: Reading = DIRECT) -> World:
    """Play one history."""
    world = World(seed, frozenset(old), reading=reading)
    world.play()
    return world


@pytest.fixture(scope="module")
def histories() -> dict[Reading, Played]:
    """Play some under each reading; what the functions log is not looked at."""
    found: dict[Reading, Played] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for reading in READINGS:
            worlds = [played(seed, reading=reading) for seed in range(HISTORIES)]
            found[reading] = Played(
                [(world.seed, wrong) for world in worlds if (wrong := list(violations(world)))],
                sum((world.faults for world in worlds), Counter()),
                sum((world.mattered for world in worlds), Counter()),
            )
    return found


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_every_invariant_holds(histories: dict[Reading, Played], reading: Reading) -> None:
    """In each history, however events reach functions and whatever is made of an exception."""
    assert histories[reading].violations == []


def test_every_fault_happens_and_matters(histories: dict[Reading, Played]) -> None:
    """In some history something went another way for it."""
    assert set(sum((each.faults for each in histories.values()), Counter())) == FAULTS
    mattered = set(sum((each.mattered for each in histories.values()), Counter()))
    assert mattered >= FAULTS - RARELY_MATTERS


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ("moments", r"E\d has role 'devops' on i-\d, and the newest word there is deprovision"),
        ("future", r"i-\d was told to believe a word from the future"),
        ("attempts", r"req-\d failed, was made again, and did not run again"),
        ("identity", r"req-\d of E\d was told in another chat than its own"),
        ("keeps", r"req-\d of E\d was accepted and nobody was told"),
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
