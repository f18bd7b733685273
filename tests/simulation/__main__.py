"""Play histories: ``python -m tests.simulation --seeds 1000``, or one of them with ``--seed 7``."""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("tests.simulation.__main__", "simulate")


import contextlib
import io
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from localcloud.commandline.progress import progress
from tests.simulation import sequences as sequences_of
from tests.simulation.invariants import violations
from tests.simulation.platform import reading_of
from tests.simulation.world import OLD, World

_SHOWN = 5


def main(
    seeds: Annotated[int, typer.Option(min=1, help="How many histories.")] = 1000,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    seed: Annotated[int | None, typer.Option(help="One history, step by step.")] = None,
    old: Annotated[
        list[str] | None, typer.Option(help=f"What the loop is to forget again: {', '.join(OLD)}.")
    ] = None,
    sequences: Annotated[
        int, typer.Option(help="Instead: sequences for the real scripts and their model.")
    ] = 0,
) -> int:
    """Play histories of the loop; ends with 1 if an invariant does not hold in one of them."""
    forgets = frozenset(old or ())
    if unknown := forgets - set(OLD):
        raise typer.BadParameter(f"{', '.join(unknown)}: accepted are {', '.join(OLD)}")
    if sequences:
        return _compare(range(first, first + sequences))
    if seed is not None:
        return _tell(seed, forgets)
    return _play(range(first, first + seeds), forgets)


def _tell(seed: int, forgets: frozenset[str]) -> int:
    """Play one history step by step."""
    world = World(seed, forgets, trace=print, reading=reading_of(seed))
    print(f"events reach functions by {world.reading}")
    world.play()
    found = list(violations(world))
    print("\n".join(found) or "every invariant holds")
    return bool(found)


def _play(seeds: range, forgets: frozenset[str]) -> int:
    """Play histories, and say how often which fault happened and mattered."""
    began = time.monotonic()
    faults: Counter[str] = Counter()
    mattered: Counter[str] = Counter()
    failed: list[str] = []
    with progress(f"playing {len(seeds)} histories") as say:
        for number in seeds:
            world = World(number, forgets, reading=reading_of(number))
            with contextlib.redirect_stdout(io.StringIO()):  # the functions' log
                world.play()
            faults += world.faults
            mattered += world.mattered
            if found := list(violations(world)):
                failed.append(f"seed {number} ({world.reading}): {'; '.join(found)}")
            say(f"played {number + 1 - seeds.start} of {len(seeds)} histories")
    print(*failed[:_SHOWN], sep="\n", end="\n" if failed else "")
    seconds = time.monotonic() - began
    print(f"{len(seeds)} histories in {seconds:.1f} s, {len(failed)} with a violation")
    for fault in sorted(faults):
        print(f"{fault:20} {faults[fault]:>9}  mattered {mattered[fault]:>9}")
    return bool(failed)


def _compare(seeds: range) -> int:
    """Play sequences on the real scripts and on their model."""
    began = time.monotonic()
    exits: Counter[int] = Counter()
    failed: list[str] = []
    with progress(f"playing {len(seeds)} sequences") as say:
        for number in seeds:
            with tempfile.TemporaryDirectory() as folder:
                failed += sequences_of.play(number, Path(folder) / "host", exits)
            say(f"played {number + 1 - seeds.start} of {len(seeds)} sequences")
    print(*failed[:_SHOWN], sep="\n", end="\n" if failed else "")
    seconds = time.monotonic() - began
    print(f"{len(seeds)} sequences in {seconds:.1f} s, {len(failed)} differ from the model")
    print(", ".join(f"exit {code}: {count}" for code, count in sorted(exits.items())))
    return bool(failed)
