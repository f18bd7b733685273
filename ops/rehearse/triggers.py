"""Questions about the trigger that calls a function with the messages of a queue."""

import json
from contextlib import suppress

from functions.cloud.errors import FunctionError
from ops.rehearse import things
from ops.rehearse.api import Api, Refused
from ops.rehearse.findings import Finding, either, look
from ops.rehearse.probe import RAISE, find
from ops.rehearse.stage import Names, Stage, as_object
from ops.rehearse.things import Thing

CALL_SECONDS = 120.0
"""How long a call by the trigger is waited for; a stream takes a while to start."""
OUTCOME_SECONDS = 45.0
"""How long after the call its asynchronous outcome is waited for."""
_RESEND_SECONDS = 10.0


class Triggers:
    """A queue whose trigger calls the function, said to be asynchronous."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.queue = things.queue(f"{names.base}-triggered")
        self.trigger = Thing(
            "trigger of function",
            names.function,
            lambda api: api.fc(
                "CreateTrigger", "POST", f"/functions/{names.function}/triggers", self._body()
            ),
            self._remove,
        )
        self._began = self._sent = 0.0

    @property
    def things(self) -> list[Thing]:
        """Return the queue and its trigger."""
        return [self.queue, self.trigger]

    def act(self, stage: Stage) -> None:
        """Send a message with the order to fail."""
        self._began = stage.now()
        self._send(stage)

    def is_open(self, stage: Stage) -> bool:
        """Return whether the call or its outcome is still to come."""
        if str(self.trigger) in stage.refusals or self._is_recorded(stage):
            return False
        calls = stage.reports("triggered")
        if calls:
            return stage.now() - float(calls[0]["at"]) < OUTCOME_SECONDS
        if stage.now() - self._sent > _RESEND_SECONDS:
            self._send(stage)
        return stage.now() - self._began < CALL_SECONDS

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        names = ("queue-trigger", "async-invocation-type", "stream-elements")
        if unmade := stage.unmade(self.trigger):
            later = look("there was no trigger to ask")
            return {names[0]: unmade, **dict.fromkeys(names[1:], later)}
        calls = stage.reports("triggered")
        if not calls:
            nothing = look(f"the trigger did not call within {CALL_SECONDS:.0f} s")
            return {names[0]: either(False, nothing.evidence), **dict.fromkeys(names[1:], nothing)}
        recorded = self._is_recorded(stage)
        outcome = "the outcome of an asynchronous call" if recorded else "no asynchronous outcome"
        shape = calls[0]["shape"]
        return {
            names[0]: either(True, f"{len(calls)} call(s)"),
            names[1]: either(recorded, f"{outcome} came of asyncInvocationType true"),
            names[2]: either(shape == "list of string", f"the function was given: {shape}"),
        }

    def _send(self, stage: Stage) -> None:
        self._sent = stage.now()
        order = json.dumps({"rehearse": {"case": "triggered", "do": RAISE}})
        with suppress(FunctionError):
            stage.queues.send(self.queue.name, order)

    def _is_recorded(self, stage: Stage) -> bool:
        found = stage.mail.get(self._names.outcomes, [])
        return any("triggered" in self._case(m.body) for m in found)

    @staticmethod
    def _case(body: str) -> str:
        return str((find(as_object(body).get("requestPayload")) or {}).get("case", ""))

    def _body(self) -> dict[str, object]:
        names = self._names
        parameters = {
            "RegionId": names.region,
            "QueueName": self.queue.name,
            "IsBase64Decode": True,
        }
        settings = {
            "triggerEnable": True,
            "asyncInvocationType": True,
            "eventRuleFilterPattern": "{}",
            "eventSourceConfig": {
                "eventSourceType": "MNS",
                "eventSourceParameters": {"sourceMNSParameters": parameters},
            },
            "eventSinkConfig": {"deliveryOption": {"eventSchema": "CloudEvents"}},
            "runOptions": {
                "mode": "event-streaming",
                "errorsTolerance": "ALL",
                "retryStrategy": {"PushRetryStrategy": "BACKOFF_RETRY"},
                "deadLetterQueue": {"Arn": names.arn("mns", f"/queues/{names.letters}")},
                "batchWindow": {"CountBasedWindow": 1, "TimeBasedWindow": 0},
            },
        }
        return {
            "triggerName": "rehearsal",
            "triggerType": "eventbridge",
            "qualifier": "LATEST",
            "triggerConfig": json.dumps(settings),
        }

    def _remove(self, api: Api) -> bool:
        try:
            path = f"/functions/{self._names.function}/triggers/rehearsal"
            api.fc("DeleteTrigger", "DELETE", path)
        except Refused as refusal:
            if not refusal.is_absence:
                raise
            return False
        return True
