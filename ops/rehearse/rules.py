"""Questions about rules: which targets they take, what arrives, what becomes of failures."""

import json
from collections.abc import Mapping
from typing import Any

from functions.cloud.errors import FunctionError
from functions.cloud.smq import Received
from functions.cloud.times import parse
from ops.rehearse import things
from ops.rehearse.api import EVENTBRIDGE, Refused
from ops.rehearse.findings import Finding, either, look, no, yes
from ops.rehearse.probe import RAISE
from ops.rehearse.stage import Names, Stage, refused, unaccepted
from ops.rehearse.things import Thing
from ops.replay import letters

RETRIED_SECONDS = 45.0
"""How long after a first call nothing may come until it counts as not repeated.

The first repetition of ``BACKOFF_RETRY`` comes after 10 to 20 seconds ("Event target parameters").
"""
LETTER_SECONDS = 150.0
"""How long a dead letter is waited for: three repetitions, and some time to spare."""


def function_target(names: Names, function: str, *, how: str = "Sync", body: str = "") -> Any:
    """Return a target that calls a function, in the form of ``components/targets.py``."""
    return _target(
        names,
        "function",
        "acs.fc.function",
        names.arn("fc", f"functions/{function}"),
        {
            "functionName": function,
            "Qualifier": "LATEST",
            "InvocationType": how,
            "DataFormat": "Object",
        },
        {"ResourceKey": "Body", **({"Form": "CONSTANT", "Value": body} if body else _EVENT)},
    )


def queue_target(names: Names) -> Any:
    """Return a target that puts events into a queue, in the form of ``components/targets.py``."""
    return _target(
        names,
        "queue",
        "acs.mns.queue",
        names.arn("mns", f"queues/{names.arrivals}"),
        {"queue": names.arrivals, "IsBase64Encode": "true"},
        {"ResourceKey": "Body", **_EVENT},
    )


_EVENT = {"Form": "ORIGINAL"}


def _target(
    names: Names,
    target_id: str,
    kind: str,
    endpoint: str,
    constants: Mapping[str, str],
    body: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "Id": target_id,
        "Type": kind,
        "Endpoint": endpoint,
        "PushRetryStrategy": "BACKOFF_RETRY",
        "DeadLetterQueue": {"Arn": names.arn("mns", f"/queues/{names.letters}")},
        "ParamList": [
            *(
                {"ResourceKey": key, "Form": "CONSTANT", "Value": value}
                for key, value in constants.items()
            ),
            dict(body),
        ],
    }


class Rules:
    """The rules of the rehearsal's own bus."""

    def __init__(self, names: Names) -> None:
        self._names = names
        order = json.dumps({"rehearse": {"case": "constant", "do": "return"}})
        # Nothing listens there, and no event of this type is ever sent.
        robot = "https://oapi.dingtalk.com/robot/send?access_token=rehearsal"
        dingtalk = _target(
            names,
            "dingtalk",
            "acs.dingtalk",
            robot,
            {"URL": robot, "SecretKey": "SECrehearsal"},
            {"ResourceKey": "Body", "Form": "JSONPATH", "Value": "$.data.message"},
        )
        self.queue = self._rule("queue", queue_target(names), "queue", "letter-id")
        self.call = self._rule("call", function_target(names, names.function), "call", "fail")
        constant = function_target(names, names.function, how="Async", body=order)
        self.constant = self._rule("constant", constant, "constant")
        self.missing = self._rule(
            "missing", function_target(names, f"{names.base}-missing"), "missing"
        )
        self.empty = things.rule(names.bus, f"{names.base}-empty", {}, queue_target(names))
        self.dingtalk = self._rule("dingtalk", dingtalk, "dingtalk")
        self._began = 0.0
        self._calls: dict[str, Finding] = {}

    @property
    def things(self) -> list[Thing]:
        """Return the rules."""
        return [self.queue, self.call, self.constant, self.missing, self.empty, self.dingtalk]

    def act(self, stage: Stage) -> None:
        """Put an event of each case on the bus."""
        self._began = stage.now()
        for case, do in (("call", "return"), ("fail", RAISE), ("constant", "return")):
            stage.put(case, do)
        stage.put("missing")
        # Only the rule with the empty pattern can match it.
        stage.put("unmatched")
        self._calls["event-id"] = _put(stage, "queue", id=f"rehearsal:id:{int(stage.now())}")
        elsewhere = {"aliyuneventbusname": "default"}
        self._calls["default-bus"] = _put(stage, "elsewhere", **elsewhere)
        if str(self.call) not in stage.refusals:
            self._calls["rule-reads-back"] = self._read_back(stage)

    def is_open(self, stage: Stage) -> bool:
        """Return whether repetitions, letters or events are still to come."""
        elapsed = stage.now() - self._began
        wanted = {
            "call": bool(stage.reports("call")),
            "constant": bool(stage.reports("constant")),
            "unmatched": bool(stage.arrivals("rehearsal:unmatched")),
            "fail": self._is_decided(stage),
        }
        made = {
            "call": self.call,
            "fail": self.call,
            "constant": self.constant,
            "unmatched": self.empty,
        }
        late = any(
            not there and str(made[case]) not in stage.refusals for case, there in wanted.items()
        )
        letter = str(self.missing) not in stage.refusals and not self._letters(stage)
        return (late and elapsed < RETRIED_SECONDS) or (
            elapsed < LETTER_SECONDS and (letter or not self._is_decided(stage))
        )

    def _is_decided(self, stage: Stage) -> bool:
        """Return whether it is known if the call that failed is repeated."""
        if str(self.call) in stage.refusals:
            return True
        calls = stage.reports("fail")
        return bool(calls) and (
            len(calls) > 1 or stage.now() - float(calls[0]["at"]) > RETRIED_SECONDS
        )

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        call = stage.reports("call")
        return {
            **self._calls,
            "function-target": stage.unmade(self.call)
            or either(bool(call), f"{len(call)} call(s) for one event"),
            "one-event": self._one_event(call),
            # Refused as every call by a rule is, it says nothing of its own form.
            "constant-body": stage.unasked(self.call)
            or stage.unmade(self.constant)
            or _arrived(stage.reports("constant")),
            "sync-exception": stage.unasked(self.call) or self._exception(stage),
            "dead-letter": self._letter(stage),
            **self._queue(stage),
            "empty-pattern": stage.unmade(self.empty)
            or _arrived(stage.arrivals("rehearsal:unmatched")),
            "dingtalk-path": stage.unmade(self.dingtalk)
            or look(
                "the rule is accepted; whether a robot gets the message shows a chat with "
                "delivery: webhook"
            ),
        }

    def _one_event(self, calls: list[dict[str, Any]]) -> Finding:
        if not calls:
            return look("no call arrived")
        return either(calls[0]["shape"] == "object", f"the function was given: {calls[0]['shape']}")

    def _exception(self, stage: Stage) -> Finding:
        calls = stage.reports("fail")
        if not calls:
            return look("no call arrived")
        if len(calls) > 1:
            gap = float(calls[1]["at"]) - float(calls[0]["at"])
            return yes(f"called again {gap:.0f} s after the exception")
        return no(f"not called again within {RETRIED_SECONDS:.0f} s of the exception")

    def _letter(self, stage: Stage) -> Finding:
        # One that does not even name its event could be another's; better than none.
        found = self._letters(stage) or stage.mail.get(self._names.letters, [])
        if not found:
            if refusal := stage.refusals.get(str(self.missing)):
                return look(f"no failure could be caused: {refusal}")
            return no(f"none within {LETTER_SECONDS:.0f} s of an event for a missing function")
        how = "base64 of JSON" if found[0].is_base64 else "JSON"
        try:
            letter = letters.read(found[0].body)
        except letters.Unreadable as problem:
            return no(f"'make replay' cannot read it: {problem}")
        top = ", ".join(sorted(json.loads(found[0].body)))
        return yes(
            f"'make replay' reads it ({how}; fields {top}; reason {letter.reason or 'none'})"
        )

    def _letters(self, stage: Stage) -> list[Received]:
        """Return the dead letters of the missing function; a trigger's lie in the same queue."""
        return [
            each
            for each in stage.mail.get(self._names.letters, [])
            if "rehearsal:missing" in each.body
        ]

    def _queue(self, stage: Stage) -> dict[str, Finding]:
        if refusal := stage.unasked(self.queue):
            return dict.fromkeys(("queue-base64", "published-time", "unregistered-source"), refusal)
        arrived = stage.arrivals("rehearsal:queue")
        if not arrived:
            nothing = look("no event arrived in the queue")
            return dict.fromkeys(("queue-base64", "published-time", "unregistered-source"), nothing)
        event, message = arrived[0]
        published = str(event.get("aliyunpublishtime", ""))
        return {
            "queue-base64": either(
                message.is_base64, "base64" if message.is_base64 else "the event as it is"
            ),
            "published-time": either(parse(published) is not None, published or "not there"),
            "unregistered-source": yes(f"source {event.get('source')} arrived, id {event['id']}"),
        }

    def _read_back(self, stage: Stage) -> Finding:
        try:
            answer = stage.api.call(
                EVENTBRIDGE, "GetRule", EventBusName=self._names.bus, RuleName=self.call.name
            )
        except Refused as refusal:
            return refused(refusal)
        (read,) = answer.get("Data", {}).get("Targets") or [{}]
        sent = function_target(self._names, self._names.function)
        differing = sorted(key for key, value in sent.items() if read.get(key) != value)
        more = sorted(set(read) - set(sent))
        added = f"; added: {', '.join(more)}" if more else ""
        if differing:
            return no(f"other than sent: {', '.join(differing)}{added}")
        return yes(f"as it was sent{added}")

    def _rule(self, name: str, target: Any, *cases: str) -> Thing:
        pattern = {"type": [f"rehearsal:{case}" for case in cases]}
        return things.rule(self._names.bus, f"{self._names.base}-{name}", pattern, target)


def _put(stage: Stage, case: str, **more: Any) -> Finding:
    try:
        stage.put(case, **more)
    except FunctionError as problem:
        return unaccepted(problem)
    return yes("PutEvents accepted it")


def _arrived(found: list[Any]) -> Finding:
    return either(bool(found), "it arrived" if found else "nothing arrived in time")
