"""Reads what the engine writes down while it previews, as the Automation API lets it do.

Source: Pulumi, "Automation API", ``EngineEvent``: one JSON object on each line; the engine has
masked what it knows to be secret.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from functions.report.redaction import visible
from ops.review import difference
from ops.review.plan import QUIET, Step, step_of

OPTION = "--event-log"
ENVIRONMENT = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Without it the engine does not know the option."""


def lines(file: Path) -> Iterator[str]:
    """Yield what would change, key by key: the engine shows whole documents only.

    What is created or deleted changes in no key, and the engine has listed it.
    """
    for number, step in enumerate(_changes(file)):
        if not number:
            yield from ("", "What changes:")
        yield f"  {visible(step.name)} ({step.operation})"
        for line in "\n".join(difference.lines(step)).splitlines():
            yield f"    {visible(line)}"


def _changes(file: Path) -> Iterator[Step]:
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as events:
        for line in events:
            try:
                planned = json.loads(line).get("resourcePreEvent", {}).get("metadata", {})
            except ValueError:
                return  # the engine was interrupted while it wrote
            # A replacement is three events, of which one stands for the plan.
            is_change = planned.get("logical") and planned["op"] not in QUIET
            if is_change and planned["old"] and planned["new"]:
                yield step_of(
                    {
                        "op": planned["op"],
                        "urn": planned["urn"],
                        "oldState": planned["old"],
                        "newState": planned["new"],
                        "detailedDiff": planned.get("detailedDiff"),
                        "diffReasons": planned.get("diffs"),
                    }
                )
