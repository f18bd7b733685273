"""Say what has drifted: ``python -m ops drift --preview dev=plan.json ...``.

Each plan comes from ``pulumi preview --refresh --json``: what the engine would do about the cloud
as it is, with the program as it is committed.
"""

from collections.abc import Sequence
from pathlib import Path

from ops.review.comment import StackPreview, build, read_preview

_DIFFERS = (
    "Somebody changed these by hand, or a deployment is missing. Take the change into the program, "
    "or run `make up STACK=...` to undo it."
)
_FAILED = "What was not compared may have drifted, too: mend what stops the preview."


def run(previews: Sequence[str], output: Path) -> None:
    """Write the text of the issue about drift."""
    pairs = (pair.partition("=") for pair in previews)
    found = [read_preview(stack, Path(name)) for stack, _, name in pairs]
    output.write_text(issue(found), encoding="utf-8")


def issue(previews: list[StackPreview]) -> str:
    """Return the issue's text for the stacks that differ or could not be compared; else nothing."""
    failed = [found for found in previews if found.plan is None]
    drifted = [found for found in previews if found.plan and found.plan.steps]
    if not (failed or drifted):
        return ""
    advice = [text for stacks, text in ((drifted, _DIFFERS), (failed, _FAILED)) if stacks]
    heading = "What differs" if drifted else "The stacks could not be compared"
    return build([*drifted, *failed], introduction=" ".join(advice), heading=heading)
