"""One history of the loop from one seed: the real functions, a cloud and hosts that misbehave.

Time is virtual and chance is seeded, so a seed is a history: nothing here sleeps or looks at a
clock, and what it finds can be played again step by step (``python -m tests.simulation --seed N``).
"""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.keeper import Keeper, Places
from functions.publish_result.act import PublishResult
from functions.publish_result.decide import LATE_SECONDS, SWEEP_SECONDS
from functions.report.notes import Notes
from functions.report.outcome import UNAUTHENTICATED_TYPE
from functions.request import tags as names
from functions.request.fields import DEPROVISION, PROVISION
from functions.run_command.act import RunCommand
from functions.run_command.clients import Clients
from functions.run_command.noise import Noise
from tests.simulation import people
from tests.simulation.calls import Call
from tests.simulation.cloud import Cloud, Crash
from tests.simulation.host import Host
from tests.simulation.people import Key, Word
from tests.simulation.platform import DIRECT, Reading
from tests.simulation.settings import (
    COMPLETIONS,
    DAY,
    DEAD,
    INSTANCES,
    LATER,
    REQUESTS,
    ROLES,
    SETTINGS,
    START,
    TIMEOUT_SECONDS,
    TIMER_SECONDS,
    TOKEN,
    hosts_of,
)

OLD = ("attempts", "future", "identity", "keeps", "moments")
"""What the loop did not know before; each can be forgotten again.

``attempts``: what ran once is never run again. ``future``: nobody compares an event's time with the
clock. ``identity``: a request is its id, whoever asks and for whom. ``keeps``: what
fails is raised, where nobody looks at it. ``moments``: hosts obey whatever comes.
"""
_KINDS = {PROVISION: "ProvisionRequest", DEPROVISION: "DeprovisionRequest"}
_TIMER = json.dumps({"triggerTime": "", "triggerName": "every-minute", "payload": "timer"}).encode()
_READERS = {REQUESTS: "run-command", COMPLETIONS: "publish-result", LATER: "run-command"}
_MOST_STEPS = 100_000


@dataclass
class World:
    """Everything that is there, and what happens next."""

    seed: int
    old: frozenset[str] = frozenset()
    trace: Callable[[str], None] | None = None
    reading: Reading = DIRECT
    now: float = START
    told_of: defaultdict[Key, list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Request -> the results that were put on the bus, the same ones once."""
    stamps: defaultdict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Request -> the times of its events, in milliseconds."""
    dead: set[Key] = field(default_factory=set)
    """Requests of which something went to the dead letters."""
    asked_again: dict[Key, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    """What was seen to be wrong on the way."""
    faults: Counter[str] = field(default_factory=Counter)
    mattered: Counter[str] = field(default_factory=Counter)
    """Fault -> how often something went another way for it."""

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.hosts = {i: Host(obeys_moments="moments" not in self.old) for i in INSTANCES}
        self.words = people.words(self.chance)
        self.cloud = Cloud(self)
        self._skews = {i: self.chance.uniform(-1, 1) for i in INSTANCES}
        self._away = {i: self._absence() for i in INSTANCES}
        self._broken: dict[Key, bool] = {}
        self._ids: set[str] = set()
        self._current: Word | None = None
        self._call: Call | None = None
        self._words: dict[str, Word] = {}
        """Id of an event -> what somebody said."""
        self._kinds: defaultdict[str, set[str]] = defaultdict(set)
        """Id of an event -> how it came, each time."""
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._start_function()

    def _start_function(self) -> None:
        clients = Clients(self.cloud, self.cloud, self.cloud, self.cloud)
        self._function = RunCommand(SETTINGS, clients, Noise(), self._clock)
        deployment, cloud = SETTINGS.deployment, self.cloud
        nobody = Notes("publish-result", cloud, "", lambda: self.now)
        self._publisher = PublishResult(deployment, cloud, cloud, cloud, nobody, lambda: self.now)

    def _keeper(self, queue: str) -> Keeper:
        return Keeper(
            _READERS[queue],
            self.cloud,
            Places(queue, DEAD),
            now=lambda: self.now,
            sleep=self._sleep,
            draw=self.chance.random,
        )

    # Time and chance

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen later; what comes at one time comes in the order of its making."""
        heapq.heappush(self._waiting, (self.now + seconds, self.count(), what))

    def count(self) -> int:
        """Return a number that was not returned before."""
        self._count += 1
        return self._count

    def happens(self, fault: str, probability: float) -> bool:
        """Decide whether a fault happens, and count it if it does."""
        found = self.chance.random() < probability
        self.faults[fault] += found
        return found

    def tell(self, text: str) -> None:
        """Write down what happens, if anybody wants to know."""
        if self.trace:
            self.trace(f"{self.now - START:10.1f} {text}")

    def _clock(self) -> float:
        word = self._current
        ahead = word is not None and word.is_dated_ahead and "future" in self.old
        return self.now + (2 * 365 * DAY if ahead else 0)

    # Hosts

    def _absence(self) -> tuple[float, float, str, float]:
        """Return when a host is away, until when, what it is then, and when it is released."""
        begin = end = START
        released = float("inf")
        if self.chance.random() < 0.3:
            begin += self.chance.uniform(-20, 40)
            end = begin + 10 ** self.chance.uniform(1, 5.96)
            self.faults["host stopped"] += 1
        if self.chance.random() < 0.08:
            released = START + self.chance.uniform(-20, 2 * DAY)
            self.faults["host released"] += 1
        return begin, end, self.chance.choice(("Stopped", "Stopped", "no agent")), released

    def state(self, instance: str, at: float | None = None) -> str:
        """Return what an instance is, or was."""
        begin, end, state, released = self._away[instance]
        moment = self.now if at is None else at
        if moment >= released:
            return "Released"
        return state if begin <= moment < end else "Running"

    def host_clock(self, instance: str) -> float:
        """Return a host's time, which is about right."""
        return self.now + self._skews[instance]

    def breaks(self, invocation: Invocation) -> bool:
        """Return whether a package is missing: until somebody mends it and asks again."""
        key = self.key(invocation)
        if key not in self._broken:
            self._broken[key] = self.happens("package missing", 0.1)
        return self._broken[key]

    # The course of things

    def play(self) -> None:
        """Let everything happen and come to rest."""
        for word in self.words:
            self.after(word.posted, partial(self._post, word))
        if self.happens("by hand", 0.2):
            self.after(self.chance.uniform(0, 200), self._by_hand)
        if self.happens("records gone", 0.1):
            self.after(self.chance.uniform(30, 40_000), self._forget)
        for _ in range(_MOST_STEPS):
            if not self._waiting:
                self.mattered["clock skew"] += self._stamped_out_of_order()
                return
            self.now, _, what = heapq.heappop(self._waiting)
            what()
        self.wrong.append("it never comes to rest")

    def _stamped_out_of_order(self) -> bool:
        """Return whether the stamps put somebody's words into another order than they came in."""
        spoken = sorted((w for w in self.words if self.stamps[w.key]), key=lambda w: w.posted)
        stamps = [(word.emp_id, min(self.stamps[word.key])) for word in spoken]
        return any(
            employee == other and stamp > later
            for n, (employee, stamp) in enumerate(stamps)
            for other, later in stamps[n + 1 :]
        )

    def _post(self, word: Word) -> None:
        self._accept(word, "posted")
        for delay in people.redeliveries(self.chance):
            self.faults["posted again"] += 1
            self.after(delay, partial(self._accept, word, "posted again"))

    def _accept(self, word: Word, kind: str) -> None:
        """Take a post as EventBridge does: with an id and a time of its own."""
        stamp = self.now
        if self.happens("clock skew", 0.3):
            stamp += self.chance.uniform(-2, 2)
        event = _event(word, f"event-{self.count()}", stamp)
        if word.has_token and not word.is_dated_ahead:
            self.stamps[word.key].append(int(stamp * 1000))
        else:
            self.faults["no token" if not word.has_token else "dated ahead"] += 1
        self.tell(f"{kind}: {word} as {event['id']}")
        self._words[event["id"]] = word
        deliver = partial(self._deliver, event)
        self.after(self.chance.expovariate(1), partial(deliver, kind))
        if self.happens("delivered twice", 0.1):
            self.after(self.chance.uniform(0, 60), partial(deliver, "delivered twice"))
        if self.happens("replayed", 0.03):
            self.after(self.chance.uniform(60, 72_000), partial(deliver, "replayed"))

    def _deliver(self, event: Mapping[str, Any], kind: str) -> None:
        self._kinds[event["id"]].add(kind)
        self._bring(REQUESTS, json.dumps(event), kind)

    def _bring(self, queue: str, event: str, kind: str) -> None:
        """Bring an event to the function of a queue, in the form that is read here."""
        if self.reading.form == "direct":
            self._invoke(queue, event.encode(), kind)
            return
        # A wake may come before the event that it is about, or never.
        self.after(self.chance.expovariate(2), partial(self.cloud.put_by_rule, queue, event))
        if self.happens("wake lost", 0.1):
            self.mattered["wake lost"] += 1
            return
        wake = partial(self._invoke, queue, self.reading.wake(event), kind)
        self.after(self.chance.expovariate(2), wake)

    def _by_hand(self) -> None:
        instance = self.chance.choice(INSTANCES)
        action = self.chance.choice((PROVISION, DEPROVISION))
        role = self.chance.choice(tuple(ROLES))
        if self.state(instance) == "Running":
            self.cloud.by_hand(action, self.chance.choice(people.EMPLOYEES), role, instance)

    def _forget(self) -> None:
        self.tell("Cloud Assistant forgets what has ended")
        for record in self.cloud.records:
            record.forgotten = record.invocation.is_finished

    def timer_comes(self, queue: str, seconds: float) -> None:
        """Let the timer come when something is due; at other times it has nothing to do."""
        due = seconds + self.chance.uniform(0, TIMER_SECONDS)
        self.after(due, partial(self._timer, queue))

    def _timer(self, queue: str) -> None:
        if self.cloud.messages.get(queue):
            again = partial(self.timer_comes, queue, TIMER_SECONDS)
            reader = COMPLETIONS if queue == COMPLETIONS else REQUESTS
            self._invoke(reader, _TIMER, "timer", repeats=0, failed=again)

    def sweep(self) -> None:
        """Let the other timer look for what should have ended by then."""
        late = TIMEOUT_SECONDS + LATE_SECONDS
        for seconds in (0.0, TIMER_SECONDS, 2 * TIMER_SECONDS):
            if seconds < SWEEP_SECONDS:
                sweep = partial(self._invoke, COMPLETIONS, _TIMER, "swept", repeats=0)
                self.after(late + seconds + self.chance.uniform(0, TIMER_SECONDS), sweep)

    def run_ended(self, invocation: Invocation, run: Run) -> None:
        """Announce the end of a run, as Cloud Assistant does: late, or more than once."""
        data = {"invokeId": invocation.invoke_id, "instanceId": run.instance_id}
        event = json.dumps({"id": f"event-{self.count()}", "source": "acs.ecs", "data": data})
        announce = partial(self._bring, COMPLETIONS, event, "announced")
        self.after(self.chance.expovariate(1), announce)
        if self.happens("announced twice", 0.05):
            self.after(self.chance.uniform(0, 60), announce)

    # Calls of functions

    def _invoke(
        self,
        queue: str,
        payload: bytes,
        kind: str,
        repeats: int | None = None,
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        """Call the function of a queue; who called it repeats that as the reading says."""
        usual = 0 if "keeps" in self.old else self.reading.retries
        left = usual if repeats is None else repeats

        def ended(lines: str, error: BaseException | None) -> None:
            if error is None:
                self._decided(kind, lines)
                return
            self.tell(f"{kind}: {type(error).__name__} {error}")
            if isinstance(error, Crash):
                self.mattered["crash"] += 1
                self._start_function()
            if left:
                again = partial(self._invoke, queue, payload, kind, left - 1, failed)
                self.after(self.chance.uniform(1, 20), again)
            else:
                failed()

        serve = self._publish if queue == COMPLETIONS else self._serve

        def work() -> str:
            if "keeps" in self.old:
                return serve(payload)
            return self._keeper(queue).call(payload, serve)

        self._start(Call(work, self._resumed, ended))

    def _start(self, call: Call) -> None:
        self._call = call
        call.start()

    def _sleep(self, seconds: float) -> None:
        assert self._call
        self._call.sleep(seconds)

    def _resumed(self, seconds: float, resume: Callable[[], None]) -> None:
        """Let the call that sleeps go on later."""
        call = self._call

        def go_on() -> None:
            self._call = call
            resume()

        self.after(seconds, go_on)

    def _serve(self, payload: bytes) -> str:
        self._current = self._words.get(json.loads(payload).get("id", ""))
        try:
            return self._function.serve(payload)
        finally:
            self._current = None

    def _publish(self, payload: bytes) -> str:
        return self._publisher.serve(payload)

    def _decided(self, kind: str, lines: str) -> None:
        for line in filter(None, lines.splitlines()):
            self.tell(f"{kind}: {line}")
            found = json.loads(line)
            decision, kinds = found["decision"], self._kinds[found.get("event_id", "")]
            is_known = decision == "already-started" or decision.startswith("repeat")
            if is_known or found.get("reason") == "stale":
                self.mattered.update(kinds)
            self.mattered["no token"] += decision == "untrusted"
            self.mattered["dated ahead"] += found.get("reason") == "future"
            self.mattered["asked again"] += "asked again" in kinds and decision == "started"

    def buried(self, letter: str) -> None:
        """Take a dead letter."""
        event = json.loads(letter)["event"]
        self.tell(f"buried: {letter}")
        for record in self.cloud.records:
            if record.invocation.invoke_id == event["data"].get("invokeId"):
                self.dead.add(self.key(record.invocation))
        if event["id"] in self._words:
            self.dead.add(self._words[event["id"]].key)

    # What is told

    def told(self, event: Mapping[str, Any]) -> None:
        """Take an event that a function put on the bus."""
        detail = event["data"]["detail"]
        if event["type"] == UNAUTHENTICATED_TYPE:
            return
        self.tell(f"told: {detail['InvocationStatus']} {event['id']}")
        if event["id"] in self._ids:
            self.mattered["announced twice"] += 1
            return
        self._ids.add(event["id"])
        key = (detail["request_id"], detail["action"], detail["emp_id"], detail["role"])
        self.told_of[key].append(detail)
        self.mattered["never ends"] += detail["InvocationStatus"] == "Unknown"
        if (detail["InvocationStatus"], detail["action"]) == ("Success", DEPROVISION):
            self._check_green(key, detail["repeat"])
        self.mattered["host stopped"] += detail["InvocationStatus"] in {"Unreached", "GivenUp"}
        self.mattered["host released"] += detail["InvocationStatus"] == "Released"
        failed = detail["InvocationStatus"] == "Failed" and self._broken.get(key)
        self.mattered["package missing"] += bool(failed)
        if failed and key not in self.asked_again:
            self.asked_again[key] = float("inf")
            self.after(self.chance.uniform(60, 7200), partial(self._ask_again, key))

    def _check_green(self, key: Key, is_repeat: bool) -> None:
        """See that a removal is not told as done while a host has not heard of it."""
        if not key[0] or is_repeat:
            return  # by hand, or told before
        ran = {
            run.host
            for run in self.cloud.executed
            if (run.request, run.action, run.emp_id, run.role) == (self._hash(key), *key[1:])
        }
        missing = {i for i in hosts_of(key[3]) if self.state(i) != "Released"} - ran
        if missing:
            self.wrong.append(f"{key[0]} is told as done, and not on {', '.join(sorted(missing))}")

    def _hash(self, key: Key) -> str:
        """Return the hash by which the hosts know a request."""
        for record in self.cloud.records:
            if record.invocation.tags and self.key(record.invocation) == key:
                return record.invocation.parameters["request_hash"]
        return ""

    def _ask_again(self, key: Key) -> None:
        self.asked_again[key] = self.now
        self._broken[key] = False
        (word,) = [word for word in self.words if word.key == key]
        self.faults["asked again"] += 1
        self._accept(word, "asked again")

    # How it was before

    def as_before(self, invocation: Invocation) -> Invocation:
        """Show an invocation as the loop saw it before it knew better."""
        if "attempts" in self.old and invocation.is_finished:
            runs = tuple(run._replace(status="Success") for run in invocation.runs)
            invocation = invocation._replace(runs=runs)
        if "identity" in self.old and self._current:
            asked = {"emp_id": self._current.emp_id, "role": self._current.role}
            invocation = invocation._replace(parameters={**invocation.parameters, **asked})
        return invocation

    def key(self, invocation: Invocation) -> Key:
        """Return which request an invocation belongs to."""
        tags, parameters = invocation.tags, invocation.parameters
        request = (tags.get(names.REQUEST, ""), tags.get(names.ACTION, ""))
        return (*request, parameters["emp_id"], parameters["role"])


def _event(word: Word, event_id: str, stamp: float) -> dict[str, Any]:
    detail = {
        "emp_id": word.emp_id,
        "role": word.role,
        "request_id": word.request_id,
        "chat": word.chat,
    }
    return {
        "id": event_id,
        "source": "s",
        "type": "eventbridge:Events:HTTPEvent",
        "time": _stamp(stamp + (2 * 365 * DAY if word.is_dated_ahead else 0)),
        "data": {
            "headers": {"X-Provisioning-Token": TOKEN if word.has_token else "wrong"},
            "body": {"detail-type": _KINDS[word.action], "detail": detail},
        },
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
