"""What people ask about chats: ``/_localcloud/chats`` and ``chats/<name>/messages``."""

from typing import Any

from localcloud.chats.state import Chats
from localcloud.inspection import NotThereError, Question, Views


def views(chats: Chats) -> Views:
    """Return the views of the chats."""
    return {
        "chats": lambda _: chats.named(),
        "chats/{name}/messages": lambda asked: _messages(chats, asked),
    }


def _messages(chats: Chats, asked: Question) -> list[dict[str, Any]]:
    name, known = asked.path["name"], chats.named()
    if name not in known:
        raise NotThereError(f"no chat '{name}'; there are {', '.join(known)}")
    return chats.messages(name, limit=asked.limit, after=asked.after)
