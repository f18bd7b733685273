"""Decides what those who operate the loop have to hear now; pure."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from functions.cloud.smq import MOST_MESSAGES, Received
from functions.report.notes import Note, Owed, Promised, Published, Told

WAITS_SECONDS = 900.0
"""How old a result in the chats' queue may be."""
REMINDS_SECONDS = 86_400.0
"""After how long it is told again that more waits than can be seen, or that the chats wait."""
_FORGETS_SECONDS = 8 * 86_400.0
"""Longer than a queue keeps a message."""
_MANY = "many dead letters"
_CHATS = "chats wait"


class Letter(NamedTuple):
    """A dead letter, as far as it says what it is."""

    at: float
    what: str
    """The event's type and id, or what else is in it."""
    where: str
    """The rule or the function that gave up."""
    code: str


class Seen(NamedTuple):
    """What the watcher found in the queues."""

    notes: Sequence[tuple[Received, Note | None]]
    """The messages of its own queue and what they say."""
    dead_letters: Sequence[Received]
    """Up to 16 of them; they stay where they are."""
    results: Sequence[Received]
    """The first results in the chats' queue; they stay where they are."""


class Alarm(NamedTuple):
    """What is told in one message."""

    letters: Sequence[Letter]
    """Those that nobody was told of."""
    has_more_letters: bool
    """Whether there may be more than can be seen."""
    untold: Sequence[Promised]
    """Requests without a result."""
    owed: Sequence[Owed]
    waits_seconds: float
    """How long the oldest result has been waiting for its chat; 0 if that is not to be told."""

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to tell."""
        return not (self.letters or self.untold or self.owed or self.waits_seconds)


class Decision(NamedTuple):
    """What is told, and what becomes of the notes."""

    alarm: Alarm
    told: Told
    """What is remembered from now on."""
    is_news: bool
    """Whether that is more than was remembered before."""
    done: Sequence[str]
    """Receipts of notes that are of no more use once this was told and remembered."""


def decide(seen: Seen, now: float) -> Decision:
    """Return what is to be told of what was seen."""
    notes = [note for _, note in seen.notes]
    remembered = [note.times for note in notes if isinstance(note, Told)]
    before = {what: at for times in remembered for what, at in times.items()}
    told = {what: at for what, at in before.items() if now - at < _FORGETS_SECONDS}

    def is_due(what: str) -> bool:
        return now - told.get(what, float("-inf")) >= REMINDS_SECONDS

    letters = [message for message in seen.dead_letters if message.id not in told]
    has_more = len(seen.dead_letters) >= MOST_MESSAGES and (bool(letters) or is_due(_MANY))
    if has_more and not letters:
        letters = [seen.dead_letters[0]]
    oldest = min((message.enqueued for message in seen.results), default=now)
    waits = now - oldest if now - oldest > WAITS_SECONDS and is_due(_CHATS) else 0.0
    open_removals = (note for note in notes if isinstance(note, Owed))
    owed = {name: note for note in open_removals if (name := f"owed {note.key}") not in told}
    alarm = Alarm(
        letters=[letter(message) for message in letters],
        has_more_letters=has_more,
        untold=_untold(notes),
        owed=list(owed.values()),
        waits_seconds=waits,
    )
    news = dict.fromkeys([*(message.id for message in letters), *owed], now)
    news |= {what: now for what, due in ((_MANY, has_more), (_CHATS, waits)) if due}
    is_news = bool(news)
    done = [
        message.receipt
        for message, note in seen.notes
        if _is_done(note, now, replaced=is_news or len(remembered) > 1)
    ]
    return Decision(alarm, Told(told | news), is_news or len(remembered) > 1, done)


def _untold(notes: Iterable[Note | None]) -> list[Promised]:
    """Return the promises that are overdue and were not kept, each request once."""
    published: dict[str, float] = {}
    promises: dict[str, Promised] = {}
    for note in notes:
        match note:
            case Published(key, at, _):
                published[key] = max(at, published.get(key, at))
            case Promised(key, at, _):
                # The last one counts: a request that failed may have been made again.
                promises[key] = max(note, promises.get(key, note), key=lambda each: each.at)
            case _:
                pass
    return [p for key, p in promises.items() if published.get(key, float("-inf")) < p.at]


def _is_done(note: Note | None, now: float, *, replaced: bool) -> bool:
    match note:
        case Published():
            return now > note.until
        case Told():
            return replaced
        case _:
            # What is no note of ours is of no use to anybody.
            return True


def letter(message: Received) -> Letter:
    """Read a dead letter: of EventBridge, of Function Compute, or of a function's own hand."""
    given = _object(message.body)
    event = _object(given.get("event", given.get("requestPayload", given)))
    reason, context = _object(given.get("reason", {})), _object(given.get("requestContext", {}))
    names = [_text(event, name) for name in ("type", "id")]
    where = [_text(reason, name) for name in ("ruleName", "targetType")]
    return Letter(
        at=message.enqueued,
        what=" ".join(filter(None, names)) or f"message {message.id}",
        where=" ".join(filter(None, [*where, _text(context, "functionArn")])),
        code=_text(reason, "errorCode") or _text(context, "condition") or _text(given, "code"),
    )


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""
