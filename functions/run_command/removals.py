"""Sees to it that a removal reaches every host, however long one of them is stopped.

Before a removal runs, a message about it is put into a queue. A timer looks at the message again
and again, at growing distances: what has run is found at Cloud Assistant, what has not is started.
The message is deleted when no host is left, or seven days are over. So whatever ends at any point,
a function, a call, an instance: the message is still there.
"""

import json
from collections.abc import Callable
from typing import NamedTuple

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.errors import FunctionError, PermanentError
from functions.cloud.log import decision
from functions.cloud.smq import Received
from functions.report.notes import Notes
from functions.report.outcome import GIVEN_UP, RELEASED
from functions.request import tags
from functions.request.fields import DEPROVISION, Request
from functions.run_command import plan
from functions.run_command.clients import Clients
from functions.run_command.launch import FUNCTION, Launcher, Reach, log
from functions.run_command.settings import Settings
from functions.run_command.tell import Teller

FIRST_SECONDS = 300
"""Longer than the call that makes the promise tries again by itself."""
LONGEST_SECONDS = 3600
OPEN_SECONDS = 86_400
"""After how long those who operate the loop hear of a removal that is still open."""
GIVES_UP_SECONDS = 7 * 86_400 - 7200
"""A queue keeps a message for seven days from when it was sent; the end has to be told before."""
_AT_ONCE = 4
_WORKS_SECONDS = 45.0
_UNDELIVERED = {
    "ClientIsUpgrading",
    "ClientNotConnected",
    "ClientNotResponse",
    "ClientNotRunning",
    "DeliveryTimeout",
    "ExecutionInterrupted",
    "InstanceNotExists",
    "InstanceNotRunning",
    "InstanceReleased",
}
"""Error codes of runs that the host cut off or never heard of ("DescribeInvocations")."""


class Removal(NamedTuple):
    """What is owed: this removal, on these hosts."""

    request: Request
    attempt: int
    hosts: tuple[str, ...]

    def text(self) -> str:
        """Return what the queue keeps of it."""
        given = {
            "version": 1,
            "request": self.request._asdict(),
            "attempt": self.attempt,
            "hosts": self.hosts,
        }
        return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> Removal:
    """Read what the queue kept.

    Raises:
        PermanentError: if it is no removal.
    """
    try:
        given = json.loads(text)
        values = given["request"]
        request = Request(**{name: str(values.get(name, "")) for name in Request._fields})
        found = Removal(request, int(given["attempt"]), tuple(map(str, given["hosts"])))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise PermanentError("the message is no removal", "NoRemoval") from None
    if request.action != DEPROVISION or not request.emp_id or not found.hosts:
        raise PermanentError("the message is no removal", "NoRemoval")
    return found


def pause(times: int) -> int:
    """Return after how many seconds to look again, having looked so often."""
    return int(min(FIRST_SECONDS * 2 ** min(times, 10), LONGEST_SECONDS))


def was_reached(run: Run) -> bool:
    """Return whether the host itself ended the run, well or badly."""
    return run.is_finished and run.error.partition(" ")[0] not in _UNDELIVERED


class Removals:
    """Makes promises and keeps them."""

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        teller: Teller,
        notes: Notes,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._launcher = Launcher(settings, clients)
        self._teller = teller
        self._notes = notes
        self._now = now

    def promise(self, todo: plan.Start, reach: Reach) -> None:
        """Put a removal into the queue, before anything of it is started."""
        if self._settings.later_queue and reach.owed:
            removal = Removal(todo.request, int(todo.attempt), reach.owed)
            queue = self._settings.later_queue
            self._clients.queues.send(queue, removal.text(), FIRST_SECONDS)

    def look_after(self) -> None:
        """Look at every removal whose time has come; one that fails is looked at again later."""
        queue = self._settings.later_queue
        end = self._now() + _WORKS_SECONDS
        while queue and self._now() < end:
            messages = self._clients.queues.receive(queue, _AT_ONCE)
            if not messages:
                return
            for message in messages:
                try:
                    if self._look_at(message):
                        self._clients.queues.delete(queue, [message.receipt])
                    else:
                        later = pause(message.dequeue_count)
                        self._clients.queues.again(queue, message.receipt, later)
                except FunctionError as error:
                    # It comes again when its visibility timeout is over.
                    decision(FUNCTION, "removal-waits", code=error.code, reason=str(error))

    def _look_at(self, message: Received) -> bool:
        """Do what can be done now; return whether nothing is left."""
        try:
            removal = read(message.body)
        except PermanentError as error:
            return self._bury(message, error)
        request, settings = removal.request, self._settings
        found = self._clients.commands.find(plan.lookup_tags(request, settings))
        known = plan.same(request, found)
        if any(plan.attempt_of(invocation) > removal.attempt for invocation in known):
            return True  # a newer attempt has a promise of its own
        runs = _newest([i for i in known if plan.attempt_of(i) == removal.attempt])
        owed = [h for h in removal.hosts if h not in runs or not was_reached(runs[h])]
        if not owed:
            return True
        over = {run.instance_id for i in known if plan.is_over(i, self._now()) for run in i.runs}
        busy = {h for h in owed if h in runs and not runs[h].is_finished and h not in over}
        reach = Reach.of(owed, self._clients.hosts.named(owed), busy)
        if len(reach.released) == len(owed):
            self._teller.end(request, RELEASED, reach.released, str(removal.attempt))
            return True
        if self._now() - message.enqueued > GIVES_UP_SECONDS:
            left = [host for host in owed if host not in reach.released]
            self._teller.end(request, GIVEN_UP, left, str(removal.attempt))
            return True
        if OPEN_SECONDS <= self._now() - message.enqueued < OPEN_SECONDS + 2 * LONGEST_SECONDS:
            self._notes.owed(request, owed)
        self._go_on(removal, known, reach)
        return False

    def _go_on(self, removal: Removal, known: list[Invocation], reach: Reach) -> None:
        mine = tuple(i for i in known if plan.attempt_of(i) == removal.attempt)
        word, started = str(removal.attempt), plan.started_hosts(mine)
        later = {i.tags.get(tags.ATTEMPT) for i in mine if plan.is_later(i)}
        todo = {f"{word}-{len(later) + 1}": reach}
        if not plan.is_whole(mine, word):
            # Cut off between two calls: what never ran belongs to the attempt itself.
            again = set(reach.reachable) - started
            todo = {
                word: reach.without(started),
                f"{word}-{len(later) + 1}": reach.putting_off(again),
            }
        for attempt, part in todo.items():
            start = plan.Start(removal.request, attempt, mine)
            _, refusals = self._launcher.start(start, part)
            for refusal in refusals:
                log(removal.request, "refused", code=refusal.error.code, api=refusal.error.action)

    def _bury(self, message: Received, error: PermanentError) -> bool:
        decision(FUNCTION, "buried", code=error.code, message_id=message.id)
        if self._settings.dead_letter_queue:
            letter = json.dumps({"reason": str(error), "code": error.code, "body": message.body})
            self._clients.queues.send(self._settings.dead_letter_queue, letter)
        return True


def _newest(invocations: list[Invocation]) -> dict[str, Run]:
    """Return the newest run on each host; one that was reached is never undone by another."""
    runs: dict[str, Run] = {}
    for invocation in invocations:
        for run in invocation.runs:
            if run.instance_id not in runs or not was_reached(runs[run.instance_id]):
                runs[run.instance_id] = run
    return runs
