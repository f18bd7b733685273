"""The simulation's model of a host says what the real scripts do.

A few sequences here; ``python -m tests.simulation --sequences 1000`` plays as many as one likes.
"""

from pathlib import Path

import pytest

from tests.simulation.sequences import play

SEQUENCES = 10


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_the_model_is_the_script(tmp_path: Path, seed: int) -> None:
    """Words in any order, twice, failing, and killed in the middle."""
    assert list(play(seed, tmp_path / "host")) == []
