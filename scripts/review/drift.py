"""Say what has drifted: ``python -m scripts.review.drift --preview dev=plan.json ...``.

Each plan comes from ``pulumi preview --refresh --json``: what the engine would do about the cloud
as it is, with the program as it is committed.
"""

from pathlib import Path
from typing import Annotated

import typer

from scripts.review.comment import StackPreview, build, preview

_HEADING = (
    "Somebody changed these by hand, or a deployment is missing. Take the change into the program, "
    "or run `make up STACK=...` to undo it."
)


def main(
    previews: Annotated[
        list[str], typer.Option("--preview", metavar="STACK=FILE", help="A stack's plan.")
    ],
    output: Annotated[Path, typer.Option(help="The issue's text; empty if nothing has drifted.")],
) -> None:
    """Write the text of the issue about drift."""
    found = []
    for pair in previews:
        stack, _, name = pair.partition("=")
        path = Path(name)
        log = path.with_suffix(".log")
        found.append(
            preview(
                stack,
                path.read_text() if path.exists() else "",
                log.read_text() if log.exists() else "",
            )
        )
    output.write_text(issue(found), encoding="utf-8")


def issue(previews: list[StackPreview]) -> str:
    """Give the issue's text for the stacks that differ or could not be compared; else nothing."""
    drifted = [found for found in previews if found.plan is None or found.plan.steps]
    return build(drifted, introduction=_HEADING, heading="What differs") if drifted else ""


if __name__ == "__main__":
    typer.run(main)
