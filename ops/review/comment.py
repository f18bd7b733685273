"""Builds the one comment of a pull request: settings, behaviour, each stack's plan, policies.

GitHub takes 65,536 characters. What matters comes first and is short; the full difference is
folded, and cut where there is no room for it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.markdown import code, code_block, plain
from ops.review import difference
from ops.review.plan import NoPlan, Plan, Step, read, without_secrets

MARKER = "<!-- ecs-provisioning-loop: review -->"
"""By which the comment is found again; it is the first line."""
MOST_CHARACTERS = 65_536
_ROOM_FOR_CUTS = 500
_MOST_ROWS = 40
_LONGEST_TEXT = 6_000
_LONGEST_PROBLEM = 3_000

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
    """The engine's preview of one stack."""

    stack: str
    plan: Plan | None
    problem: str = ""
    """Why there is no plan."""


def preview(stack: str, text: str, log: str = "", status: str = "0") -> StackPreview:
    """Read what the engine printed for a stack, its log and its exit code.

    A plan counts only if it is complete and the engine succeeded; anything else becomes a part of
    the comment that says so.
    """
    try:
        plan = _plan(text, status.strip())
    except NoPlan as problem:
        tail = [] if problem.diagnostics else (log or text).strip().splitlines()[-15:]
        shown = without_secrets("\n".join([*problem.diagnostics, *tail]))
        return StackPreview(stack, None, f"{problem}\n{shown}".strip()[:_LONGEST_PROBLEM])
    return StackPreview(stack, plan)


def _plan(text: str, status: str) -> Plan:
    plan = read(text)
    if status != "0":
        ended = f"ended with code {status}" if status else "did not end"
        raise NoPlan(f"the engine {ended}")
    return plan


def read_preview(stack: str, path: Path) -> StackPreview:
    """Take the files that ``python -m ops plan`` wrote for a stack."""
    text, log, status = (
        file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        for file in (path, path.with_suffix(".log"), path.with_suffix(".status"))
    )
    return preview(stack, text, log, status)


def build(
    previews: Sequence[StackPreview],
    policies: Mapping[str, str] | None = None,
    introduction: str = "",
    heading: str = "What this change would do",
    most: int = MOST_CHARACTERS,
) -> str:
    """Return the comment: the same text for the same change, never longer than GitHub takes."""
    sections = ["\n".join([MARKER, f"### {heading}", ""])]
    if introduction:
        sections.append(introduction.strip() + "\n")
    sections += ["\n".join(_summary(found)) for found in previews]
    if policies:
        sections.append("\n".join(["#### Policies", "", *_policies(policies), ""]))
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
            rows += _violations(stack, json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError):
            rows.append(f"| {code(stack)} | | | the policies could not be judged |")
    if not rows:
        return [f"No violation in {', '.join(code(stack) for stack in policies)}."]
    more = [f"... and {len(rows) - _MOST_ROWS} more"] if len(rows) > _MOST_ROWS else []
    head = ["| stack | level | rule | resource |", "| --- | --- | --- | --- |"]
    return [*head, *rows[:_MOST_ROWS], "", *more]


def _violations(stack: str, report: Mapping[str, Any]) -> list[str]:
    """Return a row for each violation, and for rules that could not judge."""
    rows = [
        f"| {code(stack)} | {plain(str(f['level']))} | {code(str(f['rule']))} | "
        f"{code(str(f['resource']))}: {plain(without_secrets(str(f['message'])))} |"
        for f in report["findings"]
        if not f.get("accepted")
    ]
    if report.get("undecided"):
        rows.append(f"| {code(stack)} | | | {report['undecided']:d} rules could not judge |")
    return rows


def _summary(found: StackPreview) -> list[str]:
    if found.plan is None:
        return [
            f"#### Stack {code(found.stack)}: **preview failed**",
            "",
            code_block(found.problem),
            "",
        ]
    counted = ", ".join(_counts(found.plan)) or "nothing to do"
    lines = [f"#### Stack {code(found.stack)}: {counted}", ""]
    steps = sorted(found.plan.steps, key=_rank)
    if not steps:
        return lines
    lines += ["| | resource | type | inputs |", "| --- | --- | --- | --- |"]
    for step in steps[:_MOST_ROWS]:
        operation = _operation(step)
        paths = ", ".join(code(path, 60) for path in step.paths[:6])
        kind = code(step.type, 80)
        lines.append(f"| {operation} | {code(step.name, 80)} | {kind} | {paths} |")
    if len(steps) > _MOST_ROWS:
        lines += ["", f"... and {len(steps) - _MOST_ROWS} more"]
    return [*lines, ""]


def _counts(plan: Plan) -> Iterator[str]:
    components = Counter(step.operation for step in plan.steps if step.is_component)
    for kind in _WORDS:
        if count := plan.counts.get(kind):
            among = f" ({components[kind]} of them components)" if components[kind] else ""
            yield f"{count} to {kind}{among}"
    if count := plan.counts.get("same"):
        yield f"{count} unchanged"


def _operation(step: Step) -> str:
    if step.is_component:
        return f"{plain(step.operation)} (component)"
    return _WORDS.get(step.operation, plain(step.operation))


def _details(found: StackPreview, room: int) -> str:
    """Return the folded difference of a stack, as many resources of it as there is room for."""
    steps = [step for step in found.plan.steps if not step.is_component] if found.plan else []
    steps.sort(key=_rank)
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
    found = difference.lines(step) or ["  (only values that are not shown)"]
    text = "\n".join(found)
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "\n..."
    return code_block(text, "diff")


def _rank(step: Step) -> tuple[bool, int, str, str]:
    known = step.operation in _ORDER
    order = _ORDER.index(step.operation) if known else len(_ORDER)
    return (step.is_component, order, step.type, step.name)
