"""Play histories: ``python -m tests.simulation --seeds 1000``, or one of them with ``--seed 7``."""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("tests.simulation.__main__", "simulate")


import contextlib
import io
import time
from collections import Counter
from typing import Annotated

import typer

from localcloud.commandline.progress import progress
from tests.simulation.invariants import violations
from tests.simulation.world import World

_SHOWN = 5


def main(
    seeds: Annotated[int, typer.Option(min=1, help="How many histories.")] = 1000,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    seed: Annotated[int | None, typer.Option(help="One history, step by step.")] = None,
    without_moments: Annotated[
        bool, typer.Option("--without-moments", help="Hosts as they were before moments.")
    ] = False,
) -> int:
    """Play histories of the loop; ends with 1 if an invariant does not hold in one of them."""
    if seed is not None:
        world = World(seed, obeys_moments=not without_moments, trace=print)
        world.play()
        found = list(violations(world))
        print("\n".join(found) or "every invariant holds")
        return bool(found)
    began = time.monotonic()
    faults: Counter[str] = Counter()
    failed: list[str] = []
    with progress(f"playing {seeds} histories"):
        for number in range(first, first + seeds):
            world = World(number, obeys_moments=not without_moments)
            with contextlib.redirect_stdout(io.StringIO()):  # the function's log
                world.play()
            faults += world.faults
            if found := list(violations(world)):
                failed.append(f"seed {number}: {'; '.join(found)}")
    print(*failed[:_SHOWN], sep="\n", end="\n" if failed else "")
    seconds = time.monotonic() - began
    print(f"{seeds} histories in {seconds:.1f} s, {len(failed)} with a violation")
    print(", ".join(f"{fault}: {count}" for fault, count in sorted(faults.items())))
    return bool(failed)
