"""The actions on triggers: timers, HTTP and queues, and an error for every other kind."""

import re
from typing import Any

from localcloud import strict_json
from localcloud.api import Action, Answer, ApiCall
from localcloud.fc import encoding, http_trigger
from localcloud.fc.errors import (
    InvalidArgumentError,
    NotSupportedHereError,
    TriggerAlreadyExistsError,
)
from localcloud.fc.registry import LATEST
from localcloud.fc.service import ASYNC_PAYLOAD_LIMIT, FunctionCompute
from localcloud.fc.streams import StreamError
from localcloud.fc.streams import parse as parse_stream
from localcloud.fc.triggers import EVENTBRIDGE, HTTP, TIMER, Trigger
from localcloud.schedule import ScheduleError, parse

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_OTHER_TYPES = ("oss", "log", "tablestore", "cdn_events", "mns_topic")
_CONFIG = {"cronExpression", "enable", "payload"}
_HTTP_CONFIG = {"authType", "disableURLInternet", "methods"}
_PROOFS = ("function", "jwt", "bearer")
_METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"}
NEW = {
    "description", "invocationRole", "qualifier", "sourceArn", "triggerConfig", "triggerName",
    "triggerType",
}  # fmt: skip
CHANGED = {"description", "invocationRole", "qualifier", "triggerConfig"}


async def create_trigger(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Make a trigger."""
    body = encoding.only(call, *NEW)
    function = fc.registry.function(call.path["functionName"])
    name, kind = body.get("triggerName"), body.get("triggerType")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            "triggerName", name, "1 to 128 letters, digits, _ and -, not beginning with 0-9 or -"
        )
    if kind in _OTHER_TYPES:
        raise NotSupportedHereError(f"a trigger of type '{kind}' (it has {', '.join(_CONFIGS)})")
    if kind not in _CONFIGS:
        known = ", ".join([*_CONFIGS, *_OTHER_TYPES])
        raise InvalidArgumentError("triggerType", kind, known)
    for setting in ("sourceArn", "invocationRole"):
        if body.get(setting):
            raise InvalidArgumentError(setting, body[setting], f"nothing: {kind} has none")
    qualifier = encoding.text(body, "qualifier") or LATEST
    fc.registry.target(function.name, qualifier)
    config = _CONFIGS[kind](body.get("triggerConfig"))
    description = encoding.text(body, "description")
    if kind == HTTP and any(
        t.kind == HTTP and t.qualifier == qualifier for t in fc.triggers.of(function.name)
    ):
        # "One HTTP trigger per version or alias"; guess: the code.
        raise TriggerAlreadyExistsError(function.name, f"of type http for {qualifier}")
    made = fc.triggers.create(function.name, name, qualifier, description, config, kind)
    return _answer(fc, made)


async def get_trigger(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return a trigger."""
    return _answer(fc, _trigger(fc, call))


async def update_trigger(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Change what the request names and leave the rest."""
    body = encoding.only(call, *CHANGED)
    trigger = _trigger(fc, call)
    changes: dict[str, str] = {}
    if body.get("qualifier"):
        changes["qualifier"] = encoding.text(body, "qualifier")
        fc.registry.target(trigger.function, changes["qualifier"])
    if "description" in body:
        changes["description"] = encoding.text(body, "description")
    if body.get("triggerConfig") is not None:
        changes["config"] = _CONFIGS[trigger.kind](body["triggerConfig"])
    return _answer(fc, fc.triggers.change(trigger, **changes))


async def delete_trigger(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Delete a trigger."""
    fc.triggers.delete(call.path["functionName"], call.path["triggerName"])
    return None


async def list_triggers(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return a function's triggers by name, a page at a time."""
    function = fc.registry.function(call.path["functionName"])
    prefix = call.params.get("prefix", "")
    found = [t for t in fc.triggers.of(function.name) if t.name.startswith(prefix)]
    page, more = encoding.page_of(call, found, lambda t: t.name)
    return {"triggers": [_answer(fc, t) for t in page], **more}


def _trigger(fc: FunctionCompute, call: ApiCall) -> Trigger:
    function = fc.registry.function(call.path["functionName"])
    return fc.triggers.get(function.name, call.path["triggerName"])


def _stream_config(text: object) -> str:
    """Check the ``triggerConfig`` of a stream of events from a queue, which is JSON in a text."""
    try:
        parse_stream(text)
    except StreamError as error:
        raise InvalidArgumentError("triggerConfig", text, str(error)) from None
    return str(text)


def _timer_config(text: object) -> str:
    """Check a time trigger's ``triggerConfig``, which is JSON in a text."""
    try:
        given = strict_json.read(text) if isinstance(text, str) else None
    except ValueError:
        given = None
    accepted = '{"cronExpression": "...", "enable": true, "payload": "..."} as JSON text'
    if not isinstance(given, dict) or set(given) - _CONFIG:
        raise InvalidArgumentError("triggerConfig", text, accepted)
    if not isinstance(given.get("enable", False), bool):
        raise InvalidArgumentError("triggerConfig.enable", given["enable"], "true or false")
    payload = given.get("payload", "")
    if not isinstance(payload, str) or len(payload.encode()) > ASYNC_PAYLOAD_LIMIT:
        raise InvalidArgumentError(
            "triggerConfig.payload", payload, f"text of at most {ASYNC_PAYLOAD_LIMIT} bytes"
        )
    try:
        parse(given.get("cronExpression"))
    except ScheduleError as error:
        raise InvalidArgumentError(
            "triggerConfig.cronExpression", given.get("cronExpression"), str(error)
        ) from None
    return str(text)


def _http_config(text: object) -> str:
    """Check an HTTP trigger's ``triggerConfig``."""
    try:
        given = strict_json.read(text) if isinstance(text, str) else None
    except ValueError:
        given = None
    accepted = '{"authType": "anonymous", "methods": ["POST"], "disableURLInternet": false}'
    if not isinstance(given, dict) or set(given) - _HTTP_CONFIG:
        raise InvalidArgumentError("triggerConfig", text, f"{accepted} as JSON text")
    # Left out, callers have to sign ("HTTPTriggerConfig").
    proof = given.get("authType", "function")
    if proof in _PROOFS:
        raise NotSupportedHereError(f"an HTTP trigger with authType '{proof}' (it has anonymous)")
    if proof != "anonymous":
        known = ", ".join(["anonymous", *_PROOFS])
        raise InvalidArgumentError("triggerConfig.authType", proof, known)
    methods = given.get("methods")
    if not isinstance(methods, list) or not methods or set(map(str, methods)) - _METHODS:
        known = f"a list of {', '.join(sorted(_METHODS))}"
        raise InvalidArgumentError("triggerConfig.methods", methods, known)
    if not isinstance(given.get("disableURLInternet", False), bool):
        raise InvalidArgumentError(
            "triggerConfig.disableURLInternet", given["disableURLInternet"], "true or false"
        )
    return str(text)


_CONFIGS = {TIMER: _timer_config, HTTP: _http_config, EVENTBRIDGE: _stream_config}


def _answer(fc: FunctionCompute, trigger: Trigger) -> dict[str, Any]:
    return {
        "triggerName": trigger.name,
        "triggerId": trigger.id,
        "triggerType": trigger.kind,
        "triggerConfig": trigger.config,
        "description": trigger.description,
        "qualifier": trigger.qualifier,
        "targetArn": fc.registry.arn(trigger.function),
        "createdTime": trigger.created,
        "lastModifiedTime": trigger.modified,
        # guess: other kinds have an empty object; without one the provider plans a change for ever.
        "httpTrigger": http_trigger.urls(fc, trigger) if trigger.kind == HTTP else {},
    }


def _one(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(call.path["functionName"])]


_KINDS = "timers, HTTP with authType anonymous, and type eventbridge with a queue"

ACTIONS: dict[str, Action[FunctionCompute]] = {
    "CreateTrigger": Action(create_trigger, "fc:CreateTrigger", _one, _KINDS),
    "GetTrigger": Action(get_trigger, "fc:GetTrigger", _one),
    "UpdateTrigger": Action(update_trigger, "fc:UpdateTrigger", _one, _KINDS),
    "DeleteTrigger": Action(delete_trigger, "fc:DeleteTrigger", _one),
    "ListTriggers": Action(list_triggers, "fc:ListTriggers", _one),
}
