"""What people ask about runs and instances, as JSON values for the CLI and ``/_localcloud/``."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from localcloud.ecs.instances import InstanceRow
from localcloud.ecs.invocations import Invocations, Result, Search, Slice
from localcloud.environment import iso_utc
from localcloud.sandbox.files import Files


def runs(
    history: Invocations, as_it_is_now: Callable[[Result], Result], limit: int
) -> list[dict[str, Any]]:
    """Return the runs of the last invocations, one entry per instance, the newest last."""
    invocations, _ = history.search(Search(), Slice(limit))
    results = history.results_of([invocation.sequence for invocation in invocations])
    found = []
    for invocation in reversed(invocations):
        for stored in results[invocation.sequence]:
            result = as_it_is_now(stored)
            begun = result.started or invocation.created
            ended = result.finished is not None and result.started is not None
            found.append(
                {
                    "invocation": invocation.invoke_id,
                    "command": invocation.command_name,
                    "command_id": invocation.command_id,
                    "instance": result.instance_id,
                    "created": iso_utc(invocation.created),
                    "started": iso_utc(begun),
                    "seconds": round((result.finished or begun) - begun, 3) if ended else None,
                    "status": result.status,
                    "exit": result.exit_code,
                    "error": result.error_code,
                    "parameters": invocation.parameters,
                    "tags": invocation.tags,
                    "output": result.output.decode(errors="replace"),
                    "dropped": result.dropped,
                }
            )
    return found


def host(row: InstanceRow, running: int) -> dict[str, Any]:
    """Describe an instance and how many scripts run on it."""
    return {
        "instance_id": row.instance_id,
        "name": row.name,
        "tags": row.tags,
        "running": running,
    }


def file(files: Files, path: str) -> dict[str, Any]:
    """Return a file's content or a folder's listing."""
    entry = files.entry(path)
    if entry.kind == "folder":
        return {**asdict(entry), "entries": [asdict(e) for e in files.listing(path)]}
    return {**asdict(entry), "content": files.content(path).decode(errors="replace")}
