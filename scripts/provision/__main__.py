"""Print a rendered script, and on stderr its size and what room is left."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.provision.catalogue import DEFAULT_PATH, CatalogueError, load
from scripts.provision.render import MAX_SCRIPT_BYTES, RenderError, render


def main(arguments: list[str] | None = None) -> int:
    """Render as the command line asks; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.provision", description=__doc__)
    parser.add_argument("--action", choices=("provision", "deprovision"), default="provision")
    parser.add_argument("--catalogue", type=Path, default=DEFAULT_PATH, metavar="FILE")
    parser.add_argument(
        "--role", action="append", metavar="NAME", help="only this role; repeatable"
    )
    chosen = parser.parse_args(arguments)
    try:
        rendered = render(load(chosen.catalogue), chosen.action, roles=chosen.role)
    except (CatalogueError, RenderError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.write(rendered.text)
    print(
        f"{rendered.size} bytes, {MAX_SCRIPT_BYTES - rendered.size} left, sha256 {rendered.sha256}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
