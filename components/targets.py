"""The targets of rules, each in the form in which EventBridge takes it.

All forms are in this module, after EventBridge, "Event target parameters". What that page
does not say is marked ``# guess:``. Untrusted text is never put into a TEMPLATE: the complete
event, or one part of it, is passed on unchanged.
"""

from typing import Literal, NotRequired, TypedDict, assert_never

import pulumi

from components.names import ChatPlatform, Text, function_arn, log_store_arn, queue_endpoint


class TargetParameterArgs(TypedDict):
    """What a target is given, and where it comes from."""

    key: str
    """The target's own name for it."""
    form: str
    """ORIGINAL (the complete event), JSONPATH (a part of it) or CONSTANT."""
    value: NotRequired[pulumi.Input[str]]
    """The constant, or the path; nothing for ORIGINAL."""


class TargetArgs(TypedDict):
    """Where a rule sends the events that it matches."""

    id: str
    """Name of the target within its rule; another name replaces the rule."""
    type: pulumi.Input[str]
    """EventBridge's word for the kind of target."""
    endpoint: pulumi.Input[str]
    """What is called."""
    parameters: list[TargetParameterArgs]
    """What it is given."""


def _constant(key: str, value: pulumi.Input[str]) -> TargetParameterArgs:
    return {"key": key, "form": "CONSTANT", "value": value}


def _original(key: str) -> TargetParameterArgs:
    # The provider drops value and template here; set, they would differ at every preview.
    return {"key": key, "form": "ORIGINAL"}


def _part(key: str, path: str) -> TargetParameterArgs:
    return {"key": key, "form": "JSONPATH", "value": path}


def function_target(
    target_id: str,
    region: Text,
    account_id: Text,
    function_name: pulumi.Input[str],
    *,
    invocation: Literal["Sync", "Async"] = "Sync",
    body: str | None = None,
) -> TargetArgs:
    """Call a function with the complete event, or with a constant.

    Sync waits for the function, so that its failure is seen; Async is done when Function Compute
    has accepted the call. The page describes functions of Function Compute 2.0, which belong to a
    service.
    """
    return {
        "id": target_id,
        "type": "acs.fc.function",
        # guess: a 3.0 function is named by its own ARN and has no serviceName.
        "endpoint": function_arn(region, account_id, function_name),
        "parameters": [
            _constant("functionName", function_name),
            _constant("Qualifier", "LATEST"),
            _constant("InvocationType", invocation),
            # guess: Object, one event per call, is what a rule does; ObjectList is for streams.
            _constant("DataFormat", "Object"),
            _original("Body") if body is None else _constant("Body", body),
        ],
    }


def queue_target(
    target_id: str, region: Text, account_id: Text, queue_name: pulumi.Input[str]
) -> TargetArgs:
    """Put the complete event into a queue, in base64 as the queue's own pages demand."""
    return {
        "id": target_id,
        "type": "acs.mns.queue",
        "endpoint": queue_endpoint(region, account_id, queue_name),
        "parameters": [
            _constant("queue", queue_name),
            _original("Body"),
            _constant("IsBase64Encode", "true"),
        ],
    }


def log_store_target(
    target_id: str,
    region: Text,
    account_id: Text,
    project: pulumi.Input[str],
    store: pulumi.Input[str],
    role_name: pulumi.Input[str],
) -> TargetArgs:
    """Write the complete event to a log store, as JSON in the field ``content``."""
    return {
        "id": target_id,
        "type": "acs.sls",
        "endpoint": log_store_arn(region, account_id, project, store, service="sls"),
        "parameters": [
            _constant("Project", project),
            _constant("LogStore", store),
            _part("Topic", "$.source"),
            _constant("ContentType", "JSON"),
            _constant("RoleName", role_name),
            _original("Body"),
        ],
    }


def chat_target(
    platform: ChatPlatform,
    webhook: pulumi.Input[str],
    secret: pulumi.Input[str] | None,
    body_path: str,
) -> TargetArgs:
    """Post a part of the event to a chat without a function in between."""
    match platform:
        case ChatPlatform.DINGTALK:
            return dingtalk_target("dingtalk", webhook, secret or "", body_path)
        case ChatPlatform.LARK | ChatPlatform.WECOM:
            return http_target(platform.value, webhook, body_path)
        case _:
            assert_never(platform)


def undeliverable(platform: ChatPlatform, *, signed: bool) -> str | None:
    """Return why EventBridge cannot post to a chat without a function; None if it can."""
    match platform:
        case ChatPlatform.DINGTALK:
            unsigned = "EventBridge's DingTalk target needs the robot's signing secret"
            return None if signed else unsigned
        case ChatPlatform.LARK:
            cannot_sign = (
                "EventBridge cannot sign for Lark; let the function deliver, or let the bot check "
                "a keyword instead of a signature"
            )
            return cannot_sign if signed else None
        case ChatPlatform.WECOM:
            return None
        case _:
            assert_never(platform)


def dingtalk_target(
    target_id: str, webhook: pulumi.Input[str], secret: pulumi.Input[str], body_path: str
) -> TargetArgs:
    """Post a part of the event to a DingTalk robot, signed by EventBridge."""
    return {
        "id": target_id,
        "type": "acs.dingtalk",
        "endpoint": webhook,
        "parameters": [
            _constant("URL", webhook),
            _constant("SecretKey", secret),
            # guess: the page shows a TEMPLATE here; a part of the event that is the finished
            # message should do as well, and is no injection.
            _part("Body", body_path),
        ],
    }


def http_target(target_id: str, url: pulumi.Input[str], body_path: str) -> TargetArgs:
    """Post a part of the event to a URL."""
    return {
        "id": target_id,
        "type": scheme(url),
        "endpoint": url,
        "parameters": [
            _constant("url", url),
            _part("Body", body_path),
            _constant("Network", "PublicNetwork"),
        ],
    }


def scheme(url: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return ``http`` or ``https``; the scheme alone is not a secret."""
    return pulumi.Output.unsecret(
        pulumi.Output.from_input(url).apply(lambda text: "http" if _is_plain(text) else "https")
    )


def _is_plain(url: str) -> bool:
    return url.lower().startswith("http://")
