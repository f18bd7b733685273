"""Sends one finished message to its chat, for stacks whose rules call the function directly."""

from collections.abc import Callable, Mapping

from functions.cloud.errors import PermanentError, SettingError, TemporaryError, UnreachableError
from functions.cloud.log import decision
from functions.cloud.web import Send
from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Meaning, Message, Verdict
from functions.post_to_chat.chats import Chat, judge, outgoing
from functions.request import events
from functions.request.events import Event

FUNCTION = "post-to-chat"
SECONDS = 10
SHORT_BYTES = 3000


class ChatBusyError(TemporaryError):
    """The chat takes no message right now: too many, out of order, or out of reach."""


class ChatRefusedError(PermanentError):
    """The chat will not take this message: wrong webhook, secret, keyword or address."""


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


def addressed(event: Event, known: Mapping[str, Chat | SettingError]) -> tuple[Chat, Message]:
    """Return the chat that a result event is for, and its finished message.

    Raises:
        PermanentError: if it names no chat that is known, or holds no message.
        SettingError: if that chat's own setting is wrong.
    """
    name = event.get("detail", "origin", "chat")
    chat = known.get(name) if isinstance(name, str) else None
    if chat is None:
        names = ", ".join(sorted(known))
        raise PermanentError(f"event {event.id} names no known chat; known: {names}", "NoChat")
    if isinstance(chat, SettingError):
        raise chat
    message = event.get("message")
    if not isinstance(message, dict):
        raise PermanentError(f"event {event.id} holds no message", "NoMessage")
    return chat, message


def fallback(message: Message, chat: Chat, meaning: Meaning) -> Message | None:
    """Return the same facts as plain text, for a chat that refused the form or the length."""
    if meaning not in {Meaning.BAD_FORM, Meaning.BAD_CONTENT, Meaning.TOO_LONG}:
        return None
    form = platform(chat.platform)
    most = SHORT_BYTES if meaning is Meaning.TOO_LONG else form.most_bytes - 1000
    # A message that waited may have the form of the platform that the chat had before.
    readers = [form, *map(platform, ChatPlatform)]
    text = next(filter(None, (reader.text_of(message) for reader in readers)), "")
    raw = text.encode("utf-8", "replace")
    if len(raw) > most:
        text = raw[:most].decode("utf-8", "ignore") + "…"
    return form.text_message(text, message)


def failure(chat: Chat, verdict: Verdict) -> ChatBusyError | ChatRefusedError:
    """Return the error for an answer that is not a success."""
    message = f"chat {chat.name} ({chat.platform}) answered {verdict.code}"
    if verdict.meaning is Meaning.LATER:
        return ChatBusyError(f"{message}: not now", verdict.code)
    return ChatRefusedError(f"{message}: {verdict.meaning.value}", verdict.code)
