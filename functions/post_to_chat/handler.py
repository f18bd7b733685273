"""Function Compute's entry point for ``post-to-chat``."""

import os
import time

from functions.cloud import log, web
from functions.cloud.context import Context
from functions.post_to_chat import act
from functions.post_to_chat.decide import chats


def handler(event: bytes, context: Context) -> str:  # noqa: ARG001
    """Send a result's message to its chat; return the line that was logged."""
    return log.run(act.FUNCTION, lambda: act.serve(event, chats(os.environ), web.send, time.time))
