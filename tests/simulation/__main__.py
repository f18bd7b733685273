"""Play histories: ``python -m tests.simulation --seeds 1000``, or one of them with ``--seed 7``."""

import argparse
import contextlib
import io
import sys
import time
from collections import Counter

from tests.simulation.invariants import violations
from tests.simulation.world import World


def main() -> int:
    """Return 1 if an invariant does not hold in some history."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="one history, told step by step")
    parser.add_argument(
        "--without-moments", action="store_true", help="hosts as they were before moments"
    )
    given = parser.parse_args()
    if given.seed is not None:
        world = World(given.seed, obeys_moments=not given.without_moments, trace=print)
        world.play()
        found = list(violations(world))
        print("\n".join(found) or "every invariant holds")
        return bool(found)
    began = time.monotonic()
    faults: Counter[str] = Counter()
    failed: list[int] = []
    for seed in range(given.first, given.first + given.seeds):
        world = World(seed, obeys_moments=not given.without_moments)
        with contextlib.redirect_stdout(io.StringIO()):  # the function's log
            world.play()
        faults += world.faults
        if found := list(violations(world)):
            failed.append(seed)
            if len(failed) <= 5:
                print(f"seed {seed}: {'; '.join(found)}")
    seconds = time.monotonic() - began
    print(f"{given.seeds} histories in {seconds:.1f} s, {len(failed)} with a violation")
    print(", ".join(f"{fault}: {count}" for fault, count in sorted(faults.items())))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
