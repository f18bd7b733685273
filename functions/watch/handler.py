"""Function Compute's entry point for ``watch``."""

import os
import time

from functions.cloud import log, smq, web
from functions.cloud.context import Context
from functions.cloud.errors import SettingError
from functions.post_to_chat import chats
from functions.report.i18n import words
from functions.request import environment
from functions.request.deployment import Language
from functions.watch import act


def handler(event: bytes, context: Context) -> str:  # noqa: ARG001 - a timer's says nothing
    """Tell what is new; return the line that was logged."""

    def work() -> str:
        settings, queues = _settings(), smq.connect(context, os.environ)
        return act.serve(settings, queues, web.send, time.time)

    return log.run(act.FUNCTION, work)


def _settings() -> act.Settings:
    ((_, chat),) = chats.read(os.environ).items() or [("", SettingError("CHATS", "is empty"))]
    if isinstance(chat, SettingError):
        raise chat
    language = os.environ.get("CHAT_LANGUAGE", "")
    if language not in list(Language):
        raise SettingError("CHAT_LANGUAGE", f"must be one of: {', '.join(Language)}")
    return act.Settings(
        stack=environment.text(os.environ, "STACK"),
        notes=environment.text(os.environ, "WATCH_QUEUE"),
        dead_letters=environment.text(os.environ, "DEAD_LETTER_QUEUE"),
        chats=os.environ.get("CHAT_QUEUE", ""),
        chat=chat,
        words=words(Language(language)),
    )
