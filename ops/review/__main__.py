"""Write the comment of a pull request: ``python -m ops.review --preview dev=plan.json``.

Each file is what another command wrote: ``ops/review/plan.sh``, ``python -m ops.policy
--json`` and ``python -m ops.behaviour --json``. None of them is taken for text of the comment:
it is read as data, masked and escaped here.
"""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("ops.review.__main__", "review")


import sys
from pathlib import Path
from typing import Annotated

import typer

from localcloud.commandline.errors import UserError
from ops.behaviour import report
from ops.review.changes import Revision, introduction
from ops.review.comment import build, read_preview

PROJECT = Path(__file__).resolve().parents[2]


class NothingToReview(UserError):
    """No part of a review has been made yet."""


def main(
    previews: Annotated[
        list[str] | None, typer.Option("--preview", metavar="STACK=FILE", help="A stack's plan.")
    ] = None,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", metavar="STACK=FILE", help="Its violations.")
    ] = None,
    behaviour: Annotated[
        Path | None, typer.Option(help="What became of the recorded events, as JSON.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="The revision that settings and catalogue are compared with.")
    ] = "",
    head: Annotated[Path, typer.Option(help="The checkout that is compared with it.")] = PROJECT,
    output: Annotated[Path | None, typer.Option(help="Where to write; else it is printed.")] = None,
) -> int:
    """Put a review together from its parts; exit code 1 if a preview or the comparison failed."""
    given = [path for _, path in map(_pair, [*(previews or []), *(policies or [])])]
    given += [behaviour] if behaviour else []
    if given and not any(path.exists() for path in given):
        raise NothingToReview(
            f"there is no {', no '.join(map(str, given))}; 'make judge' and 'make plan' write them"
        )
    parts = introduction(Revision(head, base), Revision(head)) if base else []
    events = report.from_json(_read(behaviour)) if behaviour else ""
    if behaviour:
        parts += ["#### Recorded events", "", events or _NOT_PLAYED]
    found = [read_preview(stack, path) for stack, path in map(_pair, previews or [])]
    judged = {stack: _read(path) for stack, path in map(_pair, policies or [])}
    text = build(found, judged, "\n".join(parts))
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    failed = [f"the preview of {one.stack} failed" for one in found if one.plan is None]
    failed += ["the recorded events could not be played"] if behaviour and not events else []
    for what in failed:
        print(f"review: {what}", file=sys.stderr)
    return 1 if failed else 0


_NOT_PLAYED = "**The recorded events could not be played**; the log says why."


def _pair(given: str) -> tuple[str, Path]:
    stack, sign, path = given.partition("=")
    if not (stack and sign and path):
        raise typer.BadParameter(f"'{given}' is not STACK=FILE")
    return stack, Path(path)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
