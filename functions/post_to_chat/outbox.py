"""Everything that waits to be told, in all chats, and what becomes of it; pure.

The function that drives it receives messages, sends what is due, and does what it is ordered to:
a message leaves the queue only when its chat took it, when nobody is to be told of it, or when it
lies among the dead letters.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from functions.cloud.errors import PermanentError, SettingError
from functions.cloud.numbers import whole_number
from functions.cloud.smq import Received
from functions.platforms.base import Content, Meaning, Verdict
from functions.post_to_chat.chats import Chat
from functions.post_to_chat.item import (
    Batch,
    DeadLetter,
    Delete,
    Form,
    Item,
    Note,
    Order,
    Post,
    PutBack,
    Topic,
    short,
)
from functions.post_to_chat.line import NOISE_SECONDS, Line
from functions.report import result
from functions.report.i18n import words
from functions.report.messages import Style
from functions.report.outcome import UNAUTHENTICATED_TYPE
from functions.request import events
from functions.request.deployment import Deployment
from functions.request.events import Event

GIVE_UP_SECONDS = 86_400.0
"""How old a result may become before its chat is not tried any more."""
ALARM_SECONDS = 3600.0
"""How often the default chat hears that others took nothing at most."""
ALARM_NOTE_SECONDS = 240.0
"""How often that it has heard is noted anew: notes live for ten minutes."""
MOST_WAITING = 4000
LEASE_SECONDS = 120
"""The visibility timeout of the queue: how long after a death its messages are told late."""
HOLD_SECONDS = 10.0
"""How long something is held that cannot be sent yet."""
_MOST_REMEMBERED = 20_000
_AGAIN_SECONDS = 1
_LONGEST_AGAIN_SECONDS = 43_200

_NEXT_FORM = {
    (Meaning.BAD_FORM, Form.RICH): Form.TEXT,
    (Meaning.BAD_FORM, Form.TEXT): Form.BARE,
    (Meaning.BAD_CONTENT, Form.RICH): Form.BARE,
    (Meaning.BAD_CONTENT, Form.TEXT): Form.BARE,
    (Meaning.TOO_LONG, Form.RICH): Form.BARE,
    (Meaning.TOO_LONG, Form.TEXT): Form.BARE,
}
"""What a chat refused, and in which form -> the form in which it is sent instead."""


class Failure(NamedTuple):
    """A message that got no answer."""

    code: str
    words: str
    may_have_arrived: bool


class Outbox:
    """What waits for the chats; it outlives one call of the function, but no cold start."""

    def __init__(
        self,
        known: Mapping[str, Chat | SettingError],
        deployment: Deployment,
        notes: Sequence[Note] | None,
        now: float,
    ) -> None:
        """Create it.

        Args:
            known: the chats, or what is wrong with the setting of one.
            deployment: what the stack deployed.
            notes: what was sent lately, by the notes of it; None if they cannot be read.
            now: the time.
        """
        self._known = known
        self._deployment = deployment
        self._lines = {
            name: Line(chat, _style(name, chat, deployment), notes, now)
            for name, chat in known.items()
            if isinstance(chat, Chat)
        }
        self._held: dict[str, Item] = {}
        self._tried = _Recent(item for note in notes or () for item in note.ids)
        self._told = _Recent()
        self._alarms: dict[str, _Alarm] = {}
        # A note of no chat is one of an alarm.
        self._alarm_told = max((n.at for n in notes or () if not n.chat), default=float("-inf"))
        self._alarm_at = self._alarm_told
        self._alarm_noted = float("-inf")

    @property
    def waiting(self) -> int:
        """Return how many results are held, those on their way included."""
        return len(self._held)

    def accept(self, message: Received, now: float) -> list[Order]:
        """Take a message of the queue in; what need not wait is done at once."""
        try:
            event = events.read(message.body)
        except PermanentError as error:
            return [DeadLetter(message.body, error.code, str(error), [message.receipt])]
        name = event.get("detail", "origin", "chat")
        line = self._lines.get(name) if isinstance(name, str) else None
        if event.type == UNAUTHENTICATED_TYPE:
            return self._count(line, event, message.receipt, now)
        if line is None:
            return [self._undeliverable(name, message.body, [message.receipt])]
        if event.id in self._told:
            return [Delete([message.receipt])]
        if held := self._held.get(event.id):
            held.receipts.append(message.receipt)
            return []
        return self._hold(line, event, message, now)

    def _hold(self, line: Line, event: Event, message: Received, now: float) -> list[Order]:
        detail = event.get("detail")
        told = result.read(detail if isinstance(detail, dict) else {})
        if problem := line.problem(told):
            return [DeadLetter(message.body, "Unwritable", problem, [message.receipt])]
        item = Item(event.id, told, message.body, message.receipt, message.enqueued)
        item.leased_at = now
        # Tried by an instance that did not live to see the answer, or whose answer got lost.
        item.is_doubtful = short(event.id) in self._tried
        self._held[event.id] = line.waiting[event.id] = item
        return []

    def expiring(self, now: float) -> list[Item]:
        """Return what is held so long that others would soon receive it again."""
        return [i for i in self._held.values() if now - i.leased_at > LEASE_SECONDS / 2]

    def due(self, now: float) -> list[Post]:
        """Return the messages that may be sent now, one for each chat at most."""
        posts = [post for line in self._lines.values() if (post := line.post(now))]
        if alarm := self._alarm(now):
            posts.append(alarm)
        return posts

    def settle(self, post: Post, answer: Verdict | Failure, now: float) -> list[Order]:
        """Return what is to be done after a chat's answer."""
        line = self._lines[post.chat.name]
        line.is_busy = False
        if post.topic is Topic.NOISE:
            return _settle_noise(line, post, answer, now)
        if post.topic is Topic.ALARM:
            if isinstance(answer, Verdict) and answer.meaning is Meaning.SENT:
                self._alarms.clear()
                self._alarm_told, self._alarm_noted = now, float("-inf")
            return []
        if isinstance(answer, Failure):
            self._doubt(post.batch.items, answer)
            return self._later(line, post.batch, answer.code, answer.words, now)
        return self._settle_results(line, post.batch, answer, now)

    def _settle_results(self, line: Line, batch: Batch, answer: Verdict, now: float) -> list[Order]:
        if answer.meaning is Meaning.LATER:
            return self._later(line, batch, answer.code, answer.words, now)
        line.refusals = 0
        if answer.meaning is Meaning.SENT:
            self._told.add(item.event_id for item in batch.items)
            return [Delete(self._let_go(batch.items))]
        retries = [] if answer.meaning is Meaning.REFUSED else _instead(batch, answer)
        line.retries[:0] = retries
        return [] if retries else self._give_up(line, batch.items, answer.code, answer.words)

    def _doubt(self, items: Sequence[Item], failure: Failure) -> None:
        """Remember what the chat may have shown without saying so."""
        if failure.may_have_arrived:
            self._tried.add(short(item.event_id) for item in items)
            for item in items:
                item.is_doubtful = True

    def not_sent(self, post: Post, now: float) -> list[Order]:
        """Take a message back that was not sent after all."""
        line = self._lines[post.chat.name]
        line.is_busy = False
        line.paused_until = now + _AGAIN_SECONDS
        if post.topic is Topic.ALARM:
            self._alarm_at = float("-inf")
        if post.topic is Topic.NOISE:
            return [PutBack(post.receipts, round(NOISE_SECONDS))]
        self._wait(line, post.batch)
        return []

    def ready_at(self, now: float) -> float | None:
        """Return when a message can be sent at the earliest; None if nothing waits."""
        times = [line.ready_at(now) for line in self._lines.values() if not line.is_busy]
        return min((at for at in times if at is not None), default=None)

    def alarm_note(self, now: float) -> Note | None:
        """Return a note of the last alarm when it is time to write one, for the next instance."""
        is_over = now - self._alarm_told >= ALARM_SECONDS
        if is_over or now - self._alarm_noted < ALARM_NOTE_SECONDS:
            return None
        self._alarm_noted = now
        return Note("", self._alarm_told, ())

    def put_back(self, now: float) -> list[PutBack]:
        """Let go of everything that waits, so that it is received again when it can be sent."""
        return [order for line in self._lines.values() for order in self._put_back(line, now)]

    def put_back_early(self, now: float) -> list[PutBack]:
        """Let go of what has to wait for longer than messages are held."""
        orders = []
        for line in self._lines.values():
            if line.paused_until - now > HOLD_SECONDS and not line.is_busy:
                orders += self._put_back(line, now)
            elif line.noise_receipts and now - line.noise_since > LEASE_SECONDS / 2:
                orders.append(PutBack(line.noise_receipts, round(NOISE_SECONDS / 2)))
                line.noise, line.noise_receipts = {}, []
        return orders

    def _put_back(self, line: Line, now: float) -> list[PutBack]:
        orders = []
        items = [*line.waiting.values(), *(i for batch in line.retries for i in batch.items)]
        line.waiting.clear()
        line.retries.clear()
        seconds = max(_AGAIN_SECONDS, min(_LONGEST_AGAIN_SECONDS, line.paused_until - now))
        if receipts := self._let_go(items):
            orders.append(PutBack(receipts, round(seconds)))
        if line.noise_receipts:
            seconds = max(seconds, NOISE_SECONDS / 2)
            orders.append(PutBack(line.noise_receipts, round(seconds)))
            line.noise, line.noise_receipts = {}, []
        return orders

    def _count(self, line: Line | None, event: Event, receipt: str, now: float) -> list[Order]:
        """Add posts without the right token to what their chat hears of them."""
        if line is None:
            return [Delete([receipt])]
        source, reasons = event.get("detail", "source"), event.get("detail", "reasons")
        found = line.noise.setdefault(source if isinstance(source, str) else "", Counter())
        for code, count in (reasons if isinstance(reasons, dict) else {}).items():
            found[code] += max(0, whole_number(count) or 0)
        line.noise_since = line.noise_since if line.noise_receipts else now
        line.noise_receipts.append(receipt)
        return []

    def _later(self, line: Line, batch: Batch, code: str, said: str, now: float) -> list[Order]:
        """Keep what a chat does not take now, but for what has waited too long."""
        line.pause(now)
        old = tuple(i for i in batch.items if now - i.enqueued > GIVE_UP_SECONDS)
        young = tuple(i for i in batch.items if now - i.enqueued <= GIVE_UP_SECONDS)
        self._wait(line, Batch(young, batch.form))
        return self._give_up(line, old, code, said)

    def _wait(self, line: Line, batch: Batch) -> None:
        if batch.form is Form.RICH:
            line.waiting.update((item.event_id, item) for item in batch.items)
        elif batch.items:
            line.retries.insert(0, batch)

    def _give_up(self, line: Line, items: Sequence[Item], code: str, said: str) -> list[Order]:
        if items:
            self._note_alarm(line.chat.name, len(items), code, said)
        message = f"chat {line.chat.name} ({line.chat.platform}): {said}"
        return [DeadLetter(item.body, code, message, self._let_go([item])) for item in items]

    def _undeliverable(self, name: object, body: str, receipts: Sequence[str]) -> DeadLetter:
        """Give up what names no chat, or one whose setting is wrong."""
        if not isinstance(name, str) or name not in self._known:
            return DeadLetter(body, "NoChat", "the event names no chat of the settings", receipts)
        problem = str(self._known[name])
        self._note_alarm(name, 1, "Setting", problem)
        return DeadLetter(body, "Setting", problem, receipts)

    def _note_alarm(self, chat: str, count: int, code: str, said: str) -> None:
        # The default chat's own trouble has nobody else to hear of it but the dead letters.
        if chat != self._deployment.default_chat:
            before = self._alarms.get(chat)
            self._alarms[chat] = _Alarm(count + (before.results if before else 0), code, said)

    def _alarm(self, now: float) -> Post | None:
        """Return the message by which the default chat hears what other chats did not take."""
        line = self._lines.get(self._deployment.default_chat)
        if line is None or not self._alarms or now - self._alarm_at < ALARM_SECONDS:
            return None
        text = _alarm_content(self._alarms, line.style)
        key = f"alarm-{round(now * 1000)}"
        post = line.say(line.form.message(text, key), key, now)
        if post:
            self._alarm_at = now
        return post

    def _let_go(self, items: Iterable[Item]) -> list[str]:
        """Stop holding items; return the receipts of all their messages."""
        receipts = []
        for item in items:
            self._held.pop(item.event_id, None)
            receipts += item.receipts
        return receipts


def _settle_noise(line: Line, post: Post, answer: Verdict | Failure, now: float) -> list[Order]:
    """Forget what was told, and what the chat refuses: noise is never a dead letter."""
    if isinstance(answer, Failure) or answer.meaning is Meaning.LATER:
        line.pause(now)
        return [PutBack(post.receipts, round(NOISE_SECONDS))]
    line.refusals = 0
    return [Delete(post.receipts)]


def _instead(batch: Batch, answer: Verdict) -> list[Batch]:
    """Return what is sent in place of a message whose form, words or length were refused.

    Where the last form is refused, one of the items is to blame: the halves find out which, and
    the others are told. Nothing is left to send instead of a single item.
    """
    items, form = batch
    following = _NEXT_FORM.get((answer.meaning, form))
    if answer.meaning is Meaning.TOO_LONG and len(items) > 1:
        following = None
    if following is not None:
        return [Batch(items, following)]
    half = len(items) // 2
    return [Batch(items[:half], form), Batch(items[half:], form)] if half else []


class _Alarm(NamedTuple):
    """What a chat did not take."""

    results: int
    code: str
    words: str


class _Recent:
    """The latest of many ids."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = dict.fromkeys(ids)

    def __contains__(self, id_: str) -> bool:
        """Return whether an id is among them."""
        return id_ in self._ids

    def add(self, ids: Iterable[str]) -> None:
        """Remember ids; the oldest go where there are too many."""
        self._ids.update(dict.fromkeys(ids))
        for id_ in list(self._ids)[: max(0, len(self._ids) - _MOST_REMEMBERED)]:
            del self._ids[id_]


def _style(name: str, chat: Chat, deployment: Deployment) -> Style:
    found = deployment.chats.get(name)
    language = found.language if found else deployment.chats[deployment.default_chat].language
    return Style(chat.platform, words(language), deployment.guide)


def _alarm_content(alarms: Mapping[str, _Alarm], style: Style) -> Content:
    text = style.words
    total = sum(alarm.results for alarm in alarms.values())
    return Content(
        title=text.sentence("not_told", count=total),
        sign="⚠️",
        colour="red",
        notice=text.sentence("not_told_reason"),
        fields=[
            (name, text.sentence("not_told_in", count=a.results, code=a.code, words=a.words))
            for name, a in alarms.items()
        ],
        output_label="",
        output="",
        footer="",
        colon=text.colon,
    )
