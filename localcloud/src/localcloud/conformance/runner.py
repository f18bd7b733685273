"""Runs behaviours against a local cloud, several at a time."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import uuid4

from localcloud.conformance import clients
from localcloud.conformance.behaviour import Behaviour, Step
from localcloud.conformance.clients import (
    Answer,
    BadCallError,
    Clients,
    NotRunnableError,
    UnsettledError,
)
from localcloud.conformance.expected import differences
from localcloud.sandbox.level import Level

_WAIT_SECONDS = 30.0
_PAUSE_SECONDS = 0.1
_AT_ONCE = 8
_LEVELS = list(Level)
SENT_WITH_SCRIPT = {"CommandContent", "ContentEncoding", "InstanceId", "Type"}
"""What a step ``script`` sends besides what it says."""
NOT_SENT = {"script", "stop_after"}
"""What a step ``script`` says to the runner."""
_ENDED = ("Success", "Failed", "Timeout", "Invalid", "Aborted", "Terminated", "Cancelled")


class Verdict(StrEnum):
    """What became of a behaviour."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Outcome:
    """A behaviour, and whether the cloud shows it."""

    behaviour: Behaviour
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    """Where the answer differs, or why it was not run."""
    answer: Answer | None = None


class _UnmetError(Exception):
    """A step before the last one did not go as it must."""


def run(behaviours: Iterable[Behaviour], cloud: Clients, facts: Mapping[str, str]) -> list[Outcome]:
    """Run behaviours; return what became of each, in their order.

    Args:
        behaviours: what to run.
        cloud: clients that sign with the account's key.
        facts: what ``${…}`` stands for in requests, such as ``instance`` and ``account``, and
            ``isolation``, the level of the instances.
    """
    every = list(behaviours)
    if not cloud.tells_status:
        every = [replace(each, status=None) for each in every]
    # Those that wait for a limit of time take longest.
    order = sorted(every, key=lambda each: "timed out" not in each.name)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = {
            outcome.behaviour.name: outcome
            for outcome in pool.map(lambda one: _run(one, cloud, facts), order)
        }
    return [outcomes[each.name] for each in every]


def judge(behaviour: Behaviour, answer: Answer) -> tuple[str, ...]:
    """Return where an answer differs from what a behaviour expects; nothing if it does not."""
    if not behaviour.code:
        if answer.code:
            return (f"expected an answer, was refused with {answer}",)
        return tuple(differences(behaviour.answers, answer.value))
    if list(differences(behaviour.code, answer.code)):
        return (f"expected the error {behaviour.code}, found {answer}",)
    if behaviour.status is not None and answer.status != behaviour.status:
        return (f"expected HTTP {behaviour.status}, found {answer.status}",)
    return ()


def _run(behaviour: Behaviour, cloud: Clients, facts: Mapping[str, str]) -> Outcome:
    # Names of its own for each behaviour: they share an account.
    known = {**facts, "name": f"c{uuid4().hex[:12]}"}
    level = Level(facts["isolation"])
    if _LEVELS.index(level) > _LEVELS.index(behaviour.isolation):
        reason = f"its instances are isolated by {level}; this needs {behaviour.isolation}"
        return Outcome(behaviour, Verdict.NOT_RUN, (reason,))
    try:
        with cloud.alone(known["name"]) as client:
            *given, last = behaviour.steps
            for step in given:
                known |= _kept(step, _take(step, client, known))
            answer = _take(last, client, known)
            expected = replace(behaviour, answers=_filled(behaviour.answers, known))
            reasons = judge(expected, answer)
    except NotRunnableError as reason:
        return Outcome(behaviour, Verdict.NOT_RUN, (str(reason),))
    except (_UnmetError, BadCallError, UnsettledError) as reason:
        return Outcome(behaviour, Verdict.FAILED, (str(reason),))
    except Exception as defect:
        # The SDK could make nothing of the answer, or of the request.
        return Outcome(behaviour, Verdict.FAILED, (f"{type(defect).__name__}: {defect}",))
    return Outcome(expected, Verdict.FAILED if reasons else Verdict.PASSED, reasons, answer)


def _kept(step: Step, answer: Answer) -> dict[str, str]:
    """Return what a step keeps of its answer, which must not be a refusal."""
    if answer.code:
        raise _UnmetError(f"{step.call} was refused with {answer}")
    return {name: _at(answer.value, path, step.call) for name, path in step.keep.items()}


def _take(step: Step, cloud: Clients, known: Mapping[str, str]) -> Answer:
    params = _filled(step.params, known)
    if step.call == "resource":
        return cloud.apply(step.token, step.name, params, stays=bool(step.stays))
    if step.call == "invoke":
        return cloud.invoke(step.token, params)
    if step.call == "script":
        return _script(params, cloud, known)
    if step.call == "post":
        body = params.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        return clients.post(
            params["post"], params.get("headers", {}), text.encode(), params.get("method", "POST")
        )
    if step.signed == "nobody":
        return clients.unsigned(cloud.endpoint, step.product, step.action)
    if step.signed == "wrong-secret":
        cloud = replace(cloud, key_secret="not-the-secret")  # noqa: S106 - nobody's
    elif step.signed:
        cloud = replace(cloud, key_id="LTAIsomebody")
    return _until(
        lambda: cloud.call(step.product, step.action, params), _filled(step.until, known), step.call
    )


def _until(call: Callable[[], Answer], wanted: Any, name: str) -> Answer:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        answer = call()
        if not wanted or (not answer.code and not list(differences(wanted, answer.value))):
            return answer
        if time.monotonic() > deadline:
            raise _UnmetError(f"{name} did not become {wanted!r}; it last was {answer}")
        time.sleep(_PAUSE_SECONDS)


def _script(params: dict[str, Any], cloud: Clients, known: Mapping[str, str]) -> Answer:
    """Run a script on an instance; answer with the run's result, its output decoded."""
    script = params.pop("script")
    content = script if isinstance(script, bytes) else str(script).encode()
    stop_after = params.pop("stop_after", "")
    order = {
        "Type": "RunShellScript",
        "CommandContent": base64.b64encode(content).decode(),
        "ContentEncoding": "Base64",
        "InstanceId": [known["instance"]],
        "RegionId": "cn-hangzhou",
        **params,
    }
    begun = cloud.call("ecs", "RunCommand", order)
    if begun.code:
        return begun
    wanted = {"InvokeId": begun.value["InvokeId"], "RegionId": "cn-hangzhou"}
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        answer = cloud.call("ecs", "DescribeInvocationResults", wanted)
        if answer.code:
            return answer
        (result,) = answer.value["Invocation"]["InvocationResults"]["InvocationResult"]
        output = base64.b64decode(result.get("Output", ""))
        if stop_after and stop_after in output.decode(errors="replace"):
            stop_after = ""
            cloud.call("ecs", "StopInvocation", wanted)
        if result["InvocationStatus"] in _ENDED:
            text = output.decode("utf-8", "backslashreplace")
            return Answer({**result, "Output": text, "OutputBytes": len(output)})
        time.sleep(_PAUSE_SECONDS)
    raise _UnmetError("the script did not end")


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    """Return a value with what is known in place of ``${…}``."""
    if isinstance(value, Mapping):
        return {name: _filled(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: str(known.get(found[1], found[0])), value)
    return value


def _at(value: Any, path: str, call: str) -> str:
    for part in path.split("."):
        try:
            value = value[int(part) if isinstance(value, list) else part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise _UnmetError(f"the answer of {call} has no {path}") from None
    return str(value)
