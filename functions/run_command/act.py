"""Carries out a decision: starts the command, or tells the chat why it does not run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.errors import FunctionError, PermanentError, TemporaryError
from functions.cloud.log import decision
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.report.outcome import FAILED, REJECTED, Outcome
from functions.report.reason import Reason
from functions.request import events
from functions.request.fields import PROVISION, Request
from functions.run_command import plan
from functions.run_command.decide import Rejection, decide
from functions.run_command.noise import Noise, Untrusted
from functions.run_command.settings import Settings

FUNCTION = "run-command"

_COMMAND_GONE = {"InvalidCmdId.NotFound", "InvalidCommandId.NotFound"}
_IDEMPOTENT_MISMATCH = "IdempotentParameterMismatch"


class CommandGoneError(TemporaryError):
    """The command was just replaced; the function's new settings have not arrived yet."""


class Commands(Protocol):
    """What this function needs from Cloud Assistant."""

    def find(self, tags: Mapping[str, str]) -> list[Invocation]:
        """Return the invocations that carry all these tags."""
        ...

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return what one invocation did on one instance."""
        ...

    def invoke(
        self,
        *,
        command_id: str,
        parameters: Mapping[str, str],
        timeout_seconds: int,
        instance_ids: Sequence[str],
        resource_tags: Sequence[tuple[str, str]],
        tags: Mapping[str, str],
        client_token: str,
    ) -> str:
        """Start a command and return the invocation's id."""
        ...


class Bus(Protocol):
    """What this function needs from EventBridge."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


class RunCommand:
    """Serves one event after another with the same settings and clients."""

    def __init__(
        self,
        settings: Settings,
        commands: Commands,
        bus: Bus,
        noise: Noise,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._commands = commands
        self._bus = bus
        self._noise = noise
        self._now = now

    def serve(self, payload: bytes | str) -> str:
        """Run the request in an event once, or tell the chat why it does not run.

        A timer's event has no request; it is an occasion to tell what was left to tell.

        Raises:
            TemporaryError: if the same event may well succeed later.
            PermanentError: if not even the chat could be told.
        """
        line = decision(FUNCTION, "timer") if events.is_timer(payload) else self._serve(payload)
        self._tell_noise()
        return line

    def _serve(self, payload: bytes | str) -> str:
        try:
            event = events.read(payload)
        except PermanentError:
            chat = self._settings.deployment.default_chat
            request = Request(PROVISION, events.derived_id(payload), "unknown", chat=chat)
            return self._reject(Rejection(request, Reason.of("unreadable-event")))
        found = decide(event, self._settings, self._now())
        match found:
            case Untrusted():
                self._noise.count(found)
                return decision(FUNCTION, "untrusted", **found._asdict())
            case Rejection():
                return self._reject(found)
            case Request():
                return self._run(found)

    def _run(self, request: Request) -> str:
        try:
            earlier = self._commands.find(plan.lookup_tags(request, self._settings))
        except ApiRefusedError as error:
            return self._refuse(request, plan.parts(request, self._settings)[0], error)
        match plan.compare(request, self._settings, earlier):
            case plan.Started(invoke_id):
                return _log(request, "already-started", invoke_id=invoke_id)
            case plan.Repeat() as repeat:
                return self._answer_repeat(request, repeat)
            case plan.Start(missing):
                return "\n".join([self._start(request, part) for part in missing])

    def _start(self, request: Request, part: plan.Part) -> str:
        try:
            invoke_id = self._commands.invoke(
                command_id=part.command_id,
                parameters=part.parameters,
                timeout_seconds=self._settings.timeout_seconds,
                instance_ids=part.instance_ids,
                resource_tags=part.resource_tags,
                tags=part.tags,
                client_token=part.client_token,
            )
        except ApiRefusedError as error:
            if error.code in _COMMAND_GONE:
                raise CommandGoneError(str(error), error.code) from None
            if error.code == _IDEMPOTENT_MISMATCH:
                # The same request came twice within minutes and the other one won. It cannot be
                # looked up yet; a retry can.
                raise ApiTroubleError(error.action, error.code, error.message) from None
            return self._refuse(request, part, error)
        return _log(request, "started", invoke_id=invoke_id, part=part.name)

    def _answer_repeat(self, request: Request, repeat: plan.Repeat) -> str:
        """Answer with the first run's result, in one message however many instances it had."""
        if not repeat.is_finished:
            # Its own completion will tell the chat.
            invoke_id = repeat.invocations[0].invoke_id
            return _log(request, "repeat-of-running", invoke_id=invoke_id)
        from functions.report.results import with_run  # noqa: PLC0415

        invocation, run = plan.decisive(repeat.invocations)
        with_output = self._commands.result(invocation.invoke_id, run.instance_id)
        # Whoever repeats a request hears nothing of it in another chat than the first one's.
        first = Request.carried(invocation.tags, invocation.parameters)
        chat = self._settings.deployment.chat_for(first.chat, request.source)
        request = first._replace(event_id=request.event_id, chat=chat)
        outcome = Outcome(request, run.status, counts=plan.count(repeat.invocations), repeat=True)
        shown = with_output.runs[0] if with_output else run
        # One answer for each event that repeats the request, however often that is delivered.
        mark = events.derived_id(request.event_id).removeprefix("sha256-")[:12]
        self._tell(
            with_run(outcome, invocation, shown, self._settings.deployment.script_sha256),
            f"{invocation.invoke_id}:{run.instance_id}:{run.status}:repeat:{mark}",
        )
        return _log(request, "repeated", invoke_id=invocation.invoke_id, status=run.status)

    def _refuse(self, request: Request, part: plan.Part, error: ApiRefusedError) -> str:
        """Tell the chat that the cloud refused to run it; a retry would end the same way."""
        instances = part.instance_ids
        outcome = Outcome(
            request,
            FAILED,
            command_id=part.command_id,
            instance_id=instances[0] if len(instances) == 1 else "",
            counts=((FAILED, len(instances)),) if len(instances) > 1 else (),
            reason=Reason.of(
                "refused", action=error.action, code=error.code, message=error.message[:150]
            ),
        )
        self._tell(outcome, f"{request.event_id}:{part.name.replace('/', '-')}:{FAILED}")
        return _log(request, "refused", code=error.code, api=error.action, part=part.name)

    def _reject(self, rejection: Rejection) -> str:
        request, reason = rejection
        self._tell(Outcome(request, REJECTED, reason=reason), f"{request.event_id}:{REJECTED}")
        return _log(request, "rejected", reason=reason.code)

    def _tell_noise(self) -> None:
        """Tell how many posts were not trusted; they never make the function fail."""
        for tally in self._noise.due(self._now()):
            from functions.report import noise  # noqa: PLC0415

            try:
                self._bus.put([noise.event(tally, self._settings.deployment, self._now())])
            except FunctionError as error:
                decision(FUNCTION, "untold", source=tally.source, code=error.code)
            else:
                self._noise.told(tally, self._now())

    def _tell(self, outcome: Outcome, event_id: str) -> None:
        # What builds messages is not imported for a request that just runs.
        from functions.report import results  # noqa: PLC0415

        self._bus.put([results.event(outcome, self._settings.deployment, event_id, self._now())])


def _log(request: Request, verdict: str, **ids: str) -> str:
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
