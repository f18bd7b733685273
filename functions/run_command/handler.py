"""Function Compute's entry point for ``run-command``."""

import os
import time

from functions.cloud import log, retry, runtime
from functions.cloud.context import Context
from functions.run_command import act, settings
from functions.run_command.clients import Clients
from functions.run_command.noise import Noise

_NOISE = Noise()
"""Lives as long as the instance of the function."""


def handler(event: bytes, context: Context) -> str:
    """Run the request in an event once; return the line that was logged."""

    def work() -> str:
        clients = Clients(
            runtime.cloud_assistant(context, os.environ),
            runtime.instances(context, os.environ),
            runtime.event_bus(context, os.environ),
            runtime.queues(context, os.environ),
        )
        function = act.RunCommand(settings.read(os.environ), clients, _NOISE, time.time)
        return function.serve(event)

    return log.run(act.FUNCTION, lambda: retry.patiently(act.FUNCTION, work))
