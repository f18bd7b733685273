"""The difference in words: Markdown for people, JSON for programs."""

import json
from dataclasses import asdict
from difflib import unified_diff
from typing import Any

from ops.behaviour.difference import KINDS, Change, Changed, Difference
from ops.markdown import code, code_block, plain

_MOST_CHARACTERS = 20_000
"""Of the details, so that a comment has room for the plans, too."""
_LONGEST = 1200


def markdown(difference: Difference, note: str = "") -> str:
    """Say how many events would end differently, then which and how."""
    lines = [headline(difference)]
    lines += [
        f"- {_events(count, difference.events)} would now {KINDS[kind]}"
        for kind, count in difference.counts().items()
    ]
    if note:
        lines.append(f"\n{plain(note)}")
    if difference.changed:
        lines += ["", "<details><summary>Which events, and how</summary>", ""]
        lines += [*_details(difference), "</details>"]
    return "\n".join(lines) + "\n"


def _details(difference: Difference) -> list[str]:
    found: list[str] = []
    room = _MOST_CHARACTERS
    for number, event in enumerate(difference.changed):
        lines = [f"**{plain(event.name)}** ({code(event.key)})", ""]
        for change in event.changes:
            lines += [f"would now {KINDS[change.kind]}:", "", _both(change), ""]
        room -= sum(len(line) + 1 for line in lines)
        if room < 0:
            return [*found, f"... and {len(difference.changed) - number} more events", ""]
        found += lines
    return found


def headline(difference: Difference) -> str:
    """Say in one line whether anything would change."""
    if not difference.changed:
        return f"**None of {difference.events} recorded events would end differently.**"
    return (
        f"**{_events(len(difference.changed), difference.events)} recorded events "
        "would end differently.**"
    )


def as_json(difference: Difference, **more: Any) -> str:
    """Return the difference as JSON."""
    found = {
        "events": difference.events,
        "changed": [asdict(event) for event in difference.changed],
        "counts": difference.counts(),
        **more,
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def from_json(text: str) -> str:
    """Return the Markdown of what :func:`as_json` wrote; nothing if the text is something else."""
    try:
        found = json.loads(text)
        changed = tuple(
            Changed(
                str(event["key"]),
                str(event["name"]),
                tuple(Change(c["kind"], c["before"], c["after"]) for c in event["changes"]),
            )
            for event in found["changed"]
        )
        return markdown(Difference(int(found["events"]), changed), str(found.get("note", "")))
    except (ValueError, KeyError, TypeError):
        return ""


def _events(count: int, total: int) -> str:
    return f"{count} of {total}"


def _both(change: Change) -> str:
    before, after = (_text(value).splitlines() for value in (change.before, change.after))
    # Without the two lines of file names and those that count lines.
    lines = [
        line for line in list(unified_diff(before, after, n=1))[2:] if not line.startswith("@@")
    ]
    text = "\n".join(line.rstrip("\n") for line in lines)
    return code_block(text if len(text) <= _LONGEST else text[:_LONGEST] + " ...", "diff")


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value) or "(nothing)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
