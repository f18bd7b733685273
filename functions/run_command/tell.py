"""Tells a chat what became of a request that no run will tell of."""

from collections.abc import Callable, Sequence

from functions.report.outcome import (
    FAILED,
    GIVEN_UP,
    REJECTED,
    RELEASED,
    UNREACHED,
    Outcome,
)
from functions.report.reason import Reason
from functions.request.fields import DEPROVISION, Request
from functions.run_command import plan
from functions.run_command.clients import Bus
from functions.run_command.launch import Reach, Refusal, log
from functions.run_command.settings import Settings

_MOST_NAMED = 20
_ENDS = {GIVEN_UP: "given-up", RELEASED: "released"}


class Teller:
    """Puts results on the bus; a result that is put twice has the same id."""

    def __init__(self, settings: Settings, bus: Bus, now: Callable[[], float]) -> None:
        self._settings = settings
        self._bus = bus
        self._now = now

    def rejected(self, request: Request, reason: Reason) -> str:
        """Tell why a request does not run."""
        self.put(Outcome(request, REJECTED, reason=reason), request.event_id, REJECTED)
        return log(request, "rejected", reason=reason.code)

    def refused(self, request: Request, refusal: Refusal) -> str:
        """Tell that the cloud refused to run it."""
        hosts, error = refusal
        is_open = request.action == DEPROVISION and refusal.is_about_hosts and self._tries_again
        outcome = _about(request, UNREACHED if is_open else FAILED, hosts)._replace(
            command_id=plan.command(request, self._settings),
            reason=Reason.of(
                "refused", action=error.action, code=error.code, message=error.message[:150]
            ),
        )
        self.put(outcome, request.event_id, "refused", *hosts)
        return log(request, "refused", code=error.code, api=error.action)

    def unreached(self, todo: plan.Start, reach: Reach) -> str:
        """Tell that no host could be reached."""
        request, removes = todo.request, todo.request.action == DEPROVISION
        missing = reach.missing(request.action)
        if removes and not missing and reach.released:
            return self.end(request, RELEASED, reach.released, todo.attempt)
        if not missing:
            return self.rejected(request, Reason.of("no-instances", value=request.role or "*"))
        code = "still-open" if removes and self._tries_again else "unreached"
        outcome = _about(request, UNREACHED, missing)._replace(
            reason=Reason.of(code, hosts=_named(missing))
        )
        # Of an attempt that was begun it is told once, whichever event comes to it.
        self.put(outcome, todo.attempt if todo.started else request.event_id, UNREACHED)
        return log(request, "unreached", hosts=_named(missing))

    def end(self, request: Request, status: str, hosts: Sequence[str], attempt: str) -> str:
        """Tell how a removal ended on hosts that it did not reach."""
        reason = Reason.of(_ENDS[status], hosts=_named(hosts))
        outcome = _about(request, status, hosts)._replace(reason=reason)
        self.put(outcome, attempt, status)
        return log(request, _ENDS[status], hosts=_named(hosts))

    def put(self, outcome: Outcome, *what: str) -> None:
        """Publish a result; what it tells, and of which attempt or event, makes its id."""
        # What builds messages is not imported for a request that just runs.
        from functions.report import results  # noqa: PLC0415

        settings = self._settings
        event_id = plan.result_id(outcome.request, settings, *what)
        self._bus.put([results.event(outcome, settings.deployment, event_id, self._now())])

    @property
    def _tries_again(self) -> bool:
        return bool(self._settings.later_queue)


def _about(request: Request, status: str, hosts: Sequence[str]) -> Outcome:
    return Outcome(
        request,
        status,
        instance_id=hosts[0] if len(hosts) == 1 else "",
        counts=((status, len(hosts)),) if len(hosts) > 1 else (),
        unreached=tuple(hosts) if status in {UNREACHED, GIVEN_UP} else (),
    )


def _named(hosts: Sequence[str]) -> str:
    more = len(hosts) - _MOST_NAMED
    return ", ".join([*hosts[:_MOST_NAMED], *([f"+{more}"] if more > 0 else [])])
