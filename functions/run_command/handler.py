"""Function Compute's entry point for ``run-command``."""

import os
import time

from functions.cloud import log, runtime
from functions.cloud.context import Context
from functions.run_command import act, settings


def handler(event: bytes, context: Context) -> str:
    """Run the request in an event once; return the line that was logged."""
    return log.run(
        act.FUNCTION,
        lambda: act.RunCommand(
            settings.read(os.environ),
            runtime.cloud_assistant(context, os.environ),
            runtime.event_bus(context, os.environ),
            time.time,
        ).serve(event),
    )
