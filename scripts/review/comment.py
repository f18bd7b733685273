"""Builds the one comment of a pull request: behaviour, policies, and each stack's plan.

GitHub takes 65,536 characters. What matters comes first and is short; the full difference is
folded, and cut where there is no room for it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from scripts.markdown import code, code_block, plain
from scripts.review.plan import NoPlan, Plan, Step, read, without_secrets

MARKER = "<!-- ecs-provisioning-loop: review -->"
"""By which the comment is found again; it is the first line."""
MOST_CHARACTERS = 65_536
_ROOM_FOR_CUTS = 500
_MOST_ROWS = 40
_LONGEST_TEXT = 6_000

_WORDS = {
    "create": "create",
    "update": "update",
    "delete": "**delete**",
    "replace": "**replace**",
    "create-replacement": "**replace**",
    "delete-replaced": "**replace**",
    "import": "import",
}
_ORDER = ("delete", "replace", "create-replacement", "delete-replaced", "update", "create")


@dataclass(frozen=True)
class StackPreview:
    """What the engine said about one stack."""

    stack: str
    plan: Plan | None
    problem: str = ""
    """Why there is no plan."""


def preview(stack: str, text: str, log: str = "") -> StackPreview:
    """Take what the engine printed for a stack; a failure becomes a part of the comment."""
    try:
        return StackPreview(stack, read(text))
    except NoPlan as problem:
        tail = "\n".join((log or text).strip().splitlines()[-15:])
        return StackPreview(stack, None, f"{problem}\n{without_secrets(tail)}"[-3000:])


def build(
    previews: Sequence[StackPreview],
    policies: Mapping[str, str] | None = None,
    introduction: str = "",
    heading: str = "What this change would do",
    most: int = MOST_CHARACTERS,
) -> str:
    """Give the comment: the same text for the same change, never longer than GitHub takes."""
    head = [MARKER, f"### {heading}", ""]
    if introduction:
        head += [introduction.strip(), ""]
    if policies:
        head += ["#### Policies", "", *_policies(policies), ""]
    sections = ["\n".join(head)]
    sections += ["\n".join(_summary(found)) for found in previews]
    text = _fitted("\n".join(sections), most - _ROOM_FOR_CUTS)
    for found in previews:
        details = _details(found, most - _ROOM_FOR_CUTS - len(text))
        text += details
    return text if len(text) <= most else text[:most]


def _fitted(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    # An open fold or block would swallow the rest: what comes before the first, and the headings.
    start, _, rest = text.partition("<details>")
    kept = [line for line in rest.splitlines() if line.startswith("#### ")]
    note = "The rest is too long for a comment."
    end = "\n\n".join([*kept, note]) + "\n"
    return (start if len(start) + len(end) <= most else f"{MARKER}\n\n") + end[-most:]


def _policies(policies: Mapping[str, str]) -> list[str]:
    rows: list[str] = []
    for stack, text in policies.items():
        try:
            found = json.loads(text)
            findings = [f for f in found["findings"] if not f.get("accepted")]
        except (ValueError, KeyError, TypeError):
            rows.append(f"| {code(stack)} | | | the policies could not be judged |")
            continue
        rows += [
            f"| {code(stack)} | {plain(str(f['level']))} | {code(str(f['rule']))} | "
            f"{code(str(f['resource']))}: {plain(without_secrets(str(f['message'])))} |"
            for f in findings
        ]
    if not rows:
        return [f"No violation in {', '.join(code(stack) for stack in policies)}."]
    more = [f"... and {len(rows) - _MOST_ROWS} more"] if len(rows) > _MOST_ROWS else []
    head = ["| stack | level | rule | resource |", "| --- | --- | --- | --- |"]
    return [*head, *rows[:_MOST_ROWS], "", *more]


def _summary(found: StackPreview) -> list[str]:
    if found.plan is None:
        return [
            f"#### Stack {code(found.stack)}: no preview",
            "",
            code_block(found.problem),
            "",
        ]
    counts = found.plan.counts
    said = [f"{counts[kind]} to {kind}" for kind in _WORDS if counts.get(kind)]
    said += [f"{counts['same']} unchanged"] if counts.get("same") else []
    lines = [f"#### Stack {code(found.stack)}: {', '.join(said) or 'nothing to do'}", ""]
    steps = sorted(found.plan.steps, key=_rank)
    if not steps:
        return lines
    lines += ["| | resource | type | inputs |", "| --- | --- | --- | --- |"]
    for step in steps[:_MOST_ROWS]:
        operation = _WORDS.get(step.operation, plain(step.operation))
        paths = ", ".join(code(path, 60) for path in step.paths[:6])
        kind = code(step.type, 80)
        lines.append(f"| {operation} | {code(step.name, 80)} | {kind} | {paths} |")
    if len(steps) > _MOST_ROWS:
        lines += ["", f"... and {len(steps) - _MOST_ROWS} more"]
    return [*lines, ""]


def _details(found: StackPreview, room: int) -> str:
    """Give the folded difference of a stack, as many resources of it as there is room for."""
    steps = sorted(found.plan.steps, key=_rank) if found.plan else []
    opening = f"\n<details><summary>Full difference of {plain(found.stack)}</summary>\n\n"
    closing = "</details>\n"
    left = room - len(opening) - len(closing) - 100
    parts: list[str] = []
    for number, step in enumerate(steps):
        part = f"{code(step.name)} ({plain(step.operation)})\n\n{_difference(step)}\n\n"
        if len(part) > left:
            parts.append(f"... and {len(steps) - number} more: no room for them here.\n\n")
            break
        parts.append(part)
        left -= len(part)
    if not parts or left < -len(closing):
        return ""
    return opening + "".join(parts) + closing


def _difference(step: Step) -> str:
    before, after = (_lines(state) for state in (step.before, step.after))
    lines = [
        line.rstrip("\n")
        for line in list(unified_diff(before, after, n=2))[2:]
        if not line.startswith("@@")
    ]
    if not lines:
        lines = ["  (only values that are not shown, such as secrets or code)"]
    text = "\n".join(lines)
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "\n..."
    return code_block(text, "diff")


def _lines(state: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, value in sorted(state.items()):
        if isinstance(value, str):
            first, *rest = value.split("\n")
            lines.append(f"{name}: {first}")
            lines += [f"    {line}" for line in rest]
        else:
            text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
            lines += f"{name}: {text}".splitlines()
    return lines


def _rank(step: Step) -> tuple[int, str, str]:
    known = step.operation in _ORDER
    return (_ORDER.index(step.operation) if known else len(_ORDER), step.type, step.name)
