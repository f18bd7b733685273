"""Function Compute's entry point for ``call-http-api``."""

import os

from functions.call_http_api import act
from functions.call_http_api.decide import settings
from functions.cloud import log, web
from functions.cloud.context import Context


def handler(event: bytes, context: Context) -> str:  # noqa: ARG001
    """Hand what was posted to the company's API; return the line that was logged."""
    return log.run(act.FUNCTION, lambda: act.serve(event, settings(os.environ), web.send))
