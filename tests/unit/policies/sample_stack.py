"""A small stack that keeps every rule, as the engine would hand it over, and ways to spoil it."""

import base64
import copy
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from provisioning_policies import tokens
from provisioning_policies.rule import Resource
from provisioning_policies.secretness import SecretText

UNKNOWN = UNKNOWN_STRING_VALUE
TAGS = {"app": "sample", "environment": "prod"}
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/sample-dead-letters"
WAITING = "acs:mns:cn-hangzhou:1234567890123456:/queues/sample-waiting"
ROBOT = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"

SCRIPT = """#!/usr/bin/env bash
# Needs root: it makes accounts.
set -Eeuo pipefail
user=$(read_back user)
[[ $user =~ ^[a-z][a-z0-9]*$ ]] || exit 2
useradd "$user"
exit

# user: {{user}}
"""


def encode(script: str) -> str:
    """Return a script the form in which a command holds it."""
    return base64.b64encode(script.encode()).decode()


def document(*statements: Mapping[str, Any]) -> str:
    """Write a RAM document of statements that allow."""
    return json.dumps(
        {"Version": "1", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    )


def trust(principal: Any, **more: Any) -> str:
    """Write the document that says who may take a role on."""
    return document({"Action": "sts:AssumeRole", "Principal": principal, **more})


def function_target(function: str, form: str = "ORIGINAL", **more: Any) -> dict[str, Any]:
    """Return a target that calls a function with the event."""
    return {
        "targetId": function,
        "type": "acs.fc.function",
        "endpoint": f"acs:fc:cn-hangzhou:1234567890123456:functions/{function}",
        "pushRetryStrategy": "BACKOFF_RETRY",
        "deadLetterQueue": {"arn": QUEUE},
        "paramLists": [
            {"resourceKey": "functionName", "form": "CONSTANT", "value": function},
            {"resourceKey": "Body", "form": form, **more},
        ],
    }


def queue_target(queue: str, form: str = "ORIGINAL") -> dict[str, Any]:
    """Return a target that puts the event into a queue."""
    return {
        "targetId": queue,
        "type": "acs.mns.queue",
        "endpoint": f"acs:mns:cn-hangzhou:1234567890123456:queues/{queue}",
        "pushRetryStrategy": "BACKOFF_RETRY",
        "deadLetterQueue": {"arn": QUEUE},
        "paramLists": [
            {"resourceKey": "queue", "form": "CONSTANT", "value": queue},
            {"resourceKey": "Body", "form": form},
        ],
    }


def _rule(name: str, pattern: dict[str, Any], function: str, bus: str = "sample") -> dict[str, Any]:
    return {
        "eventBusName": bus,
        "ruleName": name,
        "filterPattern": json.dumps(pattern),
        "targets": [function_target(function)],
    }


def _function(name: str, **variables: str) -> dict[str, Any]:
    return {
        "functionName": name,
        "runtime": "python3.12",
        "handler": "index.handler",
        "role": f"acs:ram::1234567890123456:role/{name}",
        "timeout": 60,
        "logConfig": {"project": "sample-logs", "logstore": "functions"},
        "environmentVariables": variables,
        "tags": TAGS,
    }


_RESULT = {"source": ["sample.results"]}

_STACK: dict[str, tuple[str, dict[str, Any]]] = {
    "bus": (tokens.EVENT_BUS, {"eventBusName": "sample"}),
    "source": (
        tokens.EVENT_SOURCE,
        {
            "eventSourceName": "sample.approval",
            "eventBusName": "sample",
            "sourceHttpEventParameters": {
                "type": "HTTPS",
                "methods": ["POST"],
                "securityConfig": "ip",
                "ips": ["203.0.113.16/28"],
            },
        },
    ),
    "approved": (
        tokens.EVENT_RULE,
        _rule("approved", {"source": ["sample.approval"]}, "sample-run"),
    ),
    "finished": (
        tokens.EVENT_RULE,
        _rule(
            "sample-finished",
            {
                "source": ["acs.ecs"],
                "type": ["ecs:CloudAssistant:TaskCompleted"],
                "data": {"commandName": [{"prefix": "sample-provision-"}]},
            },
            "sample-publish",
            bus="default",
        ),
    ),
    "completed": (tokens.EVENT_RULE, _rule("completed-ops", _RESULT, "sample-publish")),
    "failed": (tokens.EVENT_RULE, _rule("failed-ops", _RESULT, "sample-publish")),
    "queued": (
        tokens.EVENT_RULE,
        {**_rule("queued", _RESULT, "sample-publish"), "targets": [queue_target("sample-waiting")]},
    ),
    "run": (tokens.FUNCTION, _function("sample-run", API="https://hr.example.com")),
    "publish": (tokens.FUNCTION, _function("sample-publish", CHAT=SecretText(ROBOT))),
    "trigger": (
        tokens.FUNCTION_TRIGGER,
        {
            "functionName": "sample-run",
            "triggerType": "http",
            "triggerConfig": json.dumps({"authType": "function", "methods": ["POST"]}),
        },
    ),
    "role": (
        tokens.ROLE,
        {
            "roleName": "sample-run",
            "assumeRolePolicyDocument": trust({"Service": ["fc.aliyuncs.com"]}),
            "tags": TAGS,
        },
    ),
    "policy": (
        tokens.POLICY,
        {
            "policyName": "sample-run",
            "policyDocument": document(
                {
                    "Action": ["ecs:InvokeCommand"],
                    "Resource": ["acs:ecs:cn-hangzhou:1234567890123456:command/c-1"],
                },
                {
                    "Action": ["ecs:InvokeCommand"],
                    "Resource": ["acs:ecs:cn-hangzhou:1234567890123456:instance/*"],
                    "Condition": {"StringEquals": {"acs:ResourceTag/role": "db"}},
                },
                {
                    "Action": "ecs:DescribeInvocations",
                    "Resource": "acs:ecs:cn-hangzhou:1234567890123456:command/*",
                },
            ),
        },
    ),
    "attachment": (
        tokens.ROLE_ATTACHMENT,
        {"policyName": "sample-run", "policyType": "Custom", "roleName": "sample-run"},
    ),
    "reading": (
        tokens.POLICY,
        {
            "policyName": "sample-publish",
            "policyDocument": document(
                {
                    "Action": ["mns:ReceiveMessage", "mns:DeleteMessage"],
                    "Resource": f"{WAITING}/messages",
                }
            ),
        },
    ),
    "reader": (
        tokens.ROLE_ATTACHMENT,
        {"policyName": "sample-publish", "policyType": "Custom", "roleName": "sample-publish"},
    ),
    "waiting": (
        tokens.QUEUE,
        {"queueName": "sample-waiting", "visibilityTimeout": 90, "tags": TAGS},
    ),
    "timer": (
        tokens.FUNCTION_TRIGGER,
        {
            "functionName": "sample-publish",
            "triggerType": "timer",
            "triggerConfig": json.dumps({"enable": True, "cronExpression": "@every 1m"}),
        },
    ),
    "later": (
        tokens.ASYNC_CONFIG,
        {"functionName": "sample-publish", "maxAsyncRetryAttempts": 1},
    ),
    "command": (
        tokens.COMMAND,
        {
            "name": "sample-provision-0123456789ab",
            "type": "RunShellScript",
            "commandContent": encode(SCRIPT),
            "enableParameter": True,
            "timeout": 300,
        },
    ),
    "queue": (
        tokens.QUEUE,
        {"queueName": "sample-dead-letters", "messageRetentionPeriod": 604_800, "tags": TAGS},
    ),
    "project": (tokens.LOG_PROJECT, {"projectName": "sample-logs", "tags": TAGS}),
    "store": (tokens.LOG_STORE, {"logstoreName": "functions", "retentionPeriod": 180}),
}

Changes = Mapping[str, Any]
"""What to set where: ``resource.property.0.inner`` -> value; ``resource`` -> None takes it away,
``resource`` -> (type, properties) adds it."""


def stack(changes: Changes) -> dict[str, Resource]:
    """Return the resources of the stack, by name, after these changes."""
    given = copy.deepcopy(_STACK)
    protected = True
    provider = {"region": "cn-hangzhou", "accountId": "1234567890123456"}
    secret_outputs = ["sourceHttpEventParameters"]
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if path == "protected":
            protected = value
        elif path == "region":
            provider["region"] = value
        elif path == "provider":
            provider = value
        elif path == "secret_outputs":
            secret_outputs = value
        elif value is None and not rest:
            del given[name]
        elif not rest:
            given[name] = value
        else:
            _set(given[name][1], rest.split("."), value)
    return {
        name: Resource(
            type=token,
            name=name,
            props=props,
            urn=f"urn:pulumi:prod::sample::{token}::{name}",
            protected=protected,
            secret_outputs=secret_outputs,
            provider=provider,
        )
        for name, (token, props) in given.items()
    }


def with_unknowns(resource: Resource) -> Resource:
    """Return a resource as the engine does in a preview: looking at what is unknown raises."""
    return dataclasses.replace(
        resource,
        props=unknown_checking_proxy(dict(resource.props)),
        provider=unknown_checking_proxy(dict(resource.provider)),
    )


def _set(holder: Any, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    last = path[-1]
    if isinstance(holder, list):
        holder[int(last)] = value
    elif value is None:
        del holder[last]
    else:
        holder[last] = value
