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

from provisioning_policies import configuration, rules
from scripts.policy.judge import Finding, Undecided, judge
from scripts.policy.program import ProgramError, declared, read_stack

PACK = Path(__file__).resolve().parents[2] / "policies"
_STYLES = {EnforcementLevel.MANDATORY: "bold red", EnforcementLevel.ADVISORY: "yellow"}


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
        resources = declared(read_stack(options.project.resolve(), options.stack), options.stack)
    except (configuration.ConfigurationError, ProgramError) as error:
        print(f"policies: {error}", file=sys.stderr)
        return 2
    results = list(judge(resources, rules.ALL, settings))
    findings = [result for result in results if isinstance(result, Finding)]
    undecided = [result for result in results if isinstance(result, Undecided)]
    looked_at = sum(s.level is not EnforcementLevel.DISABLED for s in settings.values())
    summary = {
        "stack": options.stack,
        "production": production,
        "rules": looked_at,
        "resources": len(resources),
        "mandatory": sum(finding.stops for finding in findings),
        "advisory": sum(
            finding.level is EnforcementLevel.ADVISORY and finding.accepted is None
            for finding in findings
        ),
        "accepted": sum(finding.accepted is not None for finding in findings),
        "undecided": len(undecided),
        "seconds": round(time.perf_counter() - started, 2),
    }
    if options.json:
        print(json.dumps({**summary, "findings": [_row(f) for f in findings]}, indent=2))
    else:
        _print(findings, undecided, summary)
    return 1 if summary["mandatory"] else 0


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
    return {
        "rule": finding.rule.name,
        "level": finding.level.value,
        "resource": finding.resource.name,
        "type": finding.resource.type,
        "urn": finding.resource.urn,
        "message": finding.message,
        "remedy": finding.rule.remedy,
        "accepted": finding.accepted,
    }


def _print(
    findings: Sequence[Finding], undecided: Sequence[Undecided], summary: dict[str, object]
) -> None:
    console = Console()
    if findings:
        table = Table(show_lines=True, expand=True)
        for heading in ("Level", "Rule", "Resource", "What is wrong"):
            table.add_column(heading, overflow="fold")
        for finding in findings:
            level, style = finding.level.value, _STYLES[finding.level]
            message = finding.message
            if finding.accepted:
                level, style = "accepted", "dim"
                message += f"\naccepted: {finding.accepted}"
            table.add_row(
                Text(level, style), finding.rule.name, finding.resource.name, Text(message)
            )
        console.print(table)
    for one in undecided:
        console.print(Text(f"{one.rule.name} could not judge: {one.reason}", "yellow"))
    console.print(
        "stack {stack}: {resources} resources, {rules} rules, {mandatory} mandatory, "
        "{advisory} advisory, {accepted} accepted ({seconds} s)".format(**summary),
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
