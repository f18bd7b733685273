"""Function Compute's entry point for ``run-command``."""

import os
import time

from functions.cloud import log, runtime
from functions.cloud.context import Context
from functions.run_command import act, settings
from functions.run_command.clients import Clients
from functions.run_command.noise import Noise

_NOISE = Noise()
"""Lives as long as the instance of the function."""


def handler(event: bytes, context: Context) -> str:
    """Run each request once; return the lines that were logged."""

    def serve(payload: bytes) -> str:
        clients = Clients(
            runtime.cloud_assistant(context, os.environ),
            runtime.instances(context, os.environ),
            runtime.event_bus(context, os.environ),
            runtime.queues(context, os.environ),
        )
        function = act.RunCommand(settings.read(os.environ), clients, _NOISE, time.time)
        return function.serve(payload)

    def work() -> str:
        return runtime.keeper(act.FUNCTION, context, os.environ).call(event, serve)

    return log.run(act.FUNCTION, work)
