"""Tables for the command line: what arrived, what ran, and the traces of events."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text


class EventRow(NamedTuple):
    """One line of an event's trace."""

    cells: tuple[str, ...]
    """Source, rule, target, attempt, status, milliseconds."""
    is_ok: bool


def show(kind: str, value: Any) -> None:
    """Print what the local cloud told of a kind."""
    console = Console(highlight=False, emoji=False)
    _KINDS[kind](console, value)


def event_rows(events: Iterable[dict[str, Any]]) -> Iterator[EventRow]:
    """Return a line for each attempt at each target of events, and one for events without any."""
    for event in events:
        source = event["source"]
        matched = [rule for rule in event["rules"] if rule["matched"]]
        if not matched:
            yield EventRow((source, "no rule matched", "", "", "", ""), is_ok=False)
        for rule in matched:
            for target in rule["targets"]:
                for attempt in target["attempts"]:
                    cells = (
                        source,
                        rule["rule"],
                        target["target"],
                        str(attempt["attempt"]),
                        attempt["status"],
                        f"{attempt['milliseconds']:.0f}",
                    )
                    yield EventRow(cells, attempt["ok"])
                if not target["attempts"]:
                    cells = (source, rule["rule"], target["target"], "", target["state"], "")
                    yield EventRow(cells, is_ok=True)


def _messages(console: Console, messages: list[dict[str, Any]]) -> None:
    if not messages:
        console.print("nothing arrived in this chat yet", style="dim")
    for message in messages:
        console.print(Text(f"#{message['id']}  {message['time']}", style="dim"))
        console.print(Text(message["text"].rstrip() + "\n"))


def _chats(console: Console, shown: dict[str, dict[str, dict[str, Any]]]) -> None:
    chats = _table("chat", "platform", "in 60 s", "limit", "closed for")
    for name, chat in shown["chats"].items():
        closed = f"{chat['closed_seconds']:.0f} s" if chat["closed_seconds"] else ""
        limit = "none" if chat["limit"] is None else str(chat["limit"])
        style = "yellow" if closed else ""
        cells = (name, chat["platform"], str(chat["in_60_seconds"]), limit, closed)
        chats.add_row(*cells, style=style)
    console.print(chats)
    queues = _table("queue", "waiting", "received", "delayed")
    for name, queue in shown["queues"].items():
        queues.add_row(name, *(str(queue[key]) for key in ("active", "inactive", "delayed")))
    console.print()
    console.print(queues if shown["queues"] else Text("there is no queue yet", style="dim"))


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column)
    return table


def _trace(console: Console, events: list[dict[str, Any]]) -> None:
    if not events:
        console.print("no event was accepted yet", style="dim")
    for event in events:
        console.print(
            Text(f"{event['accepted_at']}  {event['bus']}  {event['source']}  {event['id']}")
        )
        table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
        for column in ("rule", "target", "attempt", "status"):
            table.add_column(column)
        table.add_column("ms", justify="right")
        for row in event_rows([event]):
            table.add_row(*row.cells[1:], style="" if row.is_ok else "yellow")
        console.print(table)
        for rule in event["rules"]:
            if not rule["matched"]:
                console.print(
                    Text(f"  {rule['rule']} did not match: {rule['reason']}", style="dim")
                )


def _logs(console: Console, lines: list[dict[str, Any]]) -> None:
    if not lines:
        console.print("the function was not invoked yet", style="dim")
    for line in lines:
        console.print(Text(line["line"]))


def _invocations(console: Console, invocations: list[dict[str, Any]]) -> None:
    columns = ("started", "invocation", "instance", "command", "status", "exit", "seconds")
    table = _table(*columns)
    for row in invocations:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    console.print(table)


_KINDS: dict[str, Callable[[Console, Any], None]] = {
    "chats": _chats,
    "messages": _messages,
    "trace": _trace,
    "logs": _logs,
    "invocations": _invocations,
}
