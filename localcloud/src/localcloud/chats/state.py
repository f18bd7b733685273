"""The chats: the state of each, and every message that arrived."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from localcloud.chats.limits import RateLimit, Unlimited
from localcloud.chats.platform import Message, Platform
from localcloud.chats.platforms import PLATFORMS, address_of
from localcloud.environment import Environment, iso_utc
from localcloud.faults import Fault, Faults
from localcloud.settings import ChatSettings, CloudSettings
from localcloud.store import Store

KEPT_MESSAGES = 20_000
"""Messages of a chat that are kept."""
_PRUNE_EVERY = 500
_KEPT_RENDERED = 4_000
"""Messages that are kept as people read them."""

_SHOWN = "id, chat, time, body, repeat_key"
_LONGEST_KEY = 200
_SIGN = " "
"""Between the key of a message and its digest: no header or id holds it at the end."""

_MESSAGES = """
CREATE TABLE IF NOT EXISTS chat_messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, chat TEXT NOT NULL, time REAL NOT NULL,
  body TEXT NOT NULL, repeat_key TEXT
);
CREATE INDEX IF NOT EXISTS chat_messages_chat ON chat_messages (chat, id);
"""


@dataclass
class Chat:
    """One chat and what it remembers between two messages."""

    name: str
    settings: ChatSettings
    platform: Platform
    limit: RateLimit
    seen: dict[str, None] = field(default_factory=dict)
    """The keys of the messages that arrived, the oldest first."""
    since_pruned: int = 0

    @property
    def address(self) -> str:
        """Return what the webhook's URL names the chat by."""
        return address_of(self.settings)


class Chats:
    """The chats of the settings.

    Args:
        settings: which chats there are, and whether they limit messages.
        environment: the clock.
        store: where messages are kept.
        faults: ``chat:<name>`` makes a chat refuse messages or answer slowly.
    """

    def __init__(
        self, settings: CloudSettings, environment: Environment, store: Store, faults: Faults
    ) -> None:
        store.create(_MESSAGES)
        self._environment = environment
        self._store = store
        self._faults = faults
        self._chats = {
            name: _chat(name, chat, has_limits=settings.chat_rate_limit)
            for name, chat in settings.chats.items()
        }
        self._by_address = {
            (chat.settings.platform, chat.address): chat for chat in self._chats.values()
        }
        self._rendered: dict[int, dict[str, Any]] = {}
        for row in store.read(
            "SELECT chat, repeat_key FROM chat_messages WHERE repeat_key IS NOT NULL ORDER BY id"
        ):
            if row["chat"] in self._chats:
                self._chats[row["chat"]].seen[row["repeat_key"]] = None

    def named(self) -> dict[str, dict[str, Any]]:
        """Return the chats for the ready line: platform, webhook and whether there is a secret."""
        return {
            chat.name: {
                "platform": chat.settings.platform,
                "webhook": chat.settings.webhook,
                "has_secret": bool(chat.settings.secret),
            }
            for chat in self._chats.values()
        }

    def usage(self) -> dict[str, dict[str, Any]]:
        """Return how much of each chat's limit is used up, by name."""
        now = self.now()
        return {
            chat.name: {"platform": chat.settings.platform, **chat.limit.usage(now)._asdict()}
            for chat in self._chats.values()
        }

    def now(self) -> float:
        """Return the platforms' time."""
        return self._environment.clock.now()

    def find(self, platform: Platform, address: str) -> Chat | None:
        """Return the chat that a webhook belongs to, or None."""
        return self._by_address.get((platform.name, address))

    async def fault(self, chat: Chat) -> Fault | None:
        """Wait as long as a fault of the chat asks for, and return it if it asks for an error."""
        fault = self._faults.take(f"chat:{chat.name}")
        if fault is None:
            return None
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        return fault if fault.code("too many messages") else None

    async def accept(self, chat: Chat, message: Message) -> bool:
        """Show a message in the chat unless there are too many; on the disk when this returns."""
        repeat_key = _repeat_key(message) if message.key else None
        if repeat_key is None or repeat_key not in chat.seen:
            # guess: only messages that are right otherwise count, and no repeats.
            if not chat.limit.admits(self.now()):
                return False
            self._write(chat, repeat_key, message.body)
        # A repeat waits, too: the first one may still be on its way to the disk.
        await self._store.flush()
        return True

    def messages(self, name: str, limit: int = 20, after: int = 0) -> list[dict[str, Any]]:
        """Return the messages of a chat that are on the disk, the oldest first.

        Args:
            name: the chat.
            limit: how many at most: the newest, or the first ones after ``after``.
            after: the id of the message after which to begin; 0 for the newest.
        """
        rows = self._store.read(
            f"SELECT {_SHOWN} FROM chat_messages WHERE chat = ? AND id > ? "  # noqa: S608
            f"ORDER BY id {'ASC' if after else 'DESC'} LIMIT ?",
            (name, after, limit),
        )
        return [self._shown(row) for row in (rows if after else reversed(rows))]

    def after(self, message: int, limit: int) -> list[dict[str, Any]]:
        """Return the first messages of all chats after one, oldest first."""
        rows = self._store.read(
            f"SELECT {_SHOWN} FROM chat_messages WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608
            (message, limit),
        )
        # A chat that is no longer in the settings has no platform either.
        return [self._shown(row) for row in rows if row["chat"] in self._chats]

    def with_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return the messages with these ids that are still kept, oldest first."""
        marks = ", ".join("?" * len(ids))
        rows = self._store.read(
            f"SELECT {_SHOWN} FROM chat_messages WHERE id IN ({marks}) ORDER BY id",  # noqa: S608
            tuple(ids),
        )
        return [self._shown(row) for row in rows if row["chat"] in self._chats]

    def _shown(self, row: sqlite3.Row) -> dict[str, Any]:
        """Return a message as people read it; each is rendered once, not at every look."""
        found = self._rendered.get(row["id"])
        if found is None:
            platform = self._chats[row["chat"]].platform
            body = json.loads(row["body"])
            shown = platform.render(body).without_controls()
            found = {
                "id": row["id"],
                "chat": row["chat"],
                "platform": platform.name,
                "time": iso_utc(row["time"]),
                "received_at": row["time"],
                "title": shown.title,
                "text": shown.text,
                "colour": shown.colour,
                "body": body,
                "key": (row["repeat_key"] or "").rpartition(_SIGN)[0],
            }
            self._rendered[row["id"]] = found
            if len(self._rendered) > _KEPT_RENDERED:
                self._rendered.pop(next(iter(self._rendered)))
        return found

    def _write(self, chat: Chat, repeat_key: str | None, body: Mapping[str, Any]) -> None:
        if repeat_key is not None:
            chat.seen[repeat_key] = None
            if len(chat.seen) > KEPT_MESSAGES:
                chat.seen.pop(next(iter(chat.seen)))
        self._store.write(
            "INSERT INTO chat_messages (chat, time, body, repeat_key) VALUES (?, ?, ?, ?)",
            (chat.name, self.now(), json.dumps(body), repeat_key),
        )
        chat.since_pruned += 1
        if chat.since_pruned >= _PRUNE_EVERY:
            chat.since_pruned = 0
            self._store.write(
                "DELETE FROM chat_messages WHERE chat = ? AND id <= ("
                "SELECT id FROM chat_messages WHERE chat = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (chat.name, chat.name, KEPT_MESSAGES),
            )


def _chat(name: str, settings: ChatSettings, *, has_limits: bool) -> Chat:
    platform = PLATFORMS[settings.platform]
    return Chat(name, settings, platform, platform.limit() if has_limits else Unlimited())


def _repeat_key(message: Message) -> str:
    text = json.dumps([message.key, message.body], sort_keys=True)
    return f"{message.key[:_LONGEST_KEY]}{_SIGN}{sha256(text.encode()).hexdigest()[:32]}"
