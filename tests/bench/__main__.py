"""``make bench``: every figure in one run, beside its peer where there is one.

make bench                        all benchmarks, a table
make bench ARGS='burst latency'   only these
make bench ARGS=--json            the same as JSON
make bench ARGS=--list            what there is to measure
"""

import argparse
import importlib
import json
import platform
import sys
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

BENCHMARKS = (
    "start",
    "patterns",
    "cold_start",
    "latency",
    "handshakes",
    "refusals",
    "burst",
    "chats",
    "engine",
)


def main() -> int:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--list", action="store_true", help="measure nothing, say what there is")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    if arguments.list:
        for name in BENCHMARKS:
            print(f"{name:<12}{(_module(name).__doc__ or '').splitlines()[0]}")
        return 0
    console = Console(stderr=True, highlight=False)
    figures: list[dict[str, Any]] = []
    for name in arguments.names or BENCHMARKS:
        with console.status(f"measuring {name}"):
            figures += [{"benchmark": name, **figure} for figure in _module(name).figures()]
    if arguments.json:
        print(json.dumps({"machine": platform.platform(), "figures": figures}, indent=2))
    else:
        Console(highlight=False).print(_table(figures))
    return 0


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"tests.bench.{name}")


def _table(figures: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("benchmark", "what"):
        table.add_column(column)
    for column in ("here", "unit", "peer", "goal"):
        table.add_column(column, justify="right" if column == "here" else "left")
    for figure in figures:
        table.add_row(
            figure["benchmark"],
            figure["what"],
            f"{figure['value']:,.3g}" if figure["value"] < 1000 else f"{figure['value']:,.0f}",
            figure.get("unit", ""),
            figure.get("peer", ""),
            figure.get("goal", ""),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
