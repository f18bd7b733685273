"""Plans the calls of InvokeCommand for a request, and what an earlier run of it changes; pure.

A request is known by source, action, id, employee and role. Cloud Assistant remembers invocations
for 30 days or the newest 10,000 ("DescribeInvocations"), and their tags say which request each one
belongs to. What it has forgotten runs again, and the host's own record still decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from functions.cloud.cloud_assistant import MOST_INSTANCES, Invocation, Run
from functions.report.outcome import SUCCESS
from functions.request import tags
from functions.request.fields import DEPROVISION, Request
from functions.run_command.settings import Settings

_IDENTITY = ("emp_id", "role")
"""What makes a request itself, beside the tags by which it is looked up."""


class Part(NamedTuple):
    """One call of InvokeCommand: at most as many instances as it takes."""

    name: str
    """``2/3``: which of how many."""
    command_id: str
    instance_ids: tuple[str, ...]
    resource_tags: tuple[tuple[str, str], ...]
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    client_token: str


class Start(NamedTuple):
    """The parts that have not been started yet."""

    parts: tuple[Part, ...]


class Started(NamedTuple):
    """The same event started it before; the completions will tell the chat."""

    invoke_id: str


class Repeat(NamedTuple):
    """An earlier event made the same request."""

    invocations: tuple[Invocation, ...]

    @property
    def is_finished(self) -> bool:
        """Return whether there is a result to answer with."""
        return all(invocation.is_finished for invocation in self.invocations)

    @property
    def succeeded(self) -> bool:
        """Return whether it was done on every instance."""
        return all(run.status == SUCCESS for i in self.invocations for run in i.runs)


def lookup_tags(request: Request, settings: Settings) -> dict[str, str]:
    """Return the tags by which an earlier run of the same request is found."""
    return {
        tags.REQUEST: request.request_id,
        tags.ACTION: request.action,
        tags.SOURCE: request.source,
        tags.PREFIX: settings.deployment.bus,
    }


def parts(request: Request, settings: Settings, attempt: int = 1) -> tuple[Part, ...]:
    """Return the calls that run a request on all instances of its role."""
    role = settings.deployment.roles[request.role]
    ids = role.instances or (() if role.tags else settings.instance_ids)
    unique = tuple(dict.fromkeys(ids))
    groups = [unique[i : i + MOST_INSTANCES] for i in range(0, len(unique), MOST_INSTANCES)] or [()]
    command = settings.command_id
    if request.action == DEPROVISION:
        command = settings.deprovision_command_id
    names = [f"{number}/{len(groups)}" for number in range(1, len(groups) + 1)]
    return tuple(
        Part(
            name=name,
            command_id=command,
            instance_ids=group,
            resource_tags=role.tags,
            parameters=request.parameters(),
            tags=_tags(request, settings, name, attempt),
            client_token=_client_token(request, settings, name, attempt),
        )
        for name, group in zip(names, groups, strict=True)
    )


def compare(
    request: Request, settings: Settings, earlier: Iterable[Invocation]
) -> Start | Started | Repeat:
    """Return what is left to do, given the invocations that carry the request's tags.

    Another employee's or role's request of the same id is another request. A request keeps the
    moment of its first event, so that a late repeat is no newer word.
    """
    same = sorted(
        (i for i in earlier if all(i.parameters.get(n) == getattr(request, n) for n in _IDENTITY)),
        key=lambda invocation: invocation.invoke_id,
    )
    if not same:
        return Start(parts(request, settings))
    moments = [request.moment, *(_moment(i) for i in same)]
    request = request._replace(moment=min((m for m in moments if m), key=int, default=""))
    attempt = max(map(_attempt, same))
    latest = tuple(i for i in same if _attempt(i) == attempt)
    missing = _missing(parts(request, settings, attempt), latest)
    if missing:
        return Start(missing)
    if any(invocation.tags.get(tags.EVENT) == request.event_id for invocation in same):
        return Started(latest[0].invoke_id)
    repeat = Repeat(latest)
    if repeat.is_finished and not repeat.succeeded:
        return Start(parts(request, settings, attempt + 1))
    return repeat


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


def _missing(wanted: Sequence[Part], found: Sequence[Invocation]) -> tuple[Part, ...]:
    """Return the parts that still have to be started, whichever event began.

    An event may have started some and then been throttled until it went to the dead letters. If
    the stack has other instances by now, the parts do not correspond, and nothing is run again.
    """
    if not found:
        return tuple(wanted)
    started = {invocation.tags.get(tags.PART, "") for invocation in found}
    if not started <= {part.name for part in wanted}:
        return ()
    return tuple(part for part in wanted if part.name not in started)


def _moment(invocation: Invocation) -> str:
    found = invocation.parameters.get("moment", "")
    return found if found.isdecimal() else ""


def _attempt(invocation: Invocation) -> int:
    found = invocation.tags.get(tags.ATTEMPT, "")
    return int(found) if found.isdecimal() else 1


def _tags(request: Request, settings: Settings, part: str, attempt: int) -> dict[str, str]:
    """Return everything that the completion needs to find its way back, as tags."""
    own = {tags.PREFIX: settings.deployment.bus, tags.PART: part, tags.ATTEMPT: str(attempt)}
    return {**request.tags(), **own}


def _client_token(request: Request, settings: Settings, part: str, attempt: int) -> str:
    """Return the token by which ECS itself drops a repeat within minutes: 64 characters at most."""
    identity = [getattr(request, name) for name in _IDENTITY]
    key = [*lookup_tags(request, settings).values(), *identity, part, str(attempt)]
    return sha256("\n".join(key).encode()).hexdigest()
