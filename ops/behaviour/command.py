"""Show what a change does to recorded events: ``python -m ops behaviour --base main``.

The base is a commit, the head is this checkout as it is. Each is deployed into a local cloud of
its own that runs no script, gets all events, and is asked what became of them.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from localcloud.commandline.progress import progress
from ops import revision
from ops.behaviour import cloud, report
from ops.behaviour.difference import Difference, compare
from ops.behaviour.play import Player
from ops.behaviour.record import Record, gathered, records
from ops.behaviour.samples import Sample, load
from ops.project import PROJECT

DECISIVE = (
    "Pulumi.yaml",
    "Pulumi.local.yaml",
    "components",
    "functions",
    "requirements.lock",
    "scripts/provision",
    "stacks",
)
"""What makes the loop behave as it does. The local cloud is not among it: it judges both."""


def run(
    base: str, head: Path, events: Path, *, number: int, json_file: Path | None, always: bool
) -> None:
    """Print as Markdown which recorded events would be routed, run or reported differently.

    Args:
        base: The revision that is compared.
        head: The checkout with which it is compared.
        events: The folder of recorded events.
        number: How many events to play; those of the folder are repeated.
        json_file: Where the difference is also written.
        always: Play even if nothing that matters differs.
    """
    started = time.monotonic()
    samples = load(events, number)
    with progress(f"playing {len(samples)} recorded events at {base} and in this checkout") as tell:
        difference, note = _difference(base, head, samples, always=always, tell=tell)
    seconds = round(time.monotonic() - started, 1)
    if json_file:
        json_file.write_text(
            report.as_json(difference, note=note, seconds=seconds), encoding="utf-8"
        )
    print(report.markdown(difference, note), end="")
    print(f"behaviour: {len(samples)} events on both sides in {seconds} s", file=sys.stderr)


def _difference(
    base: str, head: Path, samples: list[Sample], *, always: bool, tell: Callable[[str], None]
) -> tuple[Difference, str]:
    commit = revision.commit(PROJECT, base)
    if not always and head == PROJECT and is_same(PROJECT, commit):
        note = "Nothing that decides the behaviour was changed, so no event was played."
        return compare(samples, {}, {}), note
    with tempfile.TemporaryDirectory(prefix="behaviour-") as folder:
        tree = Path(folder) / "base"
        revision.unpack(PROJECT, commit, tree)
        telling = _Telling(tell)
        with ThreadPoolExecutor(2) as pool:
            sides = [
                pool.submit(_play, place, samples, telling.of(name))
                for name, place in ((base, tree), ("this checkout", head))
            ]
            (before, calm), (after, also_calm) = (side.result() for side in sides)
    note = "" if calm and also_calm else "Some deliveries failed and were waiting for a retry."
    return compare(samples, before, after), note


class _Telling:
    """Shows on one line how far both sides are."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._sides: dict[str, str] = {}

    def of(self, side: str) -> Callable[[str], None]:
        """Return what a side tells how far it is."""

        def tell(text: str) -> None:
            self._sides[side] = text
            self._tell("; ".join(f"{name}: {state}" for name, state in sorted(self._sides.items())))

        tell("deploying")
        return tell


def _play(
    tree: Path, samples: list[Sample], tell: Callable[[str], None]
) -> tuple[dict[str, Record], bool]:
    """Return what a revision's loop makes of the events, in this checkout's local cloud."""
    with cloud.running() as ready:
        played = Player(ready, cloud.deploy(tree, ready)).play(samples, tell)
    words = cloud.worded(tree, gathered(played, ready["chats"]))
    return records(samples, replace(played, words=words)), played.settled


def is_same(project: Path, commit: str) -> bool:
    """Return whether nothing that decides behaviour differs between a revision and the files."""
    differing = revision.git(project, "diff", "--name-only", commit, "--", *DECISIVE)
    new = revision.git(project, "ls-files", "--others", "--exclude-standard", "--", *DECISIVE)
    return not (differing + new).strip()
