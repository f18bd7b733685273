"""What people ask about functions: ``/_localcloud/logs/<function>``."""

from localcloud.fc.service import FunctionCompute
from localcloud.inspection import NotThereError, Question, Views


def views(fc: FunctionCompute) -> Views:
    """Return the views of Function Compute."""
    return {"logs/{function}": lambda asked: _logs(fc, asked)}


def _logs(fc: FunctionCompute, asked: Question) -> list[dict[str, str]]:
    name = asked.path["function"]
    found = fc.logs(name, limit=asked.limit)
    known = [function.name for function in fc.registry.functions()]
    if not found and name not in known:
        raise NotThereError(f"no function '{name}'; there are {', '.join(known) or 'none yet'}")
    return found
