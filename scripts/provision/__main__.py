"""Print a rendered script, and on stderr its size and what room is left."""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("scripts.provision.__main__", "provision")


import sys
from pathlib import Path
from typing import Annotated

import typer

from scripts.provision.catalogue import DEFAULT_PATH, load
from scripts.provision.render import MAX_SCRIPT_BYTES, Action, render


def main(
    action: Annotated[Action, typer.Option(help="Which of the two scripts.")] = "provision",
    catalogue: Annotated[
        Path, typer.Option(metavar="FILE", help="The catalogue of roles.")
    ] = DEFAULT_PATH,
    role: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this role; repeatable.")
    ] = None,
) -> None:
    """Print the script that Cloud Assistant runs."""
    rendered = render(load(catalogue), action, roles=role)
    sys.stdout.write(rendered.text)
    print(
        f"{rendered.size} bytes, {MAX_SCRIPT_BYTES - rendered.size} left, sha256 {rendered.sha256}",
        file=sys.stderr,
    )
