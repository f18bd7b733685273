"""Decides what to report about a request whose command has ended, and to which chat; pure.

A request is one result, however many instances it runs on and however many calls of InvokeCommand
that took: it is reported when the command has ended on the last of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.errors import PermanentError, TemporaryError
from functions.report import messages
from functions.report.i18n import words
from functions.report.i18n.table import Words
from functions.report.outcome import SUCCESS, UNREACHED, Outcome, RunResult, status_of
from functions.report.output import presentable
from functions.report.results import with_run
from functions.request import tags
from functions.request.deployment import Deployment
from functions.request.events import Event
from functions.request.fields import DEPROVISION, PROVISION, Request

MANUAL = "manual"
"""The source of a run that somebody started by hand, without the loop's tags."""
UNKNOWN = "Unknown"
"""The status of a request that had not ended long after its time was over."""
LATE_SECONDS = 300.0
"""How long after its timeout a request may end before it is told as unknown."""
SWEEP_SECONDS = 240.0
"""How long from then on it is looked for: a timer's calls may come late."""


class NotYetVisibleError(TemporaryError):
    """Cloud Assistant announced the end of a run, but does not show it yet."""


class Completion(NamedTuple):
    """The run that has ended, from Cloud Assistant's event."""

    invoke_id: str
    instance_id: str


def completion(event: Event) -> Completion:
    """Read the event ("Use EventBridge and Cloud Monitor to subscribe to Cloud Assistant events").

    Raises:
        PermanentError: if it does not name a run.
    """
    found = Completion(_text(event.get("invokeId")), _text(event.get("instanceId")))
    if not all(found):
        raise PermanentError(f"event {event.id} has no invokeId or instanceId", "NoInvocation")
    return found


def ended(announced: Completion, invocation: Invocation | None) -> Invocation:
    """Return an invocation that shows the run's end.

    Raises:
        NotYetVisibleError: if it does not.
    """
    for run in invocation.runs if invocation else ():
        if invocation and run.instance_id == announced.instance_id and run.is_finished:
            return invocation
    raise NotYetVisibleError(
        f"{announced.invoke_id} on {announced.instance_id} is not shown as finished",
        "NotYetVisible",
    )


def siblings(invocation: Invocation) -> dict[str, str] | None:
    """Return the tags by which the request's other calls are found; None if there are none."""
    if invocation.tags.get(tags.PART, "1/1").endswith("/1"):
        return None
    names = (tags.PREFIX, tags.SOURCE, tags.ACTION, tags.REQUEST, tags.ATTEMPT)
    return {name: invocation.tags[name] for name in names if name in invocation.tags}


def belong_together(one: Invocation, other: Invocation) -> bool:
    """Return whether two invocations are of the same attempt at the same request."""
    return _identity(one) == _identity(other)


def outcome(invocations: Sequence[Invocation], deployment: Deployment) -> Outcome | None:
    """Return what became of a request, from all its calls; None if it has not ended everywhere."""
    if not _is_whole(invocations) or not all(i.is_finished for i in invocations):
        return None
    runs = [(invocation, run) for invocation in invocations for run in invocation.runs]
    invocation, run = next((pair for pair in runs if pair[1].status != SUCCESS), runs[0])
    found = _request(invocation, deployment)
    language = words(deployment.chats[found.chat].language)
    unreached, more = _unreached(invocations)
    status = status_of(run)
    if status == SUCCESS and (unreached or more):
        status = UNREACHED
    made = with_run(Outcome(found, status), invocation, run, deployment.script_sha256)
    counts = Counter(status_of(each) for _, each in runs)
    counts[UNREACHED] += len(unreached) + more
    if counts.total() < 2:
        return made
    told = [*_not_reached(unreached, language), *(_told(each, language) for _, each in runs)]
    return made._replace(
        counts=tuple((s, n) for s, n in counts.items() if n),
        runs=tuple(sorted(told, key=lambda each: each.status == SUCCESS)),
        unreached=unreached,
        instance_id="",
    )


def unknown(invocations: Sequence[Invocation], deployment: Deployment) -> Outcome:
    """Return the outcome of a request that has not ended long after its time was over."""
    invocation = next(i for i in invocations if not i.is_finished)
    runs = [run for i in invocations for run in i.runs]
    unfinished = next((run for run in invocation.runs if not run.is_finished), None)
    counts = Counter(status_of(run) if run.is_finished else UNKNOWN for run in runs)
    return Outcome(
        _request(invocation, deployment),
        UNKNOWN,
        invoke_id=invocation.invoke_id,
        command_id=invocation.command_id,
        instance_id=unfinished.instance_id if unfinished and len(runs) == 1 else "",
        counts=tuple(counts.items()) if len(runs) > 1 else (),
        runs=tuple(RunResult(r.instance_id, UNKNOWN, None, "") for r in runs if not r.is_finished)
        if len(runs) > 1
        else (),
    )


def overdue(invocations: Iterable[Invocation], now: float) -> list[list[Invocation]]:
    """Return the requests that should have ended five minutes ago and have not."""
    groups: dict[tuple[str, ...], list[Invocation]] = {}
    for invocation in invocations:
        groups.setdefault(_identity(invocation), []).append(invocation)
    return [
        group
        for group in groups.values()
        if any(not i.is_finished for i in group)
        and 0
        <= now - max(i.created + i.timeout_seconds for i in group) - LATE_SECONDS
        <= SWEEP_SECONDS
    ]


def event_id(invocation: Invocation, *more: str) -> str:
    """Return the id of the result event, the same however often the end is announced.

    A run by hand is known by its invocation; a request by what makes it itself, and its attempt.
    """
    identity = _identity(invocation) if tags.REQUEST in invocation.tags else (invocation.invoke_id,)
    return sha256("\n".join([*identity, *more]).encode("utf-8", "replace")).hexdigest()[:32]


def _identity(invocation: Invocation) -> tuple[str, ...]:
    carried = (tags.PREFIX, tags.SOURCE, tags.ACTION, tags.REQUEST)
    if tags.REQUEST not in invocation.tags:
        return (invocation.invoke_id,)
    return (
        *(invocation.tags.get(name, "") for name in carried),
        *(invocation.parameters.get(name, "") for name in ("emp_id", "role")),
        invocation.tags.get(tags.ATTEMPT, "1"),
    )


def _is_whole(invocations: Sequence[Invocation]) -> bool:
    """Return whether all calls are there: of ``2/3`` and ``3/3`` the first one is missing."""
    parts = [invocation.tags.get(tags.PART, "1/1").split("/") for invocation in invocations]
    numbers = {int(part[0]) for part in parts if part[0].isdecimal()}
    # Hosts may come and go between two calls: the total of the last one holds.
    total = max((int(p[1]) for p in parts if p[0] == str(max(numbers, default=1))), default=1)
    return len(numbers) >= total


def _told(run: Run, language: Words) -> RunResult:
    status = status_of(run)
    if status == SUCCESS:
        return RunResult(run.instance_id, status, run.exit_code, "")
    failed = Outcome(Request(PROVISION, "", ""), status, exit_code=run.exit_code)
    reason = messages.explain(failed._replace(output=presentable(run.output)), language)
    return RunResult(run.instance_id, status, run.exit_code, reason)


def _not_reached(hosts: Sequence[str], language: Words) -> list[RunResult]:
    reason = language.statuses[UNREACHED]
    return [RunResult(host, UNREACHED, None, reason) for host in hosts]


def _unreached(invocations: Iterable[Invocation]) -> tuple[tuple[str, ...], int]:
    """Return the hosts that were not reached, and how many more the tag had no room for."""
    hosts: dict[str, None] = {}
    more = 0
    for invocation in invocations:
        for word in invocation.tags.get(tags.UNREACHED, "").split(","):
            if word.startswith("+") and word[1:].isdecimal():
                more = max(more, int(word[1:]))
            elif word:
                hosts[word] = None
    reached = {run.instance_id for i in invocations for run in i.runs}
    return tuple(host for host in hosts if host not in reached), more


def _request(invocation: Invocation, deployment: Deployment) -> Request:
    """Return the request of a run; a run by hand has no tags, so defaults stand in for them."""
    found = Request.carried(invocation.tags, invocation.parameters)
    source = found.source or MANUAL
    return found._replace(
        action=_action(found.action, invocation.command_name),
        source=source,
        chat=deployment.chat_for(found.chat, source),
    )


def _action(carried: str, command_name: str) -> str:
    """Return which of the two commands ran; one that was run by hand shows it by its name."""
    if carried in {PROVISION, DEPROVISION}:
        return carried
    return DEPROVISION if f"-{DEPROVISION}-" in command_name else PROVISION


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
