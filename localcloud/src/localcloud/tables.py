"""Tables for the command line: what arrived, what ran, and the traces of events."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from localcloud.client import page_of

_WIDTH = 10_000


class EventRow(NamedTuple):
    """One line of an event's trace."""

    cells: tuple[str, ...]
    """Source, rule, target, attempt, status, milliseconds."""
    is_ok: bool


def show(kind: str, value: Any) -> None:
    """Print what the local cloud told of a kind."""
    # Nothing is cut to the width of a terminal: an id that is not whole is of no use.
    console = Console(highlight=False, emoji=False, width=_WIDTH)
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


def _ways(console: Console, shown: dict[str, Any]) -> None:
    if not shown["ways"]:
        console.print("no event was accepted yet", style="dim")
    for way in shown["ways"]:
        named = "  ".join(f"{name} {value}" for name, value in way["labels"].items())
        told = f"told in {', '.join(way['chats'])}" if way["chats"] else "told nowhere"
        console.print(Text(f"{way['began']}  {way['id']}  {way['state']}, {told}", style="bold"))
        console.print(Text(f"  {way['source'] or way['kind']}  {named}".rstrip()))
        console.print(Text(f"  {page_of(shown['endpoint'], way['id'])}", style="dim"))
        for event in way["events"]:
            _event(console, event)
        if way["runs"]:
            console.print(_run_table(way["runs"]))
        for call in way["calls"]:
            if call["error"]:
                last = call["lines"][-1] if call["lines"] else ""
                said = f"  {call['time']}  {call['function']} failed: {call['error']} {last}"
                console.print(Text(said, style="yellow"))
        for refused in way["refused"]:
            said = f"  {refused['time']}  {refused['by']} refused: {refused['code']}"
            console.print(Text(f"{said}, {refused['message']}", style="yellow"))
        for again in way["repeated"]:
            said = f"  {again['function']} is called again at {again['next_attempt_at']}"
            console.print(Text(f"{said}, attempt {again['attempt']}", style="yellow"))
        for letter in way["letters"]:
            said = f"  given up by {letter['place']}: {letter['reason']}"
            said += f"; it waits in {letter['queue']}"
            console.print(Text(said, style="red"))
        for message in way["messages"]:
            console.print(Text(f"  {message['time']}  chat {message['chat']}: {message['title']}"))
        console.print()


def _event(console: Console, event: dict[str, Any]) -> None:
    console.print(Text(f"  {event['accepted_at']}  {event['source']}  {event['id']}"))
    table = Table(box=None, padding=(0, 2, 0, 4), header_style="dim")
    for column in ("rule", "target", "attempt", "status"):
        table.add_column(column)
    table.add_column("ms", justify="right")
    for row in event_rows([event]):
        table.add_row(*row.cells[1:], style="" if row.is_ok else "yellow")
    console.print(table)
    for rule in event["rules"]:
        if not rule["matched"]:
            said = f"    {rule['rule']} did not match: {rule['reason']}"
            console.print(Text(said, style="dim"))
            continue
        for target in rule["targets"]:
            failed = [attempt for attempt in target["attempts"] if not attempt["ok"]]
            if failed:
                said = f"    {rule['rule']}, {target['target']}: {failed[-1]['message']}"
                console.print(Text(said, style="yellow"))
            if target["next_attempt_at"] and target["attempts"]:
                said = f"    {rule['rule']}, {target['target']}: next try"
                console.print(Text(f"{said} at {target['next_attempt_at']}", style="yellow"))


def _logs(console: Console, lines: list[dict[str, Any]]) -> None:
    if not lines:
        console.print("the function was not invoked yet", style="dim")
    for line in lines:
        console.print(Text.assemble((line["time"], "dim"), "  ", line["line"]))


def _functions(console: Console, functions: list[dict[str, Any]]) -> None:
    if not functions:
        console.print("there is no function yet", style="dim")
    for function in functions:
        console.print(Text(function["name"]))


def _invocations(console: Console, invocations: list[dict[str, Any]]) -> None:
    console.print(_run_table(invocations))


def _run_table(runs: list[dict[str, Any]]) -> Table:
    names = list(dict.fromkeys(name for run in runs for name in run["labels"]))
    columns = ("started", "invocation", "instance", "status", "exit", "seconds")
    table = _table(*columns, *names, "command")
    for run in runs:
        cells = [run.get(column) for column in columns]
        cells += [run["labels"].get(name) for name in names]
        table.add_row(*("" if cell is None else str(cell) for cell in (*cells, run["command"])))
    return table


_KINDS: dict[str, Callable[[Console, Any], None]] = {
    "chats": _chats,
    "messages": _messages,
    "functions": _functions,
    "ways": _ways,
    "logs": _logs,
    "invocations": _invocations,
}
