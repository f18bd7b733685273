"""Sends a result's message to its chat, once more as plain text if the chat refuses the form."""

from collections.abc import Callable, Mapping

from functions.cloud.errors import SettingError, UnreachableError
from functions.cloud.log import decision
from functions.cloud.web import Send
from functions.platforms.base import Meaning, Message, Verdict
from functions.post_to_chat.decide import (
    Chat,
    ChatBusyError,
    addressed,
    failure,
    fallback,
    judge,
    outgoing,
)
from functions.request import events

FUNCTION = "post-to-chat"
SECONDS = 10


def serve(
    payload: bytes | str,
    known: Mapping[str, Chat | SettingError],
    transport: Send,
    now: Callable[[], float],
) -> str:
    """Deliver the message of a result event.

    Raises:
        ChatBusyError: if the chat may take it later.
        PermanentError: if it will not, or if there is no chat or no message.
    """
    event = events.read(payload)
    chat, message = addressed(event, known)

    def send(body: Message, key: str) -> Verdict:
        ready = outgoing(chat, body, key, now())
        try:
            answer = transport("POST", ready.url, ready.headers, ready.body, SECONDS)
        except UnreachableError as error:
            raise ChatBusyError(
                f"chat {chat.name} ({chat.platform}): {error}", error.code
            ) from None
        return judge(chat, answer)

    form = "finished"
    verdict = send(message, event.id)
    plain = fallback(message, chat, verdict.meaning)
    if plain is not None:
        decision(FUNCTION, "as-text", event_id=event.id, chat=chat.name, code=verdict.code)
        form = "text"
        verdict = send(plain, f"{event.id}:text")
    if verdict.meaning is not Meaning.SENT:
        raise failure(chat, verdict)
    return decision(FUNCTION, "sent", event_id=event.id, chat=chat.name, form=form)
