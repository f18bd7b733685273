"""Write the comment of a pull request: ``python -m ops review --preview dev=plan.json``.

Each file is what another command wrote: ``python -m ops plan``, ``python -m ops policy --json`` and
 ``python -m ops behaviour --json``. None of them is taken for text of the comment:
it is read as data, masked and escaped here.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from localcloud.commandline.errors import UserError
from ops.behaviour import report
from ops.review.changes import Revision, introduction
from ops.review.comment import build, read_preview


class NothingToReview(UserError):
    """No part of a review has been made yet."""


def run(
    previews: Sequence[str],
    policies: Sequence[str],
    behaviour: Path | None,
    *,
    base: str,
    head: Path,
    output: Path | None,
) -> int:
    """Put a review together from its parts; return 1 if one of them failed.

    Args:
        previews: ``STACK=FILE`` for each plan.
        policies: ``STACK=FILE`` for what the policies found.
        behaviour: What became of the recorded events, as JSON.
        base: The revision with which settings and catalogue are compared.
        head: The checkout that is compared with it.
        output: Where to write the text, instead of standard output.
    """
    given = [path for _, path in map(_pair, [*previews, *policies])]
    given += [behaviour] if behaviour else []
    if given and not any(path.exists() for path in given):
        raise NothingToReview(
            f"there is no {', no '.join(map(str, given))}; 'make judge' and 'make plan' write them"
        )
    parts = introduction(Revision(head, base), Revision(head)) if base else []
    events = report.from_json(_read(behaviour)) if behaviour else ""
    if behaviour:
        parts += ["#### Recorded events", "", events or _NOT_PLAYED]
    found = [read_preview(stack, path) for stack, path in map(_pair, previews)]
    judged = {stack: _read(path) for stack, path in map(_pair, policies)}
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
