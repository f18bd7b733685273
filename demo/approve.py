"""Posts an approval to a running local cloud, as an automation of a platform does."""

import secrets
import time
from typing import Any
from urllib.parse import quote

from localcloud.client import CloudUnreachableError, Inspector, page_of
from localcloud.commandline.errors import UserError
from localcloud.commandline.progress import progress

_POLL_SECONDS = 0.1


class NotApproved(UserError):
    """The approval was not taken, or did not end in time."""


def approve(
    endpoint: str, employee: str, role: str, *, source: str, chat: str, leaves: bool, seconds: float
) -> dict[str, Any]:
    """Post an approval; return what was posted and, if it is waited for, what came of it.

    Raises:
        NotApproved: if nothing has come of it after that many seconds; 0 does not wait.
    """
    inspector = Inspector(endpoint)
    request = f"R-{secrets.token_hex(3)}"
    detail = {"emp_id": employee, "role": role, "request_id": request, "chat": chat}
    body = {
        "source": source,
        "detail-type": "DeprovisionRequest" if leaves else "ProvisionRequest",
        "detail": {name: value for name, value in detail.items() if value},
    }
    try:
        posted = inspector.post(f"sources/{quote(source)}/events", {"body": body})
    except CloudUnreachableError as error:
        raise NotApproved(f"{error}; 'localcloud deploy' makes them") from None
    result = {
        "request": request,
        "event": posted["event"],
        "page": page_of(inspector.endpoint, request),
    }
    if not seconds:
        return result
    return result | _outcome(inspector, request, seconds)


def _outcome(inspector: Inspector, request: str, seconds: float) -> dict[str, Any]:
    end = time.monotonic() + seconds
    with progress(f"waiting for {request}"):
        while True:
            way = inspector.get(f"requests/{quote(request)}")
            if way["messages"]:
                break
            if time.monotonic() > end:
                raise NotApproved(
                    f"no chat was told of {request} within {seconds:.0f} s (it is {way['state']}); "
                    f"'localcloud trace {request}' says how far it is"
                )
            time.sleep(_POLL_SECONDS)
    message = way["messages"][-1]
    return {
        "status": way["status"] or way["state"],
        "instances": way["instances"],
        "chat": message["chat"],
        "message": message["text"],
    }


def as_text(result: dict[str, Any]) -> str:
    """Return a result as people read it."""
    lines = [f"posted   {result['request']}", f"page     {result['page']}"]
    if "status" in result:
        lines += [
            f"ended    {result['status']} on {', '.join(result['instances']) or 'no instance'}",
            f"chat     {result['chat']}",
            "",
            result["message"].rstrip(),
        ]
    else:
        lines.append(f"follow   .venv/bin/localcloud trace {result['request']}")
    return "\n".join(lines)
