"""Write the comment of a pull request: ``python -m scripts.review --preview dev=plan.json``.

Each file is what another command printed: ``pulumi preview --json``, ``python -m scripts.policy
--json`` and ``python -m scripts.behaviour``.
"""

from pathlib import Path
from typing import Annotated

import typer

from scripts.review.comment import build, preview


def main(
    previews: Annotated[
        list[str] | None, typer.Option("--preview", metavar="STACK=FILE", help="A stack's plan.")
    ] = None,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", metavar="STACK=FILE", help="Its violations.")
    ] = None,
    behaviour: Annotated[
        Path | None, typer.Option(help="What became of the recorded events, as Markdown.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Where to write; else it is printed.")] = None,
) -> None:
    """Put a review together from its parts; a part that failed says so in its place."""
    found = [
        preview(stack, _read(path), _read(path.with_suffix(".log")))
        for stack, path in map(_pair, previews or [])
    ]
    judged = {stack: _read(path) for stack, path in map(_pair, policies or [])}
    events = ""
    if behaviour:
        events = _read(behaviour) or "The recorded events could not be played; the log says why."
    text = build(found, judged, events)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def _pair(given: str) -> tuple[str, Path]:
    stack, sign, path = given.partition("=")
    if not (stack and sign and path):
        raise typer.BadParameter(f"'{given}' is not STACK=FILE")
    return stack, Path(path)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


if __name__ == "__main__":
    typer.run(main)
