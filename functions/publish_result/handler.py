"""Function Compute's entry point for ``publish-result``."""

import os
import time

from functions.cloud import cloud_assistant, eventbridge, instances, keeper, log, smq
from functions.cloud.context import Context
from functions.publish_result import act
from functions.report.notes import Notes
from functions.request import deployment


def handler(event: bytes, context: Context) -> str:
    """Publish the result of each finished run; return the lines that were logged."""

    def serve(payload: bytes) -> str:
        return act.PublishResult(
            deployment.read(os.environ),
            cloud_assistant.connect(context, os.environ),
            instances.connect(context, os.environ),
            eventbridge.connect(context, os.environ),
            Notes(
                act.FUNCTION,
                smq.connect(context, os.environ),
                os.environ.get("WATCH_QUEUE", ""),
                time.time,
            ),
            time.time,
        ).serve(payload)

    def work() -> str:
        return keeper.connect(act.FUNCTION, context, os.environ).call(event, serve)

    return log.run(act.FUNCTION, work)
