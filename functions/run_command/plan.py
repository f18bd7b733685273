"""Plans the calls of InvokeCommand for a request, and what an earlier run of it changes; pure.

A request is known by source, action, id, employee and role. Cloud Assistant remembers invocations
for 30 days or the newest 10,000 ("DescribeInvocations"), and their tags say which request each one
belongs to. What it has forgotten runs again, and the host's own record still decides.

An attempt is a word: ``2``, or ``2-1`` for what of the second attempt was started later, on hosts
that could not be reached before.
"""

from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from functions.cloud.cloud_assistant import MOST_INSTANCES, Invocation, Run
from functions.report.outcome import SUCCESS
from functions.request import tags
from functions.request.deployment import Role
from functions.request.fields import DEPROVISION, Request
from functions.run_command.settings import Settings

_IDENTITY = ("emp_id", "role")
"""What makes a request itself, beside the tags by which it is looked up."""
_LONGEST_TAG = 128
OVER_SECONDS = 300.0
"""How long after its timeout an invocation may still end."""


class Start(NamedTuple):
    """What is left to start of an attempt."""

    request: Request
    """With the moment of its first event, so that a late repeat is no newer word."""
    attempt: str
    started: tuple[Invocation, ...] = ()
    """What of it was started before, whichever event began."""


class Started(NamedTuple):
    """The same event started it before; the completions will tell the chat."""

    invoke_id: str


class Repeat(NamedTuple):
    """An earlier event made the same request."""

    invocations: tuple[Invocation, ...]
    is_finished: bool = True
    """Whether there is a result to answer with."""

    @property
    def succeeded(self) -> bool:
        """Return whether it was done on every instance."""
        done = all(run.status == SUCCESS for i in self.invocations for run in i.runs)
        return done and not owed(self.invocations)


def lookup_tags(request: Request, settings: Settings) -> dict[str, str]:
    """Return the tags by which an earlier run of the same request is found."""
    return {
        tags.REQUEST: request.request_id,
        tags.ACTION: request.action,
        tags.SOURCE: request.source,
        tags.PREFIX: settings.deployment.bus,
    }


def places(request: Request, settings: Settings) -> list[Role]:
    """Return where a request runs; a removal without a role runs wherever any role is."""
    roles = settings.deployment.roles
    wanted = [roles[request.role]] if request.role else list(roles.values())
    everywhere = Role(settings.instance_ids, ())
    return list(dict.fromkeys(r if r.instances or r.tags else everywhere for r in wanted))


def command(request: Request, settings: Settings) -> str:
    """Return the command that carries a request out."""
    if request.action == DEPROVISION:
        return settings.deprovision_command_id
    return settings.command_id


def groups(instance_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Divide instances into as many as one call takes."""
    return [
        tuple(instance_ids[i : i + MOST_INSTANCES])
        for i in range(0, len(instance_ids), MOST_INSTANCES)
    ]


def same(request: Request, earlier: Iterable[Invocation]) -> list[Invocation]:
    """Return which invocations are the request's: an id may be used for another employee, too."""
    return sorted(
        (i for i in earlier if all(i.parameters.get(n) == getattr(request, n) for n in _IDENTITY)),
        key=lambda invocation: invocation.invoke_id,
    )


def compare(
    request: Request,
    earlier: Iterable[Invocation],
    now: float = 0.0,
    left: Collection[str] | None = None,
) -> Start | Started | Repeat:
    """Return what is left to do.

    Args:
        request: what is asked.
        earlier: the invocations that carry its tags.
        now: seconds since 1970.
        left: hosts on which the latest attempt cannot be started any more, though its calls are not
            complete; None if nobody has looked.
    """
    known = same(request, earlier)
    if not known:
        return Start(request, "1")
    moments = [request.moment, *map(_moment, known)]
    request = request._replace(moment=min((m for m in moments if m), key=int, default=""))
    attempt = max(map(attempt_of, known))
    latest = tuple(i for i in known if attempt_of(i) == attempt)
    if left is None and not is_whole(latest, str(attempt)):
        return Start(request, str(attempt), latest)
    if any(invocation.tags.get(tags.EVENT) == request.event_id for invocation in known):
        return Started(latest[0].invoke_id)
    repeat = Repeat(latest, all(i.is_finished or is_over(i, now) for i in latest))
    if repeat.is_finished and (left or not repeat.succeeded):
        return Start(request, str(attempt + 1))
    return repeat


def is_over(invocation: Invocation, now: float) -> bool:
    """Return whether an invocation should have ended long ago, whether or not it has.

    By then publish-result has told that nobody knows its end.
    """
    if not invocation.created or not invocation.timeout_seconds:
        return False
    return now > invocation.created + invocation.timeout_seconds + OVER_SECONDS


def attempt_of(invocation: Invocation) -> int:
    """Return which attempt an invocation belongs to, counted from 1."""
    found = _word(invocation).partition("-")[0]
    return int(found) if found.isdecimal() else 1


def is_later(invocation: Invocation) -> bool:
    """Return whether it was started later, on hosts that could not be reached before."""
    return "-" in _word(invocation)


def calls(invocations: Iterable[Invocation], attempt: str) -> int:
    """Return how many calls of an attempt were made."""
    return sum(_word(invocation) == attempt for invocation in invocations)


def started_hosts(invocations: Iterable[Invocation]) -> set[str]:
    """Return where these were started."""
    return {run.instance_id for invocation in invocations for run in invocation.runs}


def decisive(invocations: Sequence[Invocation]) -> tuple[Invocation, Run]:
    """Return the run that stands for all of them: the first that went wrong, else the first."""
    runs = [(invocation, run) for invocation in invocations for run in invocation.runs]
    return next((pair for pair in runs if pair[1].status != SUCCESS), runs[0])


def count(invocations: Sequence[Invocation]) -> tuple[tuple[str, int], ...]:
    """Return how many instances have which status, if there is more than one instance."""
    counts: dict[str, int] = {}
    for invocation in invocations:
        for run in invocation.runs:
            counts[run.status] = counts.get(run.status, 0) + 1
    return tuple(counts.items()) if sum(counts.values()) > 1 else ()


def part_tags(
    request: Request,
    settings: Settings,
    attempt: str,
    part: str,
    unreached: Sequence[str],
) -> dict[str, str]:
    """Return everything that the completion needs to find its way back, as tags."""
    own = {tags.PREFIX: settings.deployment.bus, tags.PART: part, tags.ATTEMPT: attempt}
    missing = {tags.UNREACHED: _listed(unreached)} if unreached else {}
    return {**request.tags(), **own, **missing}


def result_id(request: Request, settings: Settings, *what: str) -> str:
    """Return the id of a result that tells this of a request: letters and digits only."""
    return client_token(request, settings, *what)[:32]


def client_token(request: Request, settings: Settings, *parts: str) -> str:
    """Return the token by which ECS itself drops a repeat within minutes: 64 characters at most."""
    identity = [getattr(request, name) for name in _IDENTITY]
    key = [*lookup_tags(request, settings).values(), *identity, *parts]
    return sha256("\n".join(key).encode()).hexdigest()


def is_whole(invocations: Sequence[Invocation], attempt: str) -> bool:
    """Return whether all calls of an attempt were made: ``1/2`` and ``2/2``.

    An event may have started some and then been throttled until it went to the dead letters. What
    is looked after by the timer is whole: whatever is left is the timer's.
    """
    if any(map(is_later, invocations)):
        return True
    parts = [_part(i) for i in invocations if _word(i) == attempt]
    return bool(parts) and len({number for number, _ in parts}) >= max(parts)[1]


def _part(invocation: Invocation) -> tuple[int, int]:
    number, _, total = invocation.tags.get(tags.PART, "").partition("/")
    return (int(number), int(total)) if number.isdecimal() and total.isdecimal() else (1, 1)


def owed(invocations: Sequence[Invocation]) -> set[str]:
    """Return which hosts were wanted and could not be reached so far."""
    listed = {
        host
        for invocation in invocations
        for host in invocation.tags.get(tags.UNREACHED, "").split(",")
        if host
    }
    return listed - started_hosts(invocations)


def _listed(hosts: Sequence[str]) -> str:
    """Write as many ids as a tag holds, and how many more there are: ``i-1,i-2,+3``."""
    text = ",".join(hosts)
    shown = len(hosts)
    while len(text) > _LONGEST_TAG:
        shown -= 1
        text = ",".join([*hosts[:shown], f"+{len(hosts) - shown}"])
    return text


def _moment(invocation: Invocation) -> str:
    found = invocation.parameters.get("moment", "")
    return found if found.isdecimal() else ""


def _word(invocation: Invocation) -> str:
    return invocation.tags.get(tags.ATTEMPT, "1")
