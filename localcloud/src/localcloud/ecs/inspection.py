"""What people ask about runs and instances: ``/_localcloud/invocations`` and ``instances``."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from localcloud import labels
from localcloud.ecs.accounts import accounts
from localcloud.ecs.invocations import Invocation, Search, Slice
from localcloud.ecs.service import Ecs
from localcloud.environment import iso_utc
from localcloud.inspection import NotThereError, Views


def views(ecs: Ecs) -> Views:
    """Return the views of ECS."""
    return {
        "invocations": lambda asked: runs(ecs, asked.limit),
        "instances": lambda _: instances(ecs),
        "instances/{instance_id}/accounts": lambda asked: people(ecs, asked.path["instance_id"]),
        "instances/{instance_id}/files": lambda asked: files(
            ecs, asked.path["instance_id"], asked.params.get("path", "/")
        ),
    }


def runs(ecs: Ecs, limit: int) -> list[dict[str, Any]]:
    """Return the runs of the last invocations, one entry per instance, the newest last."""
    invocations, _ = ecs.history.search(Search(), Slice(limit))
    return runs_of(ecs, invocations[::-1])


def runs_of(ecs: Ecs, invocations: Sequence[Invocation]) -> list[dict[str, Any]]:
    """Return the runs of invocations, one entry per instance, in the invocations' order."""
    results = ecs.results(invocations)
    found = []
    for invocation in invocations:
        carried = {"tags": invocation.tags, "parameters": invocation.parameters}
        named = labels.values(ecs.settings.labels, carried)
        for result in results[invocation.sequence]:
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
                    "at": begun,
                    "seconds": round((result.finished or begun) - begun, 3) if ended else None,
                    "status": result.status,
                    "exit": result.exit_code,
                    "error": result.error_code,
                    "labels": named,
                    "parameters": invocation.parameters,
                    "tags": invocation.tags,
                    "output": result.output.decode(errors="replace"),
                    "dropped": result.dropped,
                }
            )
    return found


def instances(ecs: Ecs) -> list[dict[str, Any]]:
    """Return the instances and how many scripts run on each."""
    return [
        {
            "instance_id": row.instance_id,
            "name": row.name,
            "tags": row.tags,
            "status": row.status,
            "running": ecs.dispatcher.running(row.instance_id),
        }
        for row in sorted(ecs.instances, key=lambda row: row.number)
    ]


def files(ecs: Ecs, instance_id: str, path: str) -> dict[str, Any]:
    """Return a file of an instance with its content, or a folder with its entries."""
    found = _files(ecs, instance_id)
    entry = found.entry(path)
    if entry.kind == "folder":
        return {**asdict(entry), "entries": [asdict(each) for each in found.listing(path)]}
    return {**asdict(entry), "content": found.content(path).decode(errors="replace")}


def people(ecs: Ecs, instance_id: str) -> list[dict[str, Any]]:
    """Return the accounts of an instance; without the right to read its files there are none."""
    return accounts(_files(ecs, instance_id), ecs.settings.account_files, ecs.clock.now())


def _files(ecs: Ecs, instance_id: str) -> Any:
    if instance_id not in ecs.instances:
        there_are = ", ".join(row.instance_id for row in ecs.instances)
        raise NotThereError(f"no instance '{instance_id[:80]}'; there are {there_are}")
    return ecs.machines.files(instance_id)


def isolation(ecs: Ecs) -> dict[str, Any]:
    """Return how instances are kept apart from the machine, and why not better."""
    known = ecs.machines.known_isolation
    if known is not None:
        return {"level": known.level.value, "reasons": list(known.reasons)}
    return {
        "level": "none" if ecs.unavailable else "not chosen yet",
        "reasons": [ecs.unavailable] if ecs.unavailable else [],
    }
