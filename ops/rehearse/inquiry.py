"""Asks the questions: makes what they need, waits for what comes, and removes everything again."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from functions.cloud.errors import FunctionError
from ops.rehearse import things
from ops.rehearse.api import Refused
from ops.rehearse.calls import Calls
from ops.rehearse.commands import Commands
from ops.rehearse.findings import Finding, look
from ops.rehearse.metrics import Metrics
from ops.rehearse.questions import QUESTIONS
from ops.rehearse.rules import Rules
from ops.rehearse.sources import HttpSources
from ops.rehearse.stage import Names, Probe, Stage
from ops.rehearse.things import Thing
from ops.rehearse.triggers import Triggers
from ops.rehearse.web import Web

READY_SECONDS = 90.0
"""How long a new role, a new function and a new rule may take until they work."""
_REMOVE_SECONDS = 60.0
_WARM_SECONDS = 5.0
_POLL_SECONDS = 1.0

Tell = Callable[[str], object]
"""Says what is being done now."""


class Inquiry:
    """The questions of one rehearsal.

    Args:
        names: the names of what it makes.
        archive: the function's code.
    """

    def __init__(self, names: Names, archive: bytes) -> None:
        self._names = names
        self._calls = Calls(names, archive)
        self._rules = Rules(names)
        self._probes: Sequence[Probe] = (
            self._calls,
            self._rules,
            HttpSources(names),
            Triggers(names),
            Web(names),
            Commands(names),
            Metrics(),
        )

    @property
    def things(self) -> list[Thing]:
        """Return all that it makes, in that order; it is removed the other way round."""
        names = self._names
        write = names.arn("mns", f"/queues/{names.base}-*/messages")
        return [
            *(things.queue(name) for name in names.queues),
            things.role(names.role, ["mns:SendMessage"], [write]),
            things.bus(names.bus),
            *(thing for probe in self._probes for thing in probe.things),
        ]

    def answers(self, stage: Stage, tell: Tell) -> dict[str, Finding]:
        """Make everything, ask, and return the answers; what was made is still there."""
        for thing in self.things:
            tell(f"making {thing}")
            try:
                thing.make(stage.api)
            except Refused as refusal:
                stage.refusals[str(thing)] = refusal
        tell("waiting until the function and the rules work")
        self._retry_function(stage)
        self._calls.wait_until_ready(stage, READY_SECONDS)
        self._warm(stage)
        tell("asking")
        for probe in self._probes:
            with suppress(FunctionError):
                probe.act(stage)
        tell("waiting for repetitions, dead letters and outcomes")
        stage.collect()
        # Each is asked: some look for what they wait for.
        while [probe for probe in self._probes if probe.is_open(stage)]:
            stage.sleep(_POLL_SECONDS)
            stage.collect()
        found = {
            name: finding
            for probe in self._probes
            for name, finding in probe.findings(stage).items()
        }
        return {
            name: found.get(name, look(question.look or "it was not asked"))
            for name, question in QUESTIONS.items()
        }

    def remove(self, stage: Stage, tell: Tell) -> tuple[list[str], list[str]]:
        """Remove all that is there; return what was, and what could not be removed and why.

        Deleting a source, a bus or a command that runs may take several tries.
        """
        removed: list[str] = []
        waiting = list(reversed(self.things))
        end = stage.now() + _REMOVE_SECONDS
        while True:
            left: list[tuple[Thing, Refused]] = []
            for thing in waiting:
                tell(f"removing {thing}")
                try:
                    if thing.remove(stage.api):
                        removed.append(str(thing))
                except Refused as refusal:
                    left.append((thing, refusal))
            if not left or stage.now() > end:
                return removed, [f"{thing}: {refusal}" for thing, refusal in left]
            waiting = [thing for thing, _ in left]
            stage.sleep(_WARM_SECONDS)

    def _retry_function(self, stage: Stage) -> None:
        """Try again what a role that was made a moment ago may have been refused for."""
        end = stage.now() + READY_SECONDS
        for thing in self._calls.things:
            while (refusal := stage.refusals.get(str(thing))) and not refusal.is_permission:
                if stage.now() > end:
                    return
                stage.sleep(_WARM_SECONDS)
                try:
                    thing.make(stage.api)
                except Refused as again:
                    if again.code == refusal.code and again.status == 400:
                        end = min(end, stage.now() + 2 * _WARM_SECONDS)
                    stage.refusals[str(thing)] = again
                else:
                    del stage.refusals[str(thing)]

    def _warm(self, stage: Stage) -> None:
        """Put events on the bus until one arrives: a new rule may need a moment."""
        if str(self._rules.queue) in stage.refusals:
            return
        end = stage.now() + READY_SECONDS
        while not stage.arrivals("rehearsal:queue") and stage.now() < end:
            with suppress(FunctionError):
                stage.put("queue")
            stage.sleep(_POLL_SECONDS)
            stage.collect()
