"""Starts the command of a request on the hosts that can be reached.

One host that is stopped, released or without an agent never keeps the others from being run.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from functions.cloud.errors import TemporaryError
from functions.cloud.instances import Instance
from functions.cloud.log import decision
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.request.fields import DEPROVISION, Request
from functions.run_command import plan
from functions.run_command.clients import Clients
from functions.run_command.settings import Settings

FUNCTION = "run-command"

_COMMAND_GONE = {"InvalidCmdId.NotFound", "InvalidCommandId.NotFound"}
_IDEMPOTENT_MISMATCH = "IdempotentParameterMismatch"
_ABOUT_INSTANCES = "InvalidInstance"


class CommandGoneError(TemporaryError):
    """The command was just replaced; the function's new settings have not arrived yet."""


class Reach(NamedTuple):
    """The hosts that a request is for."""

    reachable: tuple[str, ...]
    unreached: tuple[Instance, ...]
    """They exist, but nothing can run on them now."""
    released: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, wanted: Sequence[str], found: Sequence[Instance], busy: Collection[str] = ()
    ) -> "Reach":
        """Divide the hosts that are wanted by their ids or were found by their tags.

        On those that are busy it is running already: nothing is started, and nothing done yet.
        """
        known = {instance.id: instance for instance in found}
        now = [i for i, found in known.items() if found.is_reachable and i not in busy]
        return cls(
            tuple(now),
            tuple(instance for i, instance in known.items() if i not in now),
            tuple(i for i in dict.fromkeys(wanted) if i not in known),
        )

    @property
    def owed(self) -> tuple[str, ...]:
        """Return the hosts from which a leaver is to be removed: all that exist."""
        return (*self.reachable, *(instance.id for instance in self.unreached))

    def missing(self, action: str) -> list[str]:
        """Return where it will not be done now; on a host that is gone is nothing to remove."""
        gone = () if action == DEPROVISION else self.released
        return [*(instance.id for instance in self.unreached), *gone]

    def putting_off(self, hosts: set[str]) -> "Reach":
        """Count hosts on which something else is started first as not reached yet."""
        off = [i for i in self.reachable if i in hosts]
        waiting = [Instance(i, "", "", "Running", has_agent=True) for i in off]
        now = tuple(i for i in self.reachable if i not in off)
        return Reach(now, (*self.unreached, *waiting), self.released)

    def without(self, hosts: set[str]) -> "Reach":
        """Leave out hosts where it was started before."""
        return Reach(
            tuple(i for i in self.reachable if i not in hosts),
            tuple(i for i in self.unreached if i.id not in hosts),
            tuple(i for i in self.released if i not in hosts),
        )


class Refusal(NamedTuple):
    """Hosts on which the cloud refuses to run it; a retry would end the same way."""

    hosts: tuple[str, ...]
    error: ApiRefusedError

    @property
    def is_about_hosts(self) -> bool:
        """Return whether it is the host that is in no state to run anything."""
        return self.error.code.startswith(_ABOUT_INSTANCES)


class Launcher:
    """Starts commands with the same settings and clients."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients

    def reach(self, request: Request) -> Reach:
        """Look at the hosts that a request is for."""
        wanted: list[str] = []
        found: list[Instance] = []
        for place in plan.places(request, self._settings):
            if place.tags:
                found += self._clients.hosts.tagged(place.tags)
            wanted += place.instances
        wanted = list(dict.fromkeys(wanted))
        return Reach.of(wanted, [*self._clients.hosts.named(wanted), *found])

    def start(self, todo: plan.Start, reach: Reach) -> tuple[list[str], list[Refusal]]:
        """Start an attempt where it can run; return the lines that were logged, and the refusals.

        Raises:
            TemporaryError: if the same call may well succeed later; what was started is found then.
        """
        request, attempt = todo.request, todo.attempt
        groups = plan.groups(reach.reachable)
        missing = reach.missing(request.action)
        number = plan.calls(todo.started, attempt)
        lines: list[str] = []
        refusals: list[Refusal] = []
        while groups:
            group = groups.pop(0)
            number += 1
            # A removal is whole, and told as done, when it has run on the refused hosts as well.
            owed = len(refusals) if request.action == DEPROVISION else 0
            part = f"{number}/{number + len(groups) + owed}"
            try:
                invoke_id = self._invoke(request, attempt, part, group, missing)
            except ApiRefusedError as error:
                number -= 1
                refusal = Refusal(group, error)
                if refusal.is_about_hosts and len(group) > 1:
                    # One of them stopped this very moment, or is no host for this command.
                    groups[:0] = [(host,) for host in group]
                else:
                    refusals.append(refusal)
            else:
                lines.append(log(request, "started", invoke_id=invoke_id, part=part))
        return lines, refusals

    def _invoke(
        self,
        request: Request,
        attempt: str,
        part: str,
        hosts: Sequence[str],
        missing: Sequence[str],
    ) -> str:
        settings = self._settings
        try:
            return self._clients.commands.invoke(
                command_id=plan.command(request, settings),
                parameters=request.parameters(),
                timeout_seconds=settings.timeout_seconds,
                instance_ids=hosts,
                tags=plan.part_tags(request, settings, attempt, part, missing),
                # By its number, whatever the hosts: while an earlier call is not shown yet, another
                # one for other hosts is a mismatch and waits, instead of running twice on some.
                client_token=plan.client_token(request, settings, attempt, part.partition("/")[0]),
            )
        except ApiRefusedError as error:
            if error.code in _COMMAND_GONE:
                raise CommandGoneError(str(error), error.code) from None
            if error.code == _IDEMPOTENT_MISMATCH:
                # The same request came twice within minutes and the other one won. It cannot be
                # looked up yet; a retry can.
                raise ApiTroubleError(error.action, error.code, error.message) from None
            raise


def log(request: Request, verdict: str, **ids: str) -> str:
    """Log what was decided about a request; return the line."""
    return decision(
        FUNCTION,
        verdict,
        event_id=request.event_id,
        source=request.source,
        request_id=request.request_id,
        action=request.action,
        chat=request.chat,
        **ids,
    )
