"""Compare patterns and transforms with another event engine on random cases.

    python -m differential.event_engine --engine COMMAND [--pairs N] [--seed N]

COMMAND reads one JSON request per line, `{"op": "match", "pattern", "event"}` or
`{"op": "validate"|"transform", "form", "value", "template", "event"}` (texts), and answers one line
each: `{"ok": true, "result": …}` or `{"ok": false, "error": "Class: message"}`. Differences that
localcloud/README.md explains are counted by their reason, others are printed.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from differential.cases import Case, Cases
from differential.known import known_reason
from localcloud.eventbridge.matching.json_text import dump, parse
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Pattern
from localcloud.eventbridge.matching.transform import (
    InvalidTransformError,
    Transform,
    TransformError,
)

_EVENTS_PER_PATTERN = 5
_REJECTED = "InvalidEventPatternException: Event pattern is not valid, reason: "


def ours(case: Case) -> dict[str, Any]:
    """Answer a case as the engine would."""
    try:
        if case.kind == "match":
            pattern = Pattern.compile(case.pattern)
            event = parse(case.event)
            verdict = pattern.matches(event)
            assert verdict == (pattern.explain(event) is None)
            return {"result": verdict}
        transform = Transform.compile(case.form, case.value, case.template)
        return {"result": transform.apply(parse(case.event))}
    except InvalidPatternError as error:
        return {"rejected": error.reason}
    except InvalidTransformError as error:
        return {"rejected": error.message, "why": error.reason}
    except (TransformError, ValueError) as error:
        # What no event may hold is refused when it comes in.
        return {"failed": str(error)}


def theirs(cases: list[Case], command: list[str]) -> Iterator[dict[str, Any]]:
    """Ask the engine for all cases at once."""
    requests: list[dict[str, Any]] = []
    for case in cases:
        if case.kind == "match":
            requests += [{"op": "check", "pattern": case.pattern}]
            requests += [{"op": "match", "pattern": case.pattern, "event": case.event}]
        else:
            fields = {"form": case.form, "value": case.value, "template": case.template}
            requests += [{"op": "validate", **fields}]
            requests += [{"op": "transform", **fields, "event": case.event}]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for checked, ran in zip(answers[::2], answers[1::2], strict=True):
        if not checked["ok"]:
            yield _rejection(checked["error"])
        elif not ran["ok"]:
            yield {"failed": ran["error"]}
        else:
            yield {"result": ran.get("result")}


def _rejection(error: str) -> dict[str, Any]:
    if error.startswith(_REJECTED):
        return {"rejected": error.removeprefix(_REJECTED)}
    if error.startswith("EventBridgeException: "):
        return {"rejected": error.removeprefix("EventBridgeException: ")}
    return {"rejected": None, "crash": error}


def same(mine: dict[str, Any], its: dict[str, Any]) -> bool:
    """Return whether two answers agree: same result, same message, or both fail on the event."""
    if "failed" in mine and "failed" in its:
        return True
    return {key: mine[key] for key in ("result", "rejected") if key in mine} == its


def generate(pairs: int, seed: int) -> list[Case]:
    """Return as many cases, half of them patterns, half transforms."""
    supply = Cases(seed)
    cases: list[Case] = []
    while len(cases) < pairs:
        cases += supply.matches(_EVENTS_PER_PATTERN)
        cases += [supply.transform() for _ in range(_EVENTS_PER_PATTERN)]
    return cases[:pairs]


def main() -> int:
    """Compare, print a summary as JSON, and fail if a difference has no reason."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--engine", required=True)
    arguments.add_argument("--pairs", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--show", type=int, default=20)
    options = arguments.parse_args()
    cases = generate(options.pairs, options.seed)
    reasons: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    unexplained: list[dict[str, Any]] = []
    for case, its in zip(cases, theirs(cases, shlex.split(options.engine)), strict=True):
        mine = ours(case)
        shown = its.get("result") if case.kind == "match" else ""
        outcomes[f"{case.kind} {next(iter(its))} {shown}".strip()] += 1
        if same(mine, its):
            continue
        reason = known_reason(case, mine, its)
        if reason is None:
            unexplained.append({"case": asdict(case), "ours": mine, "theirs": its})
        else:
            reasons[reason] += 1
    by_configuration = {
        (d["case"]["pattern"], d["case"]["value"], d["case"]["template"]): d for d in unexplained
    }
    for difference in list(by_configuration.values())[: options.show]:
        difference["case"] = {key: text for key, text in difference["case"].items() if text}
        sys.stderr.write(dump(difference) + "\n")
    summary = {
        "pairs": len(cases),
        "unexplained": len(unexplained),
        "explained": dict(reasons.most_common()),
        "outcomes": dict(outcomes.most_common()),
    }
    sys.stdout.write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
