"""Answers pushes, confirms them at the platform, and hands over what counts."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple, Protocol, assert_never

from functions.cloud.errors import FunctionError, PermanentError
from functions.cloud.log import decision
from functions.cloud.times import iso, parse
from functions.cloud.web import Send
from functions.receive_approval import dingtalk_push, http_call, lark_push, push
from functions.receive_approval.approval import Approval
from functions.receive_approval.declared import (
    MEMBERS_PUSHED,
    NEW_MEMBER,
    PUSHED,
    REQUESTED,
    Kind,
)
from functions.receive_approval.http_call import Call
from functions.receive_approval.judge import Handover, event, event_id, judge
from functions.receive_approval.platform_api import BudgetSpent, Caller, Platform, Token
from functions.receive_approval.settings import Settings, Source
from functions.request.events import Event

FUNCTION = "receive-approval"
_MOST_SEEN = 2048
_JUNK_SECONDS = 60.0
_TAKES_AWAY = "DeprovisionRequest"
_UNDER_WAY_SECONDS = 300.0
"""How long after a decision its push may still be on its way."""


class Bus(Protocol):
    """EventBridge."""

    def put(self, events: list[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


class Memory:
    """What one instance of the function remembers between calls."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._junk = 0
        self._told_at = float("-inf")

    def has_seen(self, key: str) -> bool:
        """Return whether a push was handed over before by this instance."""
        return key in self._seen

    def saw(self, key: str) -> None:
        """Remember a push that was handed over."""
        self._seen[key] = None
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)

    def junk(self, now: float) -> int:
        """Count a call that is refused; return how many there were, at most once a minute."""
        self._junk += 1
        if now - self._told_at < _JUNK_SECONDS:
            return 0
        count, self._junk, self._told_at = self._junk, 0, now
        return count


class Answer(NamedTuple):
    """What the caller of the HTTP trigger gets, and the line that is logged."""

    http: Mapping[str, Any]
    line: str


class ReceiveApproval:
    """Serves one event after another with the same settings and clients."""

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        memory: Memory,
        transport: Send,
        now: Callable[[], float],
        chance: Callable[[], bytes],
        archive: Callable[[float], Collection[str]] = lambda _since: (),
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._memory = memory
        self._transport = transport
        self._now = now
        self._chance = chance
        self._archive = archive

    # Pushes: whatever the internet sends

    def answer(self, call: Call) -> Answer:
        """Answer a call of the HTTP trigger; nothing of it is believed, and no answer says why."""
        if len(call.body) > http_call.LONGEST_BYTES:
            return self._refuse(413, "too-large")
        if call.method != "POST":
            return self._refuse(405, "not-posted")
        source = self._settings.sources.get(call.path.strip("/"))
        if source is None:
            return self._refuse(404, "unknown-path")
        opened, answer = _open(call, source, self._now(), self._chance())
        match opened:
            case push.Refused(reason):
                return self._refuse(403, reason, source.name)
            case push.Handshake():
                line = decision(FUNCTION, "handshake", source=source.name)
                return Answer(http_call.answer(200, opened.answer), line)
            case _:
                return self._take(source, opened, http_call.answer(200, answer))

    def _take(self, source: Source, received: push.Received, http: Mapping[str, Any]) -> Answer:
        """Put a hint on the bus, before the platform hears that it arrived."""
        ids = {"source": source.name, "push": received.event_id}
        data = _hint(source, received)
        if data is None:
            lacks = received.lacks if isinstance(received, push.Other) else ""
            return Answer(http, decision(FUNCTION, "nothing-to-do", **ids, lacks=lacks))
        key = sha256(repr((source.name, received)).encode("utf-8", "replace")).hexdigest()[:40]
        if self._memory.has_seen(key):
            return Answer(http, decision(FUNCTION, "pushed-again", **ids))
        kind = PUSHED if isinstance(received, push.Approval) else MEMBERS_PUSHED
        try:
            self._bus.put([self._event(source, f"push-{key}", kind, data, self._now())])
        except FunctionError as error:
            # The platform pushes again; what it does not push again, the timer finds.
            line = decision(FUNCTION, "not-taken", **ids, code=error.code, reason=str(error))
            return Answer(http_call.answer(503, {"error": "try again"}), line)
        self._memory.saw(key)
        return Answer(http, decision(FUNCTION, "taken", **ids))

    def _refuse(self, status: int, reason: str, source: str = "") -> Answer:
        count = self._memory.junk(self._now())
        line = (
            decision(FUNCTION, "refused", reason=reason, source=source, count=count)
            if count
            else ""
        )
        return Answer(http_call.answer(status, {"error": "refused"}), line)

    # Lost pushes: what the platform says has happened

    def find_lost(self) -> str:
        """Ask each platform what was decided, and hand over what never arrived.

        Nothing is remembered: what was handed over stands in the archive of the bus.
        """
        lines = []
        for source in self._settings.sources.values():
            try:
                lines.append(self._find_lost(source))
            except FunctionError as error:
                # Another source is looked after all the same, this one in half an hour.
                ids = {"source": source.name, "code": error.code}
                lines.append(decision(FUNCTION, "not-looked", **ids, reason=str(error)))
        return "\n".join(lines)

    def _find_lost(self, source: Source) -> str:
        now = self._now()
        since = now - self._settings.stale_after_seconds
        # The look begins where the archive does, an hour before the oldest decision that counts.
        known = self._archive(since - 3600.0)
        platform = self._platform(source, source.api_calls)
        looked, found, is_whole = 0, 0, True
        with suppress(BudgetSpent):
            is_whole = False
            for code in source.definitions:
                started = now - source.look_back_days * 86_400.0
                for instance in platform.started(code, started, now):
                    approval = platform.approval(instance, code, listed=True)
                    looked += 1
                    if since < approval.decided < now - _UNDER_WAY_SECONDS:
                        found += self._hand_over_lost(source, platform, approval, known)
            is_whole = True
        return decision(
            FUNCTION, "looked", source=source.name, looked=looked, found=found, whole=is_whole
        )

    def _hand_over_lost(
        self, source: Source, platform: Platform, approval: Approval, known: Collection[str]
    ) -> int:
        handovers = judge(source, approval)
        missing = [h for h in handovers if event_id(source, h) not in known]
        if missing:
            names = _names(platform, [approval.requester, *approval.approvers])
            self._bus.put(self._requests(source, approval, missing, names))
        return len(missing)

    # Hints: what this function itself put on the bus

    def confirm(self, hint: Event) -> str:
        """Ask the platform about a hint, and hand over what it confirms.

        Raises:
            TemporaryError: if the platform or the bus may answer later.
            PermanentError: if the platform refuses, or if the hint is not ours.
        """
        source = self._settings.sources.get(hint.source)
        if source is None or hint.bus != self._settings.bus:
            raise PermanentError("an event of another bus or of an unknown source", "NotOurs")
        platform = self._platform(source)
        if hint.type == PUSHED:
            instance, definition = str(hint.get("instance")), str(hint.get("definition"))
            return self._hand_over(source, platform, platform.approval(instance, definition))
        if hint.type == MEMBERS_PUSHED:
            return self._confirm_members(source, platform, hint)
        raise PermanentError("an event of a type that is not a hint", "NotOurs")

    def _confirm_members(self, source: Source, platform: Platform, hint: Event) -> str:
        listed = hint.get("ids")
        ids = [i for i in listed if isinstance(i, str)] if isinstance(listed, list) else []
        joined, moment = hint.get("joined") is True, _moment(hint, self._now())
        made = [
            self._joined(source, platform, hint, who)
            if joined
            else self._left(source, platform, hint, who, moment)
            for who in ids
        ]
        events = [one for one in made if one]
        self._bus.put(events)
        kind = "joined" if joined else "left"
        return decision(FUNCTION, kind, source=source.name, event_id=hint.id, count=len(events))

    def _joined(
        self, source: Source, platform: Platform, hint: Event, who: str
    ) -> dict[str, Any] | None:
        person = platform.person(who)
        body = {"source": source.name, "userId": [person.id], "user": dict(person.facts)}
        key = f"member-{_short(hint.id, who)}"
        return self._event(source, key, NEW_MEMBER, {"body": body}, self._now())

    def _left(
        self, source: Source, platform: Platform, hint: Event, who: str, moment: float
    ) -> dict[str, Any] | None:
        if not platform.has_left(who):
            return None
        detail = {"emp_id": who, "request_id": f"left-{_short(hint.id, who)}"}
        body = {"source": source.name, "detail-type": _TAKES_AWAY, "detail": detail}
        key = f"leaver-{_short(hint.id, who)}"
        return self._event(source, key, REQUESTED, {"body": body}, moment)

    def _hand_over(self, source: Source, platform: Platform, approval: Approval) -> str:
        handovers = judge(source, approval)
        ids = {"source": source.name, "instance": approval.instance}
        if not handovers:
            stands = approval.verdict.value if approval.definition else "other-definition"
            return decision(FUNCTION, "no-request", **ids, approval=stands)
        names = _names(platform, [approval.requester, *approval.approvers])
        self._bus.put(self._requests(source, approval, handovers, names))
        refused = sum(h.problem is not None for h in handovers)
        return decision(FUNCTION, "handed-over", **ids, count=len(handovers), refused=refused)

    def _requests(
        self,
        source: Source,
        approval: Approval,
        handovers: Iterable[Handover],
        names: Mapping[str, str],
    ) -> list[dict[str, Any]]:
        return [event(source, approval, one, self._settings.bus, names) for one in handovers]

    def _platform(self, source: Source, calls: int | None = None) -> Platform:
        caller = Caller(source.name, self._transport, self._now, self._memory.tokens, calls)
        # Imported here: an answer to a push asks no platform, and has a second, cold start and all.
        match source.kind:
            case Kind.DINGTALK:
                from functions.receive_approval.dingtalk_api import DingTalk  # noqa: PLC0415

                return DingTalk(source, caller)
            case Kind.LARK:
                from functions.receive_approval.lark_api import Lark  # noqa: PLC0415

                return Lark(source, caller)
            case _:
                assert_never(source.kind)

    def _event(
        self, source: Source, event_id: str, kind: str, data: Mapping[str, Any], moment: float
    ) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": event_id,
            "source": source.name,
            "type": kind,
            "datacontenttype": "application/json",
            "time": iso(moment),
            "aliyuneventbusname": self._settings.bus,
            "data": dict(data),
        }


def _open(
    call: Call, source: Source, now: float, chance: bytes
) -> tuple[push.Refused | push.Handshake | push.Received, Mapping[str, Any]]:
    match source.kind:
        case Kind.DINGTALK:
            return dingtalk_push.open_push(call, source, now, chance)
        case Kind.LARK:
            return lark_push.open_push(call, source, now)
        case _:
            assert_never(source.kind)


def _hint(source: Source, received: push.Received) -> dict[str, Any] | None:
    """Return what the bus is told of a push; None for what nobody configured."""
    match received:
        case push.Approval(_, instance, definition) if definition in source.definitions:
            return {"instance": instance, "definition": definition}
        case push.Members(_, joined, ids) if source.members if joined else source.leavers:
            return {"joined": joined, "ids": list(ids)}
        case _:
            return None


def _names(platform: Platform, people: Iterable[str]) -> dict[str, str]:
    """Return the names of people; they inform only, so whoever cannot be looked up has an id."""
    names = {}
    for who in dict.fromkeys(people):
        with suppress(FunctionError):
            names[who] = platform.person(who).name or who
    return names


def _moment(hint: Event, now: float) -> float:
    """Return when the bus took a hint, which is the same at every attempt."""
    return max((t for t in map(parse, hint.times) if t is not None), default=now)


def _short(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
