"""Judges a stack's program without the Pulumi CLI: ``python -m scripts.policy --stack dev``."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pulumi_policy import EnforcementLevel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dryrun import project
from provisioning_policies import configuration, rules
from provisioning_policies.engine import policies_of
from scripts.policy.judge import Finding, Undecided, exempted, judge
from scripts.policy.program import ProgramError, declared

PACK = Path(__file__).resolve().parents[2] / "policies"
_STYLES = {"mandatory": "bold red", "advisory": "yellow", "accepted": "dim"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the rules find; 1 if an update would be stopped, 2 if they could not be run."""
    options = _parser().parse_args(arguments)
    started = time.perf_counter()
    try:
        configurations = [configuration.load(PACK / "configuration.yaml", rules.ALL)]
        if options.config:
            configurations.append(configuration.load(options.config, rules.ALL))
        production = configuration.is_production(options.stack, *configurations)
        settings = configuration.settings(rules.ALL, production, *configurations)
        resources = declared(project.read(options.project.resolve(), options.stack))
    except (configuration.ConfigurationError, project.ProjectError, ProgramError) as error:
        print(f"policies: {error}", file=sys.stderr)
        return 2
    results = list(judge(resources, policies_of(rules.ALL, settings)))
    findings = [result for result in results if isinstance(result, Finding)]
    undecided = [result for result in results if isinstance(result, Undecided)]
    accepted = list(exempted(resources, rules.ALL, settings))
    mandatory = sum(finding.is_mandatory for finding in findings)
    summary = {
        "stack": options.stack,
        "production": production,
        "rules": sum(s.level is not EnforcementLevel.DISABLED for s in settings.values()),
        "resources": len(resources),
        "mandatory": mandatory,
        "advisory": len(findings) - mandatory,
        "accepted": len(accepted),
        "undecided": len(undecided),
        "seconds": round(time.perf_counter() - started, 2),
    }
    rows = [_row(found) for found in findings]
    rows += [{**_row(one.finding), "accepted": one.reason} for one in accepted]
    if options.json:
        print(json.dumps({**summary, "findings": rows}, indent=2))
    else:
        _print(rows, undecided, summary)
    return 1 if mandatory else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="policies", description=main.__doc__)
    parser.add_argument("--stack", required=True, help="the stack, as in Pulumi.<stack>.yaml")
    parser.add_argument(
        "--project", type=Path, default=Path(), help="directory of Pulumi.yaml; here if left out"
    )
    parser.add_argument(
        "--config", type=Path, help="options and exemptions, as in policies/configuration.yaml"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _row(finding: Finding) -> dict[str, str | None]:
    level = finding.policy.enforcement_level
    return {
        "rule": finding.policy.name,
        "level": level.value if level else None,
        "resource": finding.resource.name,
        "type": finding.resource.type,
        "urn": finding.resource.urn,
        "message": finding.message,
        "remedy": finding.policy.remediation_steps,
        "accepted": None,
    }


def _print(
    rows: Sequence[dict[str, str | None]],
    undecided: Sequence[Undecided],
    summary: dict[str, object],
) -> None:
    console = Console()
    if rows:
        table = Table(show_lines=True, expand=True)
        for heading in ("Level", "Rule", "Resource", "What is wrong"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            level, message = row["level"] or "", row["message"]
            if row["accepted"]:
                level, message = "accepted", f"{message}\naccepted: {row['accepted']}"
            table.add_row(
                Text(level, _STYLES[level]), row["rule"], row["resource"], Text(message or "")
            )
        console.print(table)
    for one in undecided:
        console.print(Text(f"{one.policy.name} could not judge: {one.reason}", "yellow"))
    console.print(
        "stack {stack}: {resources} resources, {rules} rules, {mandatory} mandatory, "
        "{advisory} advisory, {accepted} accepted ({seconds} s)".format(**summary),
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
