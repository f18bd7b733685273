"""One line of JSON per decision, with ids and the verdict and never the payload."""

import json
from collections.abc import Callable

from functions.cloud.errors import FunctionError, SettingError, TemporaryError

_LONGEST = 200


def decision(function: str, verdict: str, **ids: str | int | float | bool | None) -> str:
    """Print what was decided about which event, and return the same line."""
    line: dict[str, str | int | float | bool] = {"function": function, "decision": verdict}
    for name, value in ids.items():
        if value is not None and value != "":
            line[name] = value[:_LONGEST] if isinstance(value, str) else value
    text = json.dumps(line)
    print(text, flush=True)
    return text


def run(function: str, work: Callable[[], str]) -> str:
    """Run a function's work; one of its own errors is logged by name and raised again."""
    try:
        return work()
    except FunctionError as error:
        kind = "permanent"
        if isinstance(error, TemporaryError):
            kind = "temporary"
        elif isinstance(error, SettingError):
            kind = "misconfigured"
        decision(function, kind, error=type(error).__name__, code=error.code, reason=str(error))
        raise
