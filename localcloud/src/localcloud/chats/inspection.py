"""What people ask about chats: ``/_localcloud/chats`` and ``chats/<name>/messages``."""

from typing import Any

from localcloud.chats.state import Chats
from localcloud.inspection import NotThereError, Question, Views


def views(chats: Chats) -> Views:
    """Return the views of the chats."""
    return {
        "chats": lambda _: _described(chats),
        "chats/{name}/messages": lambda asked: _messages(chats, asked),
    }


def _described(chats: Chats) -> dict[str, dict[str, Any]]:
    usage = chats.usage()
    return {name: {**chat, **usage[name]} for name, chat in chats.named().items()}


def _messages(chats: Chats, asked: Question) -> list[dict[str, Any]]:
    name, known = asked.path["name"], chats.named()
    if name not in known:
        raise NotThereError(f"no chat '{name}'; there are {', '.join(known)}")
    return chats.messages(name, limit=asked.limit, after=asked.after)
