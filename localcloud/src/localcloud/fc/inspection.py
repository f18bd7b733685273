"""What people ask about functions: ``/_localcloud/logs/<function>``."""

from typing import Any

from localcloud.fc.service import FunctionCompute
from localcloud.inspection import NotThereError, Question, Views


def views(fc: FunctionCompute) -> Views:
    """Return the views of Function Compute."""
    return {"functions": lambda _: functions(fc), "logs/{function}": lambda asked: _logs(fc, asked)}


def functions(fc: FunctionCompute) -> list[dict[str, Any]]:
    """Return the functions; not their variables, which may be secret."""
    return [
        {
            "name": function.name,
            "description": function.settings.get("description", ""),
            "handler": function.settings["handler"],
            "runtime": function.settings["runtime"],
            "memory": function.settings["memorySize"],
            "timeout": function.settings["timeout"],
            "concurrency": function.reserved_concurrency,
            "modified": function.modified,
        }
        for function in fc.registry.functions()
    ]


def _logs(fc: FunctionCompute, asked: Question) -> list[dict[str, str]]:
    name = asked.path["function"]
    found = fc.logs(name, limit=asked.limit)
    known = [function.name for function in fc.registry.functions()]
    if not found and name not in known:
        raise NotThereError(f"no function '{name}'; there are {', '.join(known) or 'none yet'}")
    return found
