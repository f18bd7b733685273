"""Function Compute's entry point for ``publish-result``."""

import os
import time

from functions.cloud import log, runtime
from functions.cloud.context import Context
from functions.publish_result import act
from functions.report.notes import Notes
from functions.request import deployment


def handler(event: bytes, context: Context) -> str:
    """Publish the result of each finished run; return the lines that were logged."""

    def serve(payload: bytes) -> str:
        return act.PublishResult(
            deployment.read(os.environ),
            runtime.cloud_assistant(context, os.environ),
            runtime.instances(context, os.environ),
            runtime.event_bus(context, os.environ),
            Notes(
                act.FUNCTION,
                runtime.queues(context, os.environ),
                os.environ.get("WATCH_QUEUE", ""),
                time.time,
            ),
            time.time,
        ).serve(payload)

    def work() -> str:
        return runtime.keeper(act.FUNCTION, context, os.environ).call(event, serve)

    return log.run(act.FUNCTION, work)
