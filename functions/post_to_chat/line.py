"""One chat: what waits for it, and what may be sent to it when; pure, the time is an argument."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from functions.platforms import platform
from functions.platforms.base import Message, Rate
from functions.post_to_chat.budget import Bucket
from functions.post_to_chat.chats import Chat
from functions.post_to_chat.item import Batch, Form, Item, Note, Post, Topic
from functions.report import digest, messages, noise
from functions.report.messages import Style
from functions.report.outcome import REJECTED
from functions.report.result import Result

NOISE_SECONDS = 60.0
"""How often a chat hears of posts without the right token at most."""
_RESERVE = 2.0
"""The tokens that noise leaves for results."""


class Line:
    """What waits for one chat."""

    def __init__(self, chat: Chat, style: Style, notes: Iterable[Note] | None, now: float) -> None:
        self.chat = chat
        self.style = style
        self.form = platform(chat.platform)
        self.bucket = _bucket(self.form.rate, chat.name, notes, now)
        self.waiting: dict[str, Item] = {}
        self.retries: list[Batch] = []
        """What the chat refused in another form; it goes before all else."""
        self.is_busy = False
        """Whether a message is on its way; the next one waits, so that the order is kept."""
        self.refusals = 0
        self.paused_until = 0.0
        self.noise: dict[str, Counter[str]] = {}
        self.noise_receipts: list[str] = []
        self.noise_since = 0.0
        """When the first of these was received."""
        self._noise_told_at = float("-inf")

    @property
    def is_empty(self) -> bool:
        """Return whether no result waits."""
        return not (self.waiting or self.retries)

    def ready_at(self, now: float) -> float | None:
        """Return when something can be sent at the earliest; None if nothing waits."""
        if self.is_empty and not self.noise:
            return None
        at = max(now + self.bucket.seconds_until(1.0, now), self.paused_until)
        return at if not self.is_empty else max(at, self._noise_at(now))

    def problem(self, result: Result) -> str:
        """Return why nothing can be written about a result; empty if something can.

        One event that nobody expected must not hold up all others, whatever is wrong with it.
        """
        try:
            messages.content(result, self.style, 0)
            digest.content([result], self.style)
        except Exception as error:
            return f"no message can be made of it: {type(error).__name__}"
        return ""

    def post(self, now: float) -> Post | None:
        """Return the next message if it may be sent now; it takes its token."""
        if self.is_busy or now < self.paused_until or self.bucket.level(now) < 1:
            return None
        if self.retries:
            return self._send(self.retries.pop(0), now)
        if self.waiting:
            return self._send(Batch(self._next(), Form.RICH), now)
        if self.noise and now >= self._noise_at(now):
            return self._tell_noise(now)
        return None

    def say(self, message: Message, key: str, now: float) -> Post | None:
        """Return a message of the function's own if it may be sent now."""
        if self.is_busy or now < self.paused_until or not self.bucket.take(now):
            return None
        self.is_busy = True
        return Post(self.chat, Topic.ALARM, Batch((), Form.RICH), message, key)

    def pause(self, now: float) -> None:
        """Send nothing for a while, longer each time in a row."""
        self.refusals += 1
        self.paused_until = now + self.form.pause_seconds(self.refusals)

    def _send(self, batch: Batch, now: float) -> Post:
        """Make the message; what does not fit into it goes on waiting."""
        message, count, key = self._message(batch)
        told, rest = batch.items[:count], batch.items[count:]
        for item in told:
            self.waiting.pop(item.event_id, None)
        if rest and batch.form is not Form.RICH:
            self.retries.insert(0, Batch(rest, batch.form))
        self.bucket.take(now)
        self.is_busy = True
        return Post(self.chat, Topic.RESULTS, Batch(told, batch.form), message, key)

    def _next(self) -> tuple[Item, ...]:
        """Return what is told next: what may be known by itself, then results before refusals."""
        doubtful = [item for item in self.waiting.values() if item.is_doubtful]
        items = doubtful or list(self.waiting.values())
        return tuple(
            sorted(items, key=lambda i: (i.result.status == REJECTED, i.result.requested_at))
        )

    def _message(self, batch: Batch) -> tuple[Message, int, str]:
        """Return a message, how many of the items it tells, and its key."""
        message, count, key = self._formatted(batch)
        if batch.form is Form.RICH:
            return message, count, key
        # As text it has less room: what does not fit goes on waiting.
        text = self.form.text_of(message)
        while count > 1 and len(text.encode("utf-8", "replace")) > self.form.most_text_bytes:
            some = Batch(batch.items[: count // 2], batch.form)
            message, count, key = self._formatted(some)
            text = self.form.text_of(message)
        return self.form.text_message(_cut(text, self.form.most_text_bytes), message), count, key

    def _formatted(self, batch: Batch) -> tuple[Message, int, str]:
        """Return the message in the platform's own form."""
        items, form = batch
        bare = form is Form.BARE
        again = any(item.is_doubtful for item in items)
        key = _key(items, form)
        if len(items) == 1:
            result = items[0].result
            message = messages.build(result, self.style, key, bare=bare, again=again)
            count = 1
        else:
            results = [item.result for item in items]
            message, count = digest.fitting(results, self.style, key, bare=bare, again=again)
            key = _key(items[:count], form)
        return message, count, key

    def _noise_at(self, now: float) -> float:
        tokens = now + self.bucket.seconds_until(_RESERVE, now)
        return max(tokens, self._noise_told_at + NOISE_SECONDS)

    def _tell_noise(self, now: float) -> Post:
        self._noise_told_at = now
        self.bucket.take(now)
        self.is_busy = True
        counted, receipts = self.noise, tuple(self.noise_receipts)
        self.noise, self.noise_receipts = {}, []
        key = sha256("\n".join(receipts).encode()).hexdigest()[:32]
        message = self.form.message(noise.content(counted, self.style.words), key)
        return Post(self.chat, Topic.NOISE, Batch((), Form.RICH), message, key, receipts)


def _bucket(rate: Rate, chat: str, notes: Iterable[Note] | None, now: float) -> Bucket:
    """Return a chat's bucket: as the notes say, or empty where nobody knows what was sent."""
    if notes is None:
        return Bucket(rate, 0.0, now)
    return Bucket.refilled(rate, [note.at for note in notes if note.chat == chat], now)


def _key(items: Iterable[Item], form: Form) -> str:
    ids = [item.event_id for item in items]
    suffix = "" if form is Form.RICH else f"-{form.value}"
    if len(ids) == 1:
        return ids[0] + suffix
    return sha256("\n".join(ids).encode("utf-8", "replace")).hexdigest()[:32] + suffix


def _cut(text: str, most_bytes: int) -> str:
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode("utf-8", "ignore") + "…"
