"""Shows the demonstration as it goes: tables with colour on a terminal, plain text when piped."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.judgement import Played
from demo.loop import Loop
from localcloud.tables import event_rows

_WIDTH_WHEN_PIPED = 120
_MOST_ROWS = 20
_ACCOUNTS = (("i-local0001", "emp-e123"), ("i-local0002", "emp-e456"))


class Report:
    """Writes to standard output; progress goes to standard error when it is JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        piped = not sys.stdout.isatty()
        self._console = Console(
            stderr=as_json, width=_WIDTH_WHEN_PIPED if piped else None, highlight=False, emoji=False
        )

    def begin(self, what: str) -> None:
        """Say what comes next."""
        self._console.print(Text(f"\n▶ {what}", style="bold"))

    def began(self, ready: dict[str, Any]) -> None:
        """Show where the local cloud is."""
        instances = ", ".join(ready["instances"])
        self._console.print(f"  {ready['endpoint']}, instances {instances}")

    def deployed(self, outputs: dict[str, Any]) -> None:
        """Show what was deployed."""
        self._console.print(
            f"  bus {outputs['bus_name']}, command {outputs['command_id']}, "
            f"sources {', '.join(outputs['webhooks'])}"
        )

    def played(self, played: Played) -> None:
        """Show the way of a scenario's events, its messages and its checks."""
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 2))
        for column in ("source", "rule", "target", "attempt", "status"):
            table.add_column(column)
        table.add_column("ms", justify="right")
        rows = list(event_rows(played.events))
        for row in rows[:_MOST_ROWS]:
            table.add_row(*row.cells, style="" if row.is_ok else "yellow")
        self._console.print(table)
        if len(rows) > _MOST_ROWS:
            self._console.print(f"  [dim]... and {len(rows) - _MOST_ROWS} more[/]")
        for message in played.messages:
            self._console.print(
                Panel(
                    Text(message["text"].strip()),
                    title=f"chat {message['chat']}",
                    title_align="left",
                    width=min(self._console.width, 100),
                )
            )
        for check in played.checks:
            if check.is_right:
                self._console.print(f"  [green]✓[/] {check.what}")
            else:
                self._console.print(
                    Text(
                        f"  ✗ {check.what}: expected {check.expected!r}, got {check.actual!r}",
                        style="red",
                    )
                )
        if played.failure:
            self._console.print(Text(f"  ✗ {played.failure}", style="red"))
        self._console.print(f"  [dim]{played.seconds:.2f} s[/]")

    def hosts(self, loop: Loop) -> None:
        """Show the accounts as the hosts have them."""
        self._console.print(Text("\n▶ the accounts as the hosts show them", style="bold"))
        for instance, user in _ACCOUNTS:
            self._console.print(f"  {instance}  {loop.account(instance, user)}", markup=False)
            rules = loop.file(instance, f"/etc/sudoers.d/provisioning-{user}")
            for line in rules.splitlines():
                self._console.print(f"  {instance}  {line}", markup=False, style="dim")
        isolation = loop.inspector.get("health")["isolation"]
        self._console.print(f"  isolation: {isolation['level']}")
        for reason in isolation["reasons"]:
            self._console.print(f"    {reason}", markup=False, style="dim")

    def staying(self, endpoint: str, links: list[tuple[str, str]]) -> None:
        """Show where each story is to be seen, and how to go on."""
        self._console.print(Text("\n▶ look at it, until Ctrl-C", style="bold"))
        self._console.print(f"  {endpoint}/", markup=False)
        for title, link in links:
            self._console.print(f"  {link}", markup=False, soft_wrap=True)
            self._console.print(f"    {title}", markup=False, style="dim")
        self._console.print(
            f"  in another terminal: export LOCALCLOUD_ENDPOINT={endpoint}\n"
            "  and then: make approve ARGS='E900 devops --wait', .venv/bin/localcloud trace E123",
            markup=False,
        )

    def left(self) -> None:
        """Say how the page is kept."""
        self._console.print(
            "  the local cloud has ended; 'make demo ARGS=--stay' keeps it, with links to look at",
            style="dim",
            markup=False,
        )

    def end(self, played: list[Played], seconds: float) -> None:
        """Show the verdict."""
        right = sum(p.is_right for p in played)
        style = "bold green" if right == len(played) else "bold red"
        self._console.print(
            Text(f"\n{right} of {len(played)} as they should be, {seconds:.1f} s", style=style)
        )
        if self._as_json:
            document = {
                "ok": right == len(played),
                "seconds": round(seconds, 3),
                "scenarios": [
                    {
                        "title": p.title,
                        "ok": p.is_right,
                        "seconds": round(p.seconds, 3),
                        "failure": p.failure,
                        "checks": [
                            {
                                "what": c.what,
                                "expected": c.expected,
                                "actual": c.actual,
                                "ok": c.is_right,
                            }
                            for c in p.checks
                        ],
                        "events": p.events,
                        "messages": p.messages,
                    }
                    for p in played
                ],
            }
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
