"""What an invocation returns, and how it is classified and logged."""

from dataclasses import dataclass, field
from typing import Any

from localcloud import strict_json
from localcloud.errors import ApiError
from localcloud.fc.process import Outcome
from localcloud.fc.registry import Target

LOG_TAIL = 4096
"""Bytes of the log that an answer may carry ("InvokeFunction")."""

ERROR_HEADER = "UnhandledInvocationError"
"""What ``X-Fc-Error-Type`` says for every failure of a Python function ("Error handling")."""


@dataclass(frozen=True)
class Invocation:
    """How an invocation of a function ended."""

    status: int
    """The HTTP status: 200 also when the function itself failed; 4xx and 5xx when it never ran."""
    body: bytes = field(repr=False)
    """What the function returned, or the error as JSON."""
    error_type: str = ""
    """Empty for success. For a function that failed ``FunctionUnhandledError``,
    ``FunctionTimeoutError`` or ``FunctionOOMError`` ("Log field details", Function Compute 3.0);
    for one that never ran the cloud's code (``FunctionNotFoundError``, ``NoPermissionError``)."""
    duration_ms: float = 0.0
    log: str = ""
    """The end of the log, at most 4 KB."""
    request_id: str = ""
    peak_mb: float = 0.0

    @property
    def is_success(self) -> bool:
        """Return whether the function ran and returned."""
        return self.status == 200 and not self.error_type


def refused(failure: ApiError, request_id: str) -> Invocation:
    """Return the invocation of a function that could not be run."""
    body = {"Code": failure.code, "Message": failure.message, "RequestId": request_id}
    return Invocation(
        status=failure.status,
        body=strict_json.write({**body, **failure.data}).encode(),
        error_type=failure.code,
        request_id=request_id,
    )


def finished(target: Target, outcome: Outcome, duration_ms: float, request_id: str) -> Invocation:
    """Return the invocation that ended in that way."""
    peak_mb = round(outcome.peak_kb / 1024, 2)
    error_type, content = _result(target.settings, outcome, duration_ms, peak_mb)
    lines = [*log_lines(outcome.output, error_type, content, request_id)]
    summary = (
        f"\nDuration: {duration_ms:.2f} ms, Memory Size: {target.settings['memorySize']} MB, "
        f"Max Memory Used: {peak_mb:.2f} MB"
    )
    tail = ("\n".join(lines) + "\n" + summary).encode()[-LOG_TAIL:].decode("utf-8", "ignore")
    return Invocation(200, content, error_type, duration_ms, tail, request_id, peak_mb)


def log_lines(output: str, error_type: str, content: bytes, request_id: str) -> list[str]:
    """Return the lines of the function's log for one invocation, as the runtime writes them."""
    lines = [f"FC Invoke Start RequestId: {request_id}", *output.splitlines()]
    if error_type:
        # guess: how the runtime words a failure in the log.
        lines.append(f"{request_id} [ERROR] {content.decode('utf-8', 'replace')}")
    lines.append(f"FC Invoke End RequestId: {request_id}")
    return lines


def metrics(target: Target, invocation: Invocation) -> dict[str, str]:
    """Return the entry of ``enableRequestMetrics`` ("Log field details", Function Compute 3.0)."""
    entry = {
        "functionName": target.function,
        "versionId": target.version,
        "qualifier": target.qualifier,
        "requestId": invocation.request_id,
        "operation": "InvokeFunction",
        "memoryMB": str(target.settings["memorySize"]),
        "memoryUsageMB": f"{invocation.peak_mb:.2f}",
        "durationMs": f"{invocation.duration_ms:.2f}",
        "hasFunctionError": "true" if invocation.error_type else "false",
    }
    return {**entry, "errorType": invocation.error_type} if invocation.error_type else entry


def _result(
    settings: dict[str, Any], outcome: Outcome, duration_ms: float, peak_mb: float
) -> tuple[str, bytes]:
    # "Error handling" and "FAQ" show these sentences.
    exited = (
        "Process exited unexpectedly before completing request "
        f"(duration: {duration_ms:.0f}ms, maxMemoryUsage: {peak_mb:.2f}MB)"
    )
    match outcome.status:
        case "ok":
            return "", outcome.content
        case "error" | "unloadable":
            return "FunctionUnhandledError", outcome.content
        case "timeout":
            seconds = settings["timeout"]
            message = (
                f"Function timed out after {seconds} seconds (maxMemoryUsage: {peak_mb:.2f}MB)"
            )
            return "FunctionTimeoutError", _body(message)
        case "memory":
            return "FunctionOOMError", _body(exited)
        case _:
            return "FunctionUnhandledError", _body(exited)


def _body(message: str) -> bytes:
    return strict_json.write({"errorMessage": message}).encode()
