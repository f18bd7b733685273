"""Questions about Function Compute: what a function is given, and what becomes of its errors."""

import json
from typing import Any

from functions.cloud.smq import Received
from ops.rehearse import things
from ops.rehearse.api import Answer, Refused
from ops.rehearse.findings import Finding, either, look, no, yes
from ops.rehearse.probe import RAISE
from ops.rehearse.rules import function_target
from ops.rehearse.stage import Names, Stage, as_object, refused
from ops.rehearse.things import Thing
from ops.replay import letters

RETRIES = 1
OUTCOME_SECONDS = 150.0
"""How long the outcome of an asynchronous call that fails is waited for."""


class Calls:
    """One function: called at once, called later, and by a rule that does not wait."""

    def __init__(self, names: Names, archive: bytes) -> None:
        self._names = names
        variables = {"REPORTS_QUEUE": names.reports}
        self.function = things.function(
            names.function, archive, f"acs:ram::{names.account_id}:role/{names.role}", variables
        )
        self.asynchronous = things.asynchronous(
            names.function, RETRIES, names.arn("mns", f"/queues/{names.outcomes}/messages")
        )
        self.later = things.rule(
            names.bus,
            f"{names.base}-later",
            {"type": ["rehearsal:later"]},
            function_target(names, names.function, how="Async"),
        )
        self._began = 0.0
        self._raised: Answer | Refused | None = None
        self._half: Finding | None = None
        self._first: Answer | None = None
        self._ready_seconds = 0.0

    @property
    def things(self) -> list[Thing]:
        """Return the function and what belongs to it."""
        return [self.function, self.asynchronous, self.later]

    def wait_until_ready(self, stage: Stage, limit_seconds: float) -> None:
        """Call the function until its role lets it write, which a new role may not at once."""
        if str(self.function) in stage.refusals:
            return
        began = stage.now()
        while True:
            try:
                answer = stage.api.invoke(self._names.function, _order("ready"))
            except Refused as refusal:
                stage.refusals[str(self.function)] = refusal
            else:
                self._first = answer
                self._ready_seconds = stage.now() - began
                stage.refusals.pop(str(self.function), None)
                if isinstance(answer.body, dict) and not answer.body.get("sent", "?"):
                    return
            if stage.now() - began > limit_seconds:
                return
            stage.sleep(2.0)

    def act(self, stage: Stage) -> None:
        """Let the function fail, called at once and by a rule that does not wait."""
        self._began = stage.now()
        if str(self.function) in stage.refusals:
            return
        try:
            self._raised = stage.api.invoke(self._names.function, _order("direct", RAISE))
        except Refused as refusal:
            self._raised = refusal
        stage.put("later", RAISE)
        self._half = self._empty_half(stage)

    def is_open(self, stage: Stage) -> bool:
        """Return whether an outcome is still to come."""
        unmade = {str(self.function), str(self.asynchronous), str(self.later)} & set(stage.refusals)
        return (
            not unmade and not self._outcomes(stage) and stage.now() - self._began < OUTCOME_SECONDS
        )

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        ready = self._first.body if self._first and isinstance(self._first.body, dict) else {}
        unmade = stage.unasked(self.function)
        if unmade or not ready:
            nothing = unmade or look("the function gave no answer")
            names = ("runtime-key", "runtime-packages", "queue-from-function", "new-role")
            return {
                **dict.fromkeys((*names, "sync-status", "empty-half"), nothing),
                **dict.fromkeys(("async-exception", "outcome"), nothing),
            }
        seen = ready.get("runtime", {})
        key = f"Python {seen.get('python')}, region {seen.get('region') or 'not given'}"
        sent = not ready.get("sent", "?")
        return {
            "runtime-key": either(bool(seen.get("key_in_environment")), key),
            "runtime-packages": either(
                bool(seen.get("cryptography")), "the package cryptography of the runtime"
            ),
            "queue-from-function": either(sent, ready.get("sent") or "the function sent a message"),
            "new-role": either(sent, f"the function wrote {self._ready_seconds:.0f} s after it"),
            "sync-status": self._status(),
            "empty-half": self._half or look("it was not asked"),
            **self._later(stage),
        }

    def _status(self) -> Finding:
        if isinstance(self._raised, Refused):
            return no(f"an error of the API: {self._raised}")
        if self._raised is None:
            return look("it was not asked")
        kind = self._raised.headers.get("x-fc-error-type", "")
        return either(
            self._raised.status == 200 and bool(kind),
            f"HTTP {self._raised.status}, X-Fc-Error-Type {kind or 'absent'}",
        )

    def _later(self, stage: Stage) -> dict[str, Finding]:
        unmade = stage.unasked(self.asynchronous, self.later)
        if unmade:
            return dict.fromkeys(("async-exception", "outcome"), unmade)
        reports = stage.reports("later")
        calls = f"{len(reports)} call(s)"
        if len(reports) > 1:
            gap = float(reports[1]["at"]) - float(reports[0]["at"])
            calls += f", the second {gap:.0f} s after the first"
        repeated = either(len(reports) == RETRIES + 1, f"{calls} with {RETRIES} retry configured")
        found = self._outcomes(stage)
        if not found:
            outcome = no(f"no record within {OUTCOME_SECONDS:.0f} s in {self._names.outcomes}")
        else:
            outcome = _record(found[0])
        return {
            "async-exception": repeated if reports else look("no call arrived"),
            "outcome": outcome,
        }

    def _outcomes(self, stage: Stage) -> list[Received]:
        """Return the records of the call that failed, which a rule had made."""
        found = stage.mail.get(self._names.outcomes, [])
        return [m for m in found if "rehearsal:later" in str(as_object(m.body))]

    def _empty_half(self, stage: Stage) -> Finding:
        """Try the configuration that the provider sends for a failure's destination alone.

        What is waited for here has its destination either way.
        """
        to = {"destination": self._names.arn("mns", f"/queues/{self._names.outcomes}/messages")}
        body = {"destinationConfig": {"onFailure": to, "onSuccess": {}}}
        path = f"/functions/{self._names.function}/async-invoke-config"
        try:
            stage.api.fc("PutAsyncInvokeConfig", "PUT", path, body)
        except Refused as refusal:
            return refused(refusal)
        return yes("the configuration was accepted")


def _record(message: Received) -> Finding:
    how = "base64 of JSON" if message.is_base64 else "JSON"
    try:
        letter = letters.read(message.body)
    except letters.Unreadable as problem:
        return no(f"'make replay' cannot read it: {problem}")
    return yes(f"'make replay' reads it ({how}; {letter.place}; {letter.reason})")


def _order(case: str, do: str = "return") -> Any:
    return json.loads(json.dumps({"rehearse": {"case": case, "do": do}}))
