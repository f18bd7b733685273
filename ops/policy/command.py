"""Judge a stack's program without the Pulumi CLI: ``python -m ops policy --stack dev``."""

import time
from collections.abc import Sequence
from pathlib import Path

from pulumi_policy import EnforcementLevel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from localcloud.commandline import files
from localcloud.commandline.errors import UserError
from localcloud.commandline.output import print_json
from localcloud.commandline.progress import progress
from localcloud.dryrun.project import read
from ops.policy.judge import Finding, Undecided, exempted, judge
from ops.policy.program import declared
from ops.project import PROJECT
from provisioning_policies import configuration, rules
from provisioning_policies.engine import policies_of

PACK = PROJECT / "policies"
_STYLES = {"mandatory": "bold red", "advisory": "yellow", "accepted": "dim"}


class NotJudged(UserError):
    """The rules could not be run."""

    exit_code = 2


def run(stack: str, project: Path, config: Path | None, *, as_json: bool) -> int:
    """Print what the rules find; return 1 if an update would be stopped.

    Args:
        stack: The stack, as in ``Pulumi.<stack>.yaml``.
        project: The folder of ``Pulumi.yaml``.
        config: Options and exemptions that win over those of the pack.
        as_json: Print JSON instead of a table.

    Raises:
        NotJudged: if the rules could not be run.
    """
    started = time.perf_counter()
    try:
        with progress(f"judging stack {stack}"):
            paths = [PACK / "configuration.yaml", *([config] if config else [])]
            configurations = [_configuration(path) for path in paths]
            production = configuration.is_production(stack, *configurations)
            settings = configuration.settings(rules.ALL, production, *configurations)
            resources = declared(read(project.resolve(), stack))
            results = list(judge(resources, policies_of(rules.ALL, settings)))
    except (configuration.ConfigurationError, UserError) as error:
        raise NotJudged(str(error)) from error
    findings = [result for result in results if isinstance(result, Finding)]
    undecided = [result for result in results if isinstance(result, Undecided)]
    accepted = list(exempted(resources, rules.ALL, settings))
    mandatory = sum(finding.is_mandatory for finding in findings)
    summary = {
        "stack": stack,
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
    if as_json:
        print_json({**summary, "findings": rows})
    else:
        _print(rows, undecided, summary)
    return 1 if mandatory else 0


def _configuration(path: Path) -> configuration.Configuration:
    return configuration.parse(files.read_yaml(path) or {}, rules.ALL, str(path))


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
