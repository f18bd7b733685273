"""A rule's targets as the API receives them: checked, and compiled for delivery."""

import re
from collections.abc import Mapping
from typing import Any

from localcloud import strict_json
from localcloud.eventbridge.delivery.retry import DEFAULT_POLICY, POLICIES
from localcloud.eventbridge.delivery.target import Target
from localcloud.eventbridge.errors import (
    CountExceedsLimitError,
    EventBridgeError,
    TargetIdDuplicateError,
    TargetIncompleteError,
    TargetInvalidError,
    TargetTypeUnknownError,
)
from localcloud.eventbridge.matching.transform import FORMS, InvalidTransformError, Transform

TARGETS_A_RULE = 5
_TEXT_CHARACTERS = 10_240
_QUEUE_ARN = re.compile(r"acs:mns:[a-z0-9-]+:\d+:/?queues/(?P<name>[A-Za-z0-9-]+)")

_QUEUE_ENDPOINT = re.compile(r"acs:mns:[a-z0-9-]+:\d+:queues/(?P<name>[A-Za-z0-9-]+)")
"""How a rule's target names a queue: without the slash that a dead-letter setting has."""

REQUIRED: dict[str, tuple[str, ...]] = {
    # The documentation's serviceName belongs to Function Compute 2; version 3 has no services.
    "acs.fc.function": ("functionName", "Body"),
    # guess: robots that check keywords have no secret, though "Event target parameters" lists
    # SecretKey as required.
    "acs.dingtalk": ("URL", "Body"),
    "acs.mns.queue": ("queue", "Body"),
    "acs.sls": ("Project", "LogStore", "RoleName"),
    "acs.eventbridge": ("EventBusName", "Body"),
    "http": ("url", "Body"),
    "https": ("url", "Body"),
}
"""The parameters without which a target of a type is refused ("Event target parameters")."""


def parse(text: str) -> list[dict[str, Any]]:
    """Read ``EventTargets`` or ``Targets``: a JSON list of objects, kept as they came.

    Raises:
        EventBridgeError: with the code of what is wrong.
    """
    try:
        targets = strict_json.read(text or "[]")
    except ValueError:
        targets = None
    if not isinstance(targets, list) or not all(isinstance(t, dict) for t in targets):
        raise EventBridgeError("InvalidArgument", "the targets are not a JSON list of objects")
    if len(targets) > TARGETS_A_RULE:
        # guess: the code, by the pattern of the others; the limit is documented.
        raise CountExceedsLimitError("EventTarget", TARGETS_A_RULE)
    seen = set()
    for target in targets:
        compile_target(target)
        if target["Id"] in seen:
            raise TargetIdDuplicateError(target["Id"])
        seen.add(target["Id"])
        # The cloud fills in the default, and the provider expects it to.
        target.setdefault("PushRetryStrategy", DEFAULT_POLICY)
    return targets


def compile_target(raw: Mapping[str, Any]) -> Target:
    """Check a target and make it ready for delivery.

    Raises:
        EventBridgeError: with the code of what is wrong.
    """
    identity = raw.get("Id")
    if not isinstance(identity, str) or not identity:
        raise TargetIncompleteError(str(identity or ""), "Id")
    kind = raw.get("Type") or ""
    if kind not in REQUIRED:
        raise TargetTypeUnknownError(str(kind), sorted(REQUIRED))
    endpoint = raw.get("Endpoint") or ""
    if not isinstance(endpoint, str):
        raise TargetInvalidError(identity, "Endpoint", endpoint, "a text")
    retry = raw.get("PushRetryStrategy") or DEFAULT_POLICY
    if retry not in POLICIES:
        raise TargetInvalidError(identity, "PushRetryStrategy", retry, ", ".join(POLICIES))
    if (raw.get("ErrorsTolerance") or "ALL") != "ALL":
        raise TargetInvalidError(
            identity, "ErrorsTolerance", raw["ErrorsTolerance"], "ALL in the local cloud"
        )
    parameters = _parameters(identity, raw.get("ParamList"))
    for key in REQUIRED[kind]:
        if key not in parameters:
            raise TargetIncompleteError(identity, f"ParamList.{key}")
    if kind == "acs.mns.queue" and not _QUEUE_ENDPOINT.fullmatch(endpoint):
        # guess: that other forms are refused; this one is seen in every applied example.
        raise TargetInvalidError(
            identity, "Endpoint", endpoint, "acs:mns:<region>:<account>:queues/<name>"
        )
    how = parameters.get("InvocationType")
    if how is not None and (given := how.apply({})) not in {"Sync", "Async"}:
        raise TargetInvalidError(
            identity, "ParamList.InvocationType", given, "the constant Sync or Async"
        )
    return Target(
        id=identity,
        type=kind,
        endpoint=endpoint,
        parameters=tuple(parameters.items()),
        retry=retry,
        dead_letter_queue=_dead_letter_queue(identity, raw.get("DeadLetterQueue")),
    )


def _parameters(target: str, raw: object) -> dict[str, Transform]:
    if not isinstance(raw, list) or not all(isinstance(p, dict) for p in raw):
        raise TargetIncompleteError(target, "ParamList")
    found = {}
    for parameter in raw:
        key = parameter.get("ResourceKey")
        if not isinstance(key, str) or not key:
            raise TargetIncompleteError(target, "ParamList.ResourceKey")
        form = parameter.get("Form") or ""
        if form not in FORMS:
            raise TargetInvalidError(target, f"ParamList.{key}.Form", form, ", ".join(FORMS))
        value, template = (
            _text(target, key, parameter, "Value"),
            _text(target, key, parameter, "Template"),
        )
        if form == "CONSTANT" and not value:
            # Documented samples leave optional parameters empty instead of leaving them out.
            continue
        try:
            found[key] = Transform.compile(form, value, template)
        except InvalidTransformError as error:
            raise TargetInvalidError(
                target, f"ParamList.{key}", error.shown, error.reason
            ) from None
    return found


def _text(target: str, key: str, parameter: Mapping[str, Any], name: str) -> str | None:
    value = parameter.get(name)
    if isinstance(value, (dict, list)):
        # Some of the documentation's samples have the object instead of its JSON text.
        value = strict_json.write(value)
    if value is not None and not isinstance(value, str):
        raise TargetInvalidError(target, f"ParamList.{key}.{name}", value, "a text")
    if value is not None and len(value) > _TEXT_CHARACTERS:
        raise TargetInvalidError(
            target,
            f"ParamList.{key}.{name}",
            f"{len(value)} characters",
            f"at most {_TEXT_CHARACTERS} characters",
        )
    return value


def _dead_letter_queue(target: str, raw: object) -> str:
    arn = raw.get("Arn") if isinstance(raw, dict) else raw
    if not arn:
        return ""
    match = _QUEUE_ARN.fullmatch(str(arn))
    if match is None:
        raise TargetInvalidError(
            target,
            "DeadLetterQueue.Arn",
            arn,
            "acs:mns:<region>:<account>:/queues/<name> in the local cloud",
        )
    return match["name"]
