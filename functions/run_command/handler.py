"""Function Compute's entry point for ``run-command``."""

import os
import time

from functions.cloud import cloud_assistant, eventbridge, instances, keeper, log, smq
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
            cloud_assistant.connect(context, os.environ),
            instances.connect(context, os.environ),
            eventbridge.connect(context, os.environ),
            smq.connect(context, os.environ),
        )
        function = act.RunCommand(settings.read(os.environ), clients, _NOISE, time.time)
        return function.serve(payload)

    def work() -> str:
        return keeper.connect(act.FUNCTION, context, os.environ).call(event, serve)

    return log.run(act.FUNCTION, work)
