"""Function Compute's entry point for ``receive-approval``: pushes, its own bus, a timer."""

import json
import os
import time
from typing import Any

from functions.cloud import eventbridge, log, web
from functions.cloud.context import Context
from functions.cloud.errors import FunctionError
from functions.receive_approval import act, http_call, settings
from functions.receive_approval.declared import LOOK
from functions.request import events

_MEMORY = act.Memory()
"""Lives as long as the instance of the function."""
_PUSH_SECONDS = 1.0
"""How long the bus may take before the platform's patience is over.

A cold start comes on top, so what a push does not need is imported where it is needed."""


def handler(event: bytes, context: Context) -> Any:
    """Answer a push, or confirm what was pushed; return the answer, or the line that was logged."""
    call = http_call.read(_json(event))
    if call is not None:
        return _answer(call, context)

    def serve(payload: bytes) -> str:
        function = _function(context, 10.0)
        if not events.is_timer(payload):
            return function.confirm(events.read(payload))
        # The other timer is the occasion to work off what waits.
        return function.find_lost() if _is_look(payload) else ""

    def work() -> str:
        from functions.cloud import keeper  # noqa: PLC0415

        return keeper.connect(act.FUNCTION, context, os.environ).call(event, serve)

    return log.run(act.FUNCTION, work)


def _answer(call: http_call.Call, context: Context) -> Any:
    """Answer whatever was sent: an exception would show its text to whoever sent it."""
    try:
        return _function(context, _PUSH_SECONDS).answer(call).http
    except FunctionError as error:
        log.decision(act.FUNCTION, "misconfigured", code=error.code, reason=str(error))
    except Exception as error:  # nothing of it may reach the internet
        log.decision(act.FUNCTION, "broken", error=type(error).__name__)
    return http_call.answer(500, {"error": "refused"})


def _function(context: Context, seconds: float) -> act.ReceiveApproval:
    given = settings.read(os.environ)

    def archived(since: float) -> set[str]:
        """Return the ids of what was handed over, as the archive of the bus has them."""
        from functions.cloud import log_store  # noqa: PLC0415

        store = log_store.connect(context, os.environ, given.log_project, given.log_store)
        entries = store.search("ApprovedRequest", since)
        contents = (_json(entry.get("content", "")) for entry in entries)
        return {str(found.get("id")) for found in contents if isinstance(found, dict)}

    return act.ReceiveApproval(
        given,
        eventbridge.connect(context, os.environ, seconds),
        _MEMORY,
        web.send,
        time.time,
        lambda: os.urandom(16),
        archived,
    )


def _is_look(payload: bytes) -> bool:
    given = _json(payload)
    return isinstance(given, dict) and given.get("triggerName") == LOOK


def _json(event: bytes | str) -> object:
    try:
        return json.loads(event)
    except (ValueError, RecursionError):
        return None
