"""Carries out a decision: starts the command, or tells the chat why it does not run."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.cloud.errors import FunctionError, PermanentError
from functions.cloud.log import decision
from functions.cloud.rpc import ApiRefusedError
from functions.report.notes import Notes
from functions.report.outcome import Outcome
from functions.report.reason import Reason
from functions.request import events, paused
from functions.request.fields import DEPROVISION, PROVISION, Request
from functions.run_command import plan
from functions.run_command.clients import Clients
from functions.run_command.decide import Rejection, decide
from functions.run_command.launch import FUNCTION, Launcher, Reach, Refusal, log
from functions.run_command.noise import Noise, Untrusted
from functions.run_command.settings import Settings
from functions.run_command.tell import Teller

if TYPE_CHECKING:
    from functions.run_command.removals import Removals

__all__ = ["FUNCTION", "RunCommand"]


class RunCommand:
    """Serves one event after another with the same settings and clients."""

    def __init__(
        self, settings: Settings, clients: Clients, noise: Noise, now: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._noise = noise
        self._now = now
        self._launcher = Launcher(settings, clients)
        self._teller = Teller(settings, clients.bus, now)
        self._notes = Notes(FUNCTION, clients.queues, settings.watch_queue, now)

    def serve(self, payload: bytes | str) -> str:
        """Run the request in an event once, or tell the chat why it does not run.

        A timer's event has no request: it is the occasion to look after removals that wait for a
        host, and to tell what was left to tell.

        Raises:
            TemporaryError: if the same event may well succeed later.
            PermanentError: if not even the chat could be told.
        """
        if events.is_timer(payload):
            self._removals().look_after()
            line = decision(FUNCTION, "timer")
        else:
            line = self._serve(payload)
        self._tell_noise()
        return line

    def _serve(self, payload: bytes | str) -> str:
        try:
            event = events.read(payload)
        except PermanentError:
            chat = self._settings.deployment.default_chat
            request = Request(PROVISION, events.derived_id(payload), "unknown", chat=chat)
            return self._teller.rejected(request, Reason.of("unreadable-event"))
        found = decide(event, self._settings, self._now())
        match found:
            case Untrusted():
                self._noise.count(found)
                return decision(FUNCTION, "untrusted", **found._asdict())
            case Rejection(request, reason):
                return self._teller.rejected(request, reason)
            case Request():
                return self._run(found)

    def _run(self, request: Request) -> str:
        try:
            earlier = self._clients.commands.find(plan.lookup_tags(request, self._settings))
            return self._follow(request, plan.compare(request, earlier, self._now()))
        except ApiRefusedError as error:
            return self._told(request, self._teller.refused(request, Refusal((), error)))

    def _follow(self, request: Request, found: plan.Start | plan.Started | plan.Repeat) -> str:
        match found:
            case plan.Started(invoke_id):
                return log(request, "already-started", invoke_id=invoke_id)
            case plan.Repeat() as repeat:
                return self._answer_repeat(request, repeat)
            case plan.Start() as todo if todo.started:
                return self._go_on(request, todo)
            case plan.Start() as todo:
                # What has begun on some of its hosts is ended on the others: it has one result.
                why = self._paused() if request.action == PROVISION else None
                if why is not None:
                    return self._teller.rejected(request, Reason.of("paused", why=why or "-"))
                return self._start(todo, self._launcher.reach(todo.request))

    def _removals(self) -> "Removals":
        # Not imported for a request that gives somebody something.
        from functions.run_command.removals import Removals  # noqa: PLC0415

        return Removals(self._settings, self._clients, self._teller, self._notes, self._now)

    def _paused(self) -> str | None:
        """Return why nobody is given anything at the moment, if the stack is paused."""
        name = paused.command_name(self._settings.deployment.bus)
        return self._clients.commands.description(name)

    def _go_on(self, request: Request, todo: plan.Start) -> str:
        """Start what is missing of an attempt that was cut off between two calls."""
        reach = self._launcher.reach(request).without(plan.started_hosts(todo.started))
        if reach.reachable:
            return self._start(todo, reach)
        left = reach.missing(request.action)
        if set(left) - plan.owed(todo.started):
            self._teller.unreached(todo, reach)
        return self._follow(request, plan.compare(request, todo.started, self._now(), left))

    def _start(self, todo: plan.Start, reach: Reach) -> str:
        request = todo.request
        if not todo.started:
            self._notes.promised(request, self._settings.timeout_seconds)
            if request.action == DEPROVISION:
                self._removals().promise(todo, reach)
        if not reach.reachable:
            return self._told(request, self._teller.unreached(todo, reach))
        lines, refusals = self._launcher.start(todo, reach)
        told = [self._told(request, self._teller.refused(request, r)) for r in refusals]
        return "\n".join([*lines, *told])

    def _told(self, request: Request, line: str) -> str:
        """Let the watcher know that the request has a result; return the line that was logged."""
        self._notes.published(request, self._settings.timeout_seconds)
        return line

    def _answer_repeat(self, request: Request, repeat: plan.Repeat) -> str:
        """Answer with the first run's result, in one message however many instances it had."""
        if not repeat.is_finished:
            # Its own completion will tell the chat.
            invoke_id = repeat.invocations[0].invoke_id
            return log(request, "repeat-of-running", invoke_id=invoke_id)
        from functions.report.results import with_run  # noqa: PLC0415

        invocation, run = plan.decisive(repeat.invocations)
        with_output = self._clients.commands.result(invocation.invoke_id, run.instance_id)
        # Whoever repeats a request hears nothing of it in another chat than the first one's.
        first = Request.carried(invocation.tags, invocation.parameters)
        chat = self._settings.deployment.chat_for(first.chat, request.source)
        request = first._replace(event_id=request.event_id, chat=chat)
        outcome = Outcome(request, run.status, counts=plan.count(repeat.invocations), repeat=True)
        shown = with_output.runs[0] if with_output else run
        # One answer for each event that repeats the request, however often that is delivered.
        told = with_run(outcome, invocation, shown, self._settings.deployment.script_sha256)
        self._teller.put(told, "repeat", request.event_id)
        return log(request, "repeated", invoke_id=invocation.invoke_id, status=run.status)

    def _tell_noise(self) -> None:
        """Tell how many posts were not trusted; they never make the function fail."""
        for tally in self._noise.due(self._now()):
            from functions.report import noise  # noqa: PLC0415

            try:
                self._clients.bus.put([noise.event(tally, self._settings.deployment, self._now())])
            except FunctionError as error:
                decision(FUNCTION, "untold", source=tally.source, code=error.code)
            else:
                self._noise.told(tally, self._now())
