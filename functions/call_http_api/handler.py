"""Function Compute's entry point for ``call-http-api``."""

import os

from functions.call_http_api import act
from functions.call_http_api.decide import settings
from functions.cloud import keeper, log, web
from functions.cloud.context import Context


def handler(event: bytes, context: Context) -> str:
    """Hand each new member to the company's API; return the lines that were logged."""
    kept = keeper.connect(act.FUNCTION, context, os.environ)

    def serve(payload: bytes) -> str:
        return act.serve(payload, settings(os.environ), web.send, kept.put)

    def work() -> str:
        lines = kept.call(event, serve)
        # Of an event with several members, each is an event that waits now.
        return "\n".join(filter(None, (lines, kept.work_off(serve))))

    return log.run(act.FUNCTION, work)
