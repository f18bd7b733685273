"""Each benchmark can be run as ``make bench`` runs it; what it measures is no test's concern."""

import subprocess
from pathlib import Path

from tests.bench.__main__ import BENCHMARKS

_ROOT = Path(__file__).parents[2]


def test_each_benchmark_is_listed_with_what_it_measures() -> None:
    """The list comes from the modules themselves, so each of them was loaded."""
    done = subprocess.run(
        ["make", "--no-print-directory", "bench", "ARGS=--list"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [name for name, _ in lines] == list(BENCHMARKS)
    modules = {path.stem for path in Path(__file__).parent.glob("[a-z]*.py")} - {"test_bench"}
    assert modules == set(BENCHMARKS), "a benchmark is not in the list"
