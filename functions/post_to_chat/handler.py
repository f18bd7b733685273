"""Function Compute's entry point for ``post-to-chat``."""

import os
import time

from functions.cloud import log, smq, web
from functions.cloud.context import Context
from functions.post_to_chat import act, chats
from functions.post_to_chat.outbox import Outbox
from functions.request import deployment, environment

_drain: act.Drain | None = None
"""What this instance of the function remembers between calls: budgets, pauses, what was told."""


def handler(event: bytes, context: Context) -> str:
    """Tell the chats what waits in their queue; return the line that was logged."""
    return log.run(act.FUNCTION, lambda: _serve(event, smq.connect(context, os.environ)))


def _serve(payload: bytes, queues: smq.Queues) -> str:
    global _drain  # noqa: PLW0603
    stack = deployment.read(os.environ)
    names = act.Names(
        chats=environment.text(os.environ, "CHAT_QUEUE"),
        sent=os.environ.get("SENT_QUEUE", ""),
        dead_letters=environment.text(os.environ, "DEAD_LETTER_QUEUE"),
        bus=stack.bus,
    )
    if _drain is None:
        known = chats.read(os.environ)
        outbox = Outbox(known, stack, act.notes(queues, names.sent), time.time())
        _drain = act.Drain(outbox, names, web.send, time.time, time.sleep)
    if act.is_result(payload):
        # A rule of the version before delivers results here instead of putting them in the queue.
        queues.send(names.chats, payload.decode("utf-8", "replace"))
    return _drain.run(queues)
