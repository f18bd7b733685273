"""For each rule: what breaks it and what it then says, what keeps it, and what it cannot know.

The sample stack keeps every rule, so a case only says what is different. Paths and values are those
of :data:`tests.unit.policies.sample_stack.Changes`.
"""

import json
from dataclasses import dataclass, field

from provisioning_policies import tokens
from provisioning_policies.secretness import SecretText
from tests.unit.policies.sample_stack import (
    QUEUE,
    ROBOT,
    SCRIPT,
    UNKNOWN,
    WAITING,
    Changes,
    document,
    encode,
    function_target,
    queue_target,
    trust,
)

LARK = "https://open.feishu.cn/open-apis/bot/v2/hook/0123-4567"
SIGNING = "SEC" + "0" * 64


@dataclass(frozen=True)
class Case:
    """The cases of one rule."""

    broken: tuple[tuple[Changes, str], ...]
    """Changes that break it, each with a part of what the rule says."""
    unknown: Changes
    """A change that leaves it undecided."""
    kept: tuple[Changes, ...] = field(default=({},))
    """Changes that do not break it, though they are near."""


def script(text: str) -> Changes:
    """Put another script into the command."""
    return {"command.commandContent": encode(text)}


def policy(*statements: dict[str, object]) -> Changes:
    """Put another document into the policy."""
    return {"policy.policyDocument": document(*statements)}


def trusted(principal: object, **more: object) -> Changes:
    """Let somebody else take the role on."""
    return {"role.assumeRolePolicyDocument": trust(principal, **more)}


def pattern(value: object) -> Changes:
    """Return the rule ``completed`` another pattern."""
    return {"completed.filterPattern": json.dumps(value)}


_HTTP = "source.sourceHttpEventParameters"
_TARGET = "approved.targets.0"
_BODY = f"{_TARGET}.paramLists.1"
_COMMAND_NAME = "finished.filterPattern"
_INSTANCE = "acs:ecs:cn-hangzhou:1234567890123456:instance/i-1"
_GITHUB = "acs:ram::1234567890123456:oidc-provider/github"
_TOKEN = {"oidc:aud": "sts.aliyuncs.com", "oidc:iss": "https://token.actions.githubusercontent.com"}
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
_RESTART = "sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart app"
# The function that runs commands puts messages into the queue of the other one.
_SENDS = policy({"Action": "mns:SendMessage", "Resource": f"{WAITING}/messages"})
# The function that reads the queue also runs commands.
_RUNS: Changes = {
    "reading.policyDocument": document(
        {"Action": "mns:ReceiveMessage", "Resource": f"{WAITING}/messages"},
        {"Action": "ecs:RunCommand", "Resource": _INSTANCE},
    )
}


def domain(**properties: object) -> Changes:
    """Add a domain of a function's own."""
    return {"domain": (tokens.CUSTOM_DOMAIN, {"protocol": "HTTPS", **properties})}


CASES: dict[str, Case] = {
    "eventbridge-region": Case(
        broken=(({"region": "me-east-1"}, "'me-east-1' has no EventBridge"),),
        kept=({}, {"region": "eu-central-1"}),
        unknown={"region": UNKNOWN},
    ),
    "event-bus-protected": Case(
        broken=(({"protected": False}, "not protected"),),
        # Protection is an option of the resource: it is known, whatever the inputs are.
        unknown={},
    ),
    "event-source-https": Case(
        broken=(
            ({f"{_HTTP}.type": "HTTP"}, 'takes "HTTP"'),
            ({f"{_HTTP}.type": "HTTP&HTTPS"}, 'takes "HTTP&HTTPS"'),
            ({f"{_HTTP}.type": None}, 'takes "nothing"'),
        ),
        kept=({}, {_HTTP: None}),
        unknown={f"{_HTTP}.type": UNKNOWN},
    ),
    "event-source-methods": Case(
        broken=(({f"{_HTTP}.methods": ["GET", "POST"]}, "takes GET, POST"),),
        unknown={f"{_HTTP}.methods": UNKNOWN},
    ),
    "event-source-addresses": Case(
        broken=(
            ({f"{_HTTP}.securityConfig": "none"}, "securityConfig is 'none'"),
            ({f"{_HTTP}.ips": []}, "no address is listed"),
            ({f"{_HTTP}.ips": [f"203.0.113.{n}" for n in range(6)]}, "6 addresses"),
            ({f"{_HTTP}.ips": ["0.0.0.0/0"]}, "'0.0.0.0/0' admits 4294967296"),
            ({f"{_HTTP}.ips": ["2001:db8::/32"]}, "/48 or narrower"),
            ({f"{_HTTP}.ips": ["office"]}, "'office' is neither"),
        ),
        kept=({}, {f"{_HTTP}.ips": ["203.0.113.1", "2001:db8::/64"]}),
        unknown={f"{_HTTP}.ips": [UNKNOWN]},
    ),
    "webhook-url-secret": Case(
        broken=(({"secret_outputs": []}, "plain output"),),
        kept=({}, {"secret_outputs": ["source_http_event_parameters"]}),
        unknown={_HTTP: UNKNOWN},
    ),
    "rule-dead-letters": Case(
        broken=(
            ({f"{_TARGET}.deadLetterQueue": None}, "no dead-letter queue"),
            ({f"{_TARGET}.deadLetterQueue": {}}, "no dead-letter queue"),
        ),
        unknown={f"{_TARGET}.deadLetterQueue.arn": UNKNOWN},
    ),
    "rule-retry": Case(
        broken=(
            ({f"{_TARGET}.pushRetryStrategy": None}, "has no pushRetryStrategy"),
            ({f"{_TARGET}.pushRetryStrategy": "NEVER"}, "has 'NEVER' as pushRetryStrategy"),
        ),
        kept=({}, {f"{_TARGET}.pushRetryStrategy": "EXPONENTIAL_DECAY_RETRY"}),
        unknown={f"{_TARGET}.pushRetryStrategy": UNKNOWN},
    ),
    "rule-pattern-readable": Case(
        broken=(
            ({"completed.filterPattern": "source == 'x'"}, "is not JSON"),
            (pattern(["sample"]), "is not a JSON object"),
            (pattern({"source": [{"like": "a"}]}), "has at source the operator 'like'"),
            (pattern({"data": {"a": "b"}}), "has at data.a no list of conditions"),
            (pattern({"sources": ["a"]}), "has the key 'sources'"),
        ),
        unknown={"completed.filterPattern": UNKNOWN},
    ),
    "rule-pattern-narrow": Case(
        broken=(
            (pattern({}), "no source"),
            (pattern({"type": ["t"]}), "no source"),
            (pattern({"source": [{"prefix": "a"}]}), "a source that is open"),
            (pattern({"source": ["x", {"exists": True}]}), "a source that is open"),
            (pattern({"source": [{"anything-but": "x"}]}), "a source that is open"),
        ),
        kept=({}, pattern({"source": [{"prefix": "sample."}, {"suffix": ".approval"}]})),
        unknown={"completed.filterPattern": UNKNOWN},
    ),
    "rule-template-untrusted": Case(
        broken=(
            (
                {
                    _BODY: {
                        "resourceKey": "Body",
                        "form": "TEMPLATE",
                        "value": '{"id":"$.data.body.emp_id"}',
                        "template": '{"emp_id":"${id}"}',
                    }
                },
                "pastes $.data.body.emp_id into the template of Body",
            ),
            (
                {_BODY: {"resourceKey": "Body", "form": "TEMPLATE", "value": "x"}},
                "which a template takes, is not JSON",
            ),
            ({f"{_BODY}.form": "original"}, "has the form 'original'"),
        ),
        kept=(
            {},
            {
                _BODY: {
                    "resourceKey": "Body",
                    "form": "TEMPLATE",
                    "value": '{"source":"$.source"}',
                    "template": '{"source":"${source}"}',
                }
            },
            {_BODY: {"resourceKey": "Body", "form": "JSONPATH", "value": "$.data.body"}},
        ),
        unknown={f"{_BODY}.form": UNKNOWN},
    ),
    "rule-target-https": Case(
        broken=(
            (
                {f"{_TARGET}.type": "http", f"{_TARGET}.endpoint": "http://hr.example.com/new"},
                "over plain HTTP",
            ),
            ({f"{_TARGET}.paramLists.0.value": "HTTP://hr.example.com"}, "over plain HTTP"),
        ),
        kept=(
            {},
            {f"{_TARGET}.endpoint": "https://hr.example.com/new"},
            {f"{_TARGET}.endpoint": "http://hr.localcloud.invalid/new"},
            {f"{_TARGET}.endpoint": "http://127.0.0.1:8080/new"},
        ),
        unknown={f"{_TARGET}.endpoint": UNKNOWN},
    ),
    "rule-target-region": Case(
        broken=(
            ({"region": "cn-beijing"}, "is in 'cn-hangzhou', the rule in 'cn-beijing'"),
            (
                {f"{_TARGET}.deadLetterQueue.arn": QUEUE.replace("hangzhou", "beijing")},
                "deadLetterQueue.arn of target 'sample-run' (acs.fc.function) is in 'cn-beijing'",
            ),
        ),
        kept=({}, {f"{_TARGET}.endpoint": "https://hr.example.com"}),
        unknown={f"{_TARGET}.endpoint": UNKNOWN},
    ),
    "rule-targets-quota": Case(
        broken=(({"approved.targets": [function_target("sample-run")] * 6}, "has 6 targets"),),
        kept=({}, {"approved.targets": [function_target("sample-run")] * 5}),
        unknown={"approved.targets": UNKNOWN},
    ),
    "rule-enabled": Case(
        broken=(({"approved.status": "DISABLE"}, "switched off"),),
        kept=({}, {"approved.status": "ENABLE"}),
        unknown={"approved.status": UNKNOWN},
    ),
    "chat-refusal-seen": Case(
        broken=(
            (
                {f"{_TARGET}.type": "acs.dingtalk", f"{_TARGET}.endpoint": ROBOT},
                "cannot see a refusal",
            ),
            ({f"{_TARGET}.type": "https", f"{_TARGET}.endpoint": LARK}, "cannot see a refusal"),
        ),
        kept=({}, {f"{_TARGET}.type": "https", f"{_TARGET}.endpoint": "https://example.com"}),
        unknown={f"{_TARGET}.type": UNKNOWN},
    ),
    "command-encoded": Case(
        broken=(
            ({"command.commandContent": "echo hello"}, "is not Base64"),
            ({"command.commandContent": None}, "is not Base64"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-size": Case(
        broken=((script("#" * 24_576), "32768 bytes; at most 24576"),),
        kept=({}, script("#" * 13_824)),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-timeout": Case(
        broken=(
            ({"command.timeout": None}, "no timeout is set"),
            ({"command.timeout": 7200}, "timeout is 7200 s; at most 3600 s"),
        ),
        unknown={"command.timeout": UNKNOWN},
    ),
    "command-parameters-enabled": Case(
        broken=(
            ({"command.enableParameter": False}, "has the parameters user"),
            ({"command.enableParameter": None}, "has the parameters user"),
            (script("set -e\n: as root\n"), "has no {{parameter}}"),
        ),
        kept=({}, {**script("echo {{ACS::InstanceId}}"), "command.enableParameter": None}),
        unknown={"command.enableParameter": UNKNOWN},
    ),
    "command-parameters-quoted": Case(
        broken=(
            (script("user={{user}}\n"), "line 1: {{user}} stands unquoted"),
            (script('\nuser="{{user}}"\n'), "line 2: {{user}} stands in double quotes"),
            (script("# {{user}}\nexit\ntrue\n"), "stands in a comment"),
            (script("cat <<EOF\n{{user}}\nEOF\n"), "in a here-document that is expanded"),
            (script("user='{{user}}'\n"), "stands in single quotes"),
            (script("cat <<'EOF'\n{{user}}\nEOF\n"), "in a here-document that is not expanded"),
        ),
        kept=(
            {},
            script("#!/usr/bin/env python3\nuser = {{user}}\n"),
            {**script("echo {{user}}\n"), "command.type": "RunPowerShellScript"},
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-parameters-validated": Case(
        broken=(
            (script("user='{{user}}'\nuseradd \"$user\"\n"), "value of {{user}} is compared"),
            (script("who='{{user}}'\n[[ $other =~ ^a$ ]]\n"), "value of {{user}} is compared"),
        ),
        kept=(
            {},
            script("who='{{user}}'\n[[ ${who} =~ ^[a-z]+$ ]] || exit 2\n"),
            script("user='{{ user }}'\ncase \"$user\" in *[!a-z]*) exit 2 ;; esac\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-stops-on-error": Case(
        broken=(
            (script("useradd x\nexit 0\n"), "may go on after an error"),
            (script("useradd x\nset -e\n"), "may go on after an error"),
        ),
        kept=(
            {},
            script("#!/bin/sh -e\ntrue\n"),
            script("set -o errexit\n"),
            script("# why\nreadonly A='b;\nc'\nB=(1 2)\nset -e\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-root-stated": Case(
        broken=((script(SCRIPT.replace("Needs root", "Careful")), "gives no reason"),),
        kept=(
            {},
            {**script("set -e\n"), "command.description": "Makes accounts, so it runs as root"},
        ),
        unknown={"command.description": UNKNOWN},
    ),
    "ram-document-readable": Case(
        broken=(
            ({"policy.policyDocument": "{"}, "the document is not JSON"),
            ({"policy.policyDocument": None}, "is not there; set policyDocument or document"),
            (policy({"Action": "ecs:StopInstance"}), "exactly one of Resource and NotResource"),
            (
                policy({"Action": "StopInstance", "Resource": "*"}),
                "has 'StopInstance' as an action",
            ),
            (
                policy({"Action": "a:B", "Resource": "*", "Condition": {"Is": {"a:b": "c"}}}),
                "operator 'Is'",
            ),
            (trusted("*"), "Principal is not an object"),
            (trusted({"Anybody": ["*"]}), "has the principal 'Anybody'"),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "property-current": Case(
        broken=(
            (
                {"policy.policyDocument": None, "policy.document": document({"Action": "*"})},
                "document is deprecated; use policyDocument",
            ),
            ({"role.name": "x"}, "name is deprecated; use roleName"),
            ({"queue.name": "x"}, "name is deprecated; use queueName"),
        ),
        unknown={"policy.document": UNKNOWN},
    ),
    "ram-actions-named": Case(
        broken=(
            (policy({"Action": "ecs:*", "Resource": _INSTANCE}), "allows ecs:*"),
            (policy({"Action": ["oss:Get*"], "Resource": _INSTANCE}), "allows oss:Get*"),
            (
                {
                    "policy.policyDocument": None,
                    "policy.document": document({"Action": "*", "Resource": "*"}),
                },
                "allows *",
            ),
        ),
        kept=(
            {},
            {
                "policy.policyDocument": json.dumps(
                    {
                        "Version": "1",
                        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
                    }
                )
            },
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-not-action": Case(
        broken=(
            (policy({"NotAction": ["ram:*"], "Resource": _INSTANCE}), "everything but ram:*"),
            (
                policy({"Action": "ecs:StopInstance", "NotResource": _INSTANCE}),
                "use Resource instead of NotResource",
            ),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-resources-named": Case(
        broken=(
            (policy({"Action": "ecs:StopInstance", "Resource": "*"}), "on everything ('*')"),
            (
                policy({"Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:*"}),
                "on everything ('acs:ecs:*:*:*')",
            ),
            (
                policy({"Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/*"}),
                "name the resource or add a Condition",
            ),
            (policy({"Action": "kms:GetSecretValue", "Resource": "*"}), "on everything"),
            (
                policy({"Action": "ram:CreateServiceLinkedRole", "Resource": "*"}),
                "on everything",
            ),
        ),
        kept=(
            {},
            policy({"Action": ["ecs:DescribeInstances"], "Resource": "*"}),
            policy({"Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/*"}),
            policy({"Action": "kms:GetSecretValue", "Resource": "acs:kms:*:*:secret/app-*"}),
            policy({"Action": "mns:SendMessage", "Resource": "acs:mns:*:*:/queues/jobs/messages"}),
            policy(
                {
                    "Action": "ram:CreateServiceLinkedRole",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"ram:ServiceName": "fc.aliyuncs.com"}},
                }
            ),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-pass-role-narrow": Case(
        broken=(
            (
                policy({"Action": "ram:PassRole", "Resource": "acs:ram:*:1:role/a"}),
                "allowed for every service",
            ),
            (
                policy(
                    {
                        "Action": "ram:*",
                        "Resource": "acs:ram:*:1:role/*",
                        "Condition": {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}},
                    }
                ),
                "allowed for more than one role",
            ),
            (
                policy({"Action": "sts:AssumeRole", "Resource": "*"}),
                "sts:AssumeRole is allowed for more than one role",
            ),
        ),
        kept=(
            {},
            policy(
                {
                    "Action": "ram:PassRole",
                    "Resource": "acs:ram:*:1:role/a",
                    "Condition": {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}},
                }
            ),
            policy({"Action": "sts:AssumeRole", "Resource": "acs:ram::2:role/reader"}),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-hands-nothing-on": Case(
        broken=(
            (
                policy({"Action": "ram:AttachPolicyToRole", "Resource": "acs:ram:*:*:role/a"}),
                "allows ram:AttachPolicyToRole, with which every permission can be had",
            ),
            (policy({"Action": "ram:A*", "Resource": _INSTANCE}), "ram:AttachPolicyToRole"),
            (policy({"NotAction": "ecs:*", "Resource": _INSTANCE}), "ram:AttachPolicyToRole"),
            (policy({"Action": "ims:CreateAppSecret", "Resource": "*"}), "ims:CreateAppSecret"),
        ),
        kept=({}, policy({"Action": ["ram:GetRole", "ram:ListPolicies"], "Resource": _INSTANCE})),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-trust-narrow": Case(
        broken=(
            (trusted({"RAM": ["acs:ram::*:root"]}), "RAM acs:ram::*:root may assume"),
            (trusted({"Service": "*"}), "Service * may assume the role, that is anybody"),
            (trusted({"RAM": ["acs:ram::1:root"]}), "from account 1"),
            (
                {"provider": {}, **trusted({"RAM": ["acs:ram::1234567890123456:root"]})},
                "not known to be the own one; set alicloud:accountId",
            ),
            (trusted({"Federated": [_GITHUB]}), "compare oidc:sub"),
            (
                trusted(
                    {"Federated": [_GITHUB]},
                    Condition={"StringEquals": {**_TOKEN, "oidc:sub": "repo:me/it:*"}},
                ),
                "compare oidc:sub with whole values",
            ),
            (
                trusted({"Federated": [_GITHUB.replace("oidc", "saml")]}),
                "add a Condition on saml:recipient",
            ),
        ),
        kept=(
            {},
            trusted({"RAM": ["acs:ram::1234567890123456:root"]}),
            trusted(
                {"Federated": [_GITHUB]},
                Condition={"StringEquals": {**_TOKEN, "oidc:sub": ["repo:me/it:environment:prod"]}},
            ),
        ),
        unknown={"role.assumeRolePolicyDocument": UNKNOWN},
    ),
    "ram-principal-list": Case(
        broken=((trusted({"Service": "fc.aliyuncs.com"}), '["fc.aliyuncs.com"]'),),
        unknown={"role.assumeRolePolicyDocument": UNKNOWN},
    ),
    "ram-system-policy-narrow": Case(
        broken=(
            (
                {
                    "attachment.policyType": "System",
                    "attachment.policyName": "AdministratorAccess",
                },
                "AdministratorAccess is attached",
            ),
            (
                {"attachment.policyType": "System", "attachment.policyName": "AliyunFCFullAccess"},
                "AliyunFCFullAccess is attached",
            ),
            ({"attachment.policyType": None}, "system policy sample-run is attached"),
        ),
        kept=(
            {},
            {"attachment.policyName": "OwnFullAccess"},
            {
                "attachment.policyType": "System",
                "attachment.policyName": "AliyunFCInvocationAccess",
            },
        ),
        unknown={"attachment.policyName": UNKNOWN},
    ),
    "ram-attached-policy-seen": Case(
        broken=(({"policy": None}, "policy 'sample-run' is attached, which this stack does not"),),
        kept=({}, {"policy.policyName": None, "policy.name": "sample-run"}),
        unknown={"policy.policyName": UNKNOWN},
    ),
    "function-runtime": Case(
        broken=(
            ({"run.runtime": "python3.9"}, "python3.9 is retired; use python3.12"),
            ({"run.runtime": "nodejs8"}, "nodejs8 is retired; use nodejs20"),
            ({"run.runtime": "cobol"}, "runtime cobol is not one that this rule knows"),
        ),
        unknown={"run.runtime": UNKNOWN},
    ),
    "function-timeout": Case(
        broken=(
            ({"run.timeout": None}, "no timeout is set"),
            ({"run.timeout": 86_400}, "timeout is 86400 s; at most 600 s"),
        ),
        unknown={"run.timeout": UNKNOWN},
    ),
    "function-logs": Case(
        broken=(
            ({"run.logConfig": None}, "lacks project and logstore"),
            ({"run.logConfig.logstore": ""}, "lacks logstore"),
        ),
        unknown={"run.logConfig": UNKNOWN},
    ),
    "function-environment-size": Case(
        broken=(({"run.environmentVariables.LOOP": "ä" * 2_048}, "at most 4096"),),
        kept=({}, {"run.environmentVariables": {"LOOP": "x" * 4_092}}),
        unknown={"run.environmentVariables": UNKNOWN},
    ),
    "function-calls-https": Case(
        broken=(
            ({"run.environmentVariables.API": "http://hr.example.com"}, "variable API holds an"),
        ),
        kept=({}, {"run.environmentVariables.API": "http://hr.localcloud.invalid"}),
        unknown={"run.environmentVariables.API": UNKNOWN},
    ),
    "function-trigger-authenticated": Case(
        broken=(
            (
                {"trigger.triggerConfig": '{"authType": "anonymous"}'},
                "does not authenticate its callers",
            ),
            ({"trigger.triggerConfig": "{}"}, "(no authType)"),
            ({"trigger.triggerConfig": "anonymous"}, "HTTP trigger is not JSON"),
            ({"trigger.triggerType": "fax"}, "is of type 'fax'"),
        ),
        kept=({}, {"trigger.triggerType": "timer", "trigger.triggerConfig": "{}"}),
        unknown={"trigger.triggerConfig": UNKNOWN},
    ),
    "function-domain-authenticated": Case(
        broken=(
            (domain(), "the domain does not authenticate"),
            (domain(protocol="HTTP,HTTPS", authConfig={"authType": "jwt"}), 'takes "HTTP,HTTPS"'),
            ({"domain": (tokens.CUSTOM_DOMAIN_2, {"protocol": "HTTPS"})}, "2.0"),
        ),
        kept=(
            {},
            domain(authConfig={"authType": "jwt"}),
            domain(authConfig={"authType": "function"}),
        ),
        unknown=domain(authConfig=UNKNOWN),
    ),
    "secret-in-environment": Case(
        broken=(
            ({"run.environmentVariables.CHAT": ROBOT}, "variable CHAT holds a DingTalk webhook"),
            ({"run.environmentVariables.API_TOKEN": "x1"}, "holds something called API_TOKEN"),
            (
                {"run.environmentVariables.CHATS": json.dumps({"ops": {"secret": "x1"}})},
                "variable CHATS holds something called secret",
            ),
        ),
        kept=(
            {},
            {"run.environmentVariables.TOKEN_NAME": "prod/hr"},
            {"run.environmentVariables.HR_TOKEN_NAME": "prod-hr-token-2026"},
            {"run.environmentVariables.SECRET_ARN": "acs:kms:cn-hangzhou:1234567890123456:s/a"},
            {"run.environmentVariables.TOKEN_URL": "https://sso.example.com/oauth2/token"},
            {"run.environmentVariables.LOOP": '{"token_required": true}'},
        ),
        unknown={"run.environmentVariables.API": UNKNOWN},
    ),
    "secret-in-target": Case(
        broken=(
            ({f"{_TARGET}.endpoint": ROBOT}, "endpoint of target 'sample-run'"),
            (
                {
                    f"{_TARGET}.paramLists.0": {
                        "resourceKey": "SecretKey",
                        "form": "CONSTANT",
                        "value": SIGNING,
                    }
                },
                "holds a DingTalk signing secret",
            ),
            (
                {
                    _BODY: {
                        "resourceKey": "Body",
                        "form": "TEMPLATE",
                        "value": "{}",
                        "template": "Bearer 0123456789",
                    }
                },
                "Body of target 'sample-run' (acs.fc.function) holds an authorization header",
            ),
        ),
        unknown={f"{_TARGET}.paramLists.0.value": UNKNOWN},
    ),
    "secret-in-command": Case(
        broken=(
            (script(f"set -e\ncurl '{ROBOT}'\n"), "line 2 of the script holds a DingTalk webhook"),
            (script("-----BEGIN RSA PRIVATE KEY-----"), "holds a private key"),
            (script("API_TOKEN=abcd1234efgh5678"), "holds something called API_TOKEN"),
            (script(f"curl {ROBOT[:40]}\\\n  {ROBOT[40:]}"), "holds a DingTalk webhook"),
        ),
        kept=({}, script('set -e\nTOKEN=$1\nPASSWORD="$(fetch)"\n')),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "secret-in-property": Case(
        broken=(
            ({"run.description": f"posts to {ROBOT}"}, "description holds a DingTalk webhook URL"),
            ({"role.tags.note": f"key {SIGNING}"}, "tags holds a DingTalk signing secret"),
        ),
        kept=({}, {"run.description": SecretText(ROBOT)}, {"run.description": "Gives tokens"}),
        unknown={"run.description": UNKNOWN},
    ),
    "queue-retention": Case(
        broken=(
            ({"queue.messageRetentionPeriod": 86_400}, "86400 s; keep them for 345600 s"),
            ({"queue.messageRetentionPeriod": 0}, "0 s; keep them"),
            (
                {
                    "waiting.messageRetentionPeriod": 600,
                    "run.environmentVariables.DEAD_LETTER_QUEUE": "sample-waiting",
                },
                "600 s; keep them",
            ),
            (
                {
                    "waiting.messageRetentionPeriod": 600,
                    "later.destinationConfig": {
                        "onFailure": {"destination": f"{WAITING}/messages"},
                        "onSuccess": {"destination": f"{QUEUE}/messages"},
                    },
                },
                "600 s; keep them",
            ),
        ),
        kept=(
            {},
            {"queue.messageRetentionPeriod": None},
            {"waiting.messageRetentionPeriod": 600},
        ),
        unknown={"queue.messageRetentionPeriod": UNKNOWN},
    ),
    "queue-reader-called": Case(
        broken=(
            ({"timer": None}, "no timer calls 'sample-publish'"),
            ({"timer.functionName": "sample-run"}, "no timer calls 'sample-publish'"),
            ({"timer": None, "queued": None, **_SENDS}, "no timer calls 'sample-publish'"),
        ),
        kept=(
            {},
            # Nothing of this stack fills it, or nothing of it reads it.
            {"timer": None, "queued": None},
            {"timer": None, "reader": None},
            {
                "timer.triggerType": "eventbridge",
                "timer.triggerConfig": json.dumps(
                    {
                        "eventSourceConfig": {
                            "eventSourceParameters": {
                                "sourceMNSParameters": {"QueueName": "sample-waiting"}
                            }
                        }
                    }
                ),
            },
        ),
        unknown={"timer.functionName": UNKNOWN},
    ),
    "queue-visibility": Case(
        broken=(
            ({"waiting.visibilityTimeout": 59}, "hidden for 59 s"),
            ({"waiting.visibilityTimeout": None}, "hidden for 30 s"),
            ({"publish.timeout": 120}, "may take 120 s"),
        ),
        kept=(
            {},
            {"waiting.visibilityTimeout": 60},
            {"queue.visibilityTimeout": 1},
            # Who may not delete only looks.
            {
                "waiting.visibilityTimeout": 1,
                "reading.policyDocument": document(
                    {"Action": "mns:ReceiveMessage", "Resource": f"{WAITING}/messages"}
                ),
            },
        ),
        unknown={"waiting.visibilityTimeout": UNKNOWN},
    ),
    "target-queue-exists": Case(
        broken=(
            ({"waiting": None}, "queue 'sample-waiting', which this stack does not create"),
            ({"queued.targets.0.paramLists.0.value": "other"}, "queue 'other'"),
            ({"queued.targets.0.endpoint": "acs:mns:::topics/x"}, "names no queue"),
            ({"queued.targets.0.paramLists.0.value": ROBOT}, "names no queue"),
        ),
        unknown={"waiting.queueName": UNKNOWN},
    ),
    "queued-command-gets-complete-event": Case(
        broken=(
            (
                {"queued.targets.0": queue_target("sample-waiting", "TEMPLATE"), **_RUNS},
                "gets its Body as TEMPLATE and is read by function 'sample-publish'",
            ),
        ),
        kept=({}, {"queued.targets.0": queue_target("sample-waiting", "TEMPLATE")}, _RUNS),
        unknown={
            "queued.targets.0": queue_target("sample-waiting", "TEMPLATE"),
            "reading.policyDocument": UNKNOWN,
        },
    ),
    "trigger-on": Case(
        broken=(
            ({"timer.triggerConfig": '{"cronExpression": "@every 1m"}'}, "the timer is off"),
            ({"timer.triggerConfig": '{"enable": "true"}'}, "the timer is off"),
            ({"timer.triggerConfig": '{"enable": true}'}, "has no cronExpression"),
            ({"timer.triggerConfig": "@every 1m"}, "of the timer is not JSON"),
        ),
        kept=({}, {"trigger.triggerConfig": "{}"}),
        unknown={"timer.triggerConfig": UNKNOWN},
    ),
    "trigger-function-exists": Case(
        broken=(
            ({"timer.functionName": "sample"}, "of function 'sample', which this stack"),
            ({"later.functionName": "sample"}, "of function 'sample', which this stack"),
        ),
        unknown={"timer.functionName": UNKNOWN},
    ),
    "async-destinations-both": Case(
        broken=(
            ({"later.destinationConfig": {"onFailure": {"destination": QUEUE}}}, "only onFailure"),
            (
                {
                    "later.destinationConfig": {
                        "onFailure": {"destination": ""},
                        "onSuccess": {"destination": QUEUE},
                    }
                },
                "only onSuccess",
            ),
        ),
        kept=(
            {},
            {"later.destinationConfig": {}},
            {
                "later.destinationConfig": {
                    "onFailure": {"destination": QUEUE},
                    "onSuccess": {"destination": WAITING},
                }
            },
        ),
        unknown={"later.destinationConfig": {"onFailure": {"destination": UNKNOWN}}},
    ),
    "alarm-heard": Case(
        broken=(
            ({"alarm": (tokens.ALARM, {"enabled": False, "contactGroups": ["a"]})}, "is off"),
            ({"alarm": (tokens.ALARM, {"contactGroups": []})}, "nobody hears it"),
            ({"alarm": (tokens.ALARM, {})}, "nobody hears it"),
        ),
        kept=({}, {"alarm": (tokens.ALARM, {"contactGroups": ["a"]})}),
        unknown={"alarm": (tokens.ALARM, {"contactGroups": UNKNOWN})},
    ),
    "log-retention": Case(
        broken=(
            ({"store.retentionPeriod": 7}, "7 days; at least 90"),
            ({"store.retentionPeriod": None}, "30 days; at least 90"),
        ),
        unknown={"store.retentionPeriod": UNKNOWN},
    ),
    "resource-tags": Case(
        broken=(
            ({"run.tags": None}, "lack app, environment"),
            ({"role.tags": {"app": "sample"}}, "lack environment"),
            ({"queue.tags": {"app": "", "environment": "prod"}}, "lack app"),
            ({"project.tags": {}}, "lack app, environment"),
        ),
        unknown={"run.tags": UNKNOWN},
    ),
    "source-has-rule": Case(
        broken=(
            ({"source.eventSourceName": "sample.other"}, "names source 'sample.other'"),
            ({"source.eventBusName": "other"}, "no rule on bus 'other'"),
            ({"approved": None, **pattern({})}, "names source 'sample.approval'"),
            ({"approved.targets.0.type": "acs.sls"}, "names source 'sample.approval'"),
        ),
        kept=(
            {},
            {"approved.filterPattern": '{"source": [{"prefix": "sample."}]}'},
            {"completed.filterPattern": UNKNOWN},
        ),
        unknown={"approved.filterPattern": UNKNOWN},
    ),
    "source-guarded": Case(
        broken=(
            ({f"{_HTTP}.securityConfig": "none"}, "whoever has the URL"),
            (
                {f"{_HTTP}.securityConfig": "referer", f"{_HTTP}.referers": ["dingtalk.com"]},
                "whoever has the URL",
            ),
            (
                {
                    f"{_HTTP}.securityConfig": "none",
                    "run.environmentVariables.SOURCE_TOKENS": '{"another": "x1"}',
                },
                "whoever has the URL",
            ),
        ),
        kept=(
            {},
            {
                f"{_HTTP}.securityConfig": "none",
                "run.environmentVariables.SOURCE_TOKENS": '{"sample.approval": "x1"}',
            },
        ),
        unknown={f"{_HTTP}.securityConfig": "none", "run.environmentVariables": UNKNOWN},
    ),
    "source-name-unique": Case(
        broken=(
            (
                {
                    "twin": (
                        tokens.EVENT_SOURCE,
                        {"eventSourceName": "sample.approval", "eventBusName": "another"},
                    )
                },
                "2 sources are called 'sample.approval'",
            ),
        ),
        unknown={"source.eventSourceName": UNKNOWN},
    ),
    "target-function-exists": Case(
        broken=(
            ({"run": None}, "calls function 'sample-run', which this stack does not create"),
            (
                {f"{_TARGET}.endpoint": "?", f"{_TARGET}.paramLists.0.value": "gone"},
                "calls function 'gone'",
            ),
        ),
        kept=({}, {"publish.functionName": "sample-publish"}),
        unknown={"run.functionName": UNKNOWN},
    ),
    "dead-letter-queue-exists": Case(
        broken=(({"queue.queueName": "another"}, "go to queue 'sample-dead-letters'"),),
        kept=(
            {},
            {f"{_TARGET}.deadLetterQueue.arn": QUEUE.replace(":/queues", ":queues")},
            {f"{_TARGET}.deadLetterQueue.arn": "acs:mq:cn-hangzhou:1:/topics/dead"},
        ),
        unknown={"queue.queueName": UNKNOWN},
    ),
    "chat-hears-both-outcomes": Case(
        broken=(
            ({"failed": None}, "no rule failed-ops beside 'completed-ops'"),
            ({"completed.eventBusName": "another"}, "no rule completed-ops beside 'failed-ops'"),
        ),
        kept=({}, {"failed": None, "completed": None}),
        unknown={"failed.ruleName": UNKNOWN},
    ),
    "command-gets-complete-event": Case(
        broken=(
            (
                {f"{_BODY}.form": "JSONPATH", f"{_BODY}.value": "$.data"},
                "gets its Body as JSONPATH",
            ),
            ({f"{_BODY}.form": "TEMPLATE", f"{_BODY}.value": "{}"}, "gets its Body as TEMPLATE"),
            ({f"{_BODY}.resourceKey": "Other"}, "gets its Body as none"),
        ),
        kept=(
            {},
            # Not allowed to run commands: it may be given what is convenient.
            {"completed.targets.0.paramLists.1.form": "JSONPATH"},
            {"policy.policyDocument": UNKNOWN},
        ),
        unknown={f"{_BODY}.form": "JSONPATH", "policy.policyDocument": UNKNOWN},
    ),
    "command-end-heard": Case(
        broken=(
            ({"command.name": "other-0123"}, "hears the end of runs of 'other-0123'"),
            ({"finished.eventBusName": "sample"}, "no rule on bus 'default'"),
            ({_COMMAND_NAME: '{"type": ["ecs:Instance:StateChange"]}'}, "no rule on bus"),
        ),
        kept=({}, {_COMMAND_NAME: '{"source": ["acs.ecs"]}'}),
        unknown={_COMMAND_NAME: UNKNOWN},
    ),
    "bus-rules-quota": Case(
        broken=(
            (
                {
                    f"rule{n}": (tokens.EVENT_RULE, {"eventBusName": "sample", "ruleName": str(n)})
                    for n in range(47)
                },
                "bus 'sample' has 51 rules; at most 50",
            ),
        ),
        unknown={"approved.eventBusName": UNKNOWN},
    ),
    "function-role-own": Case(
        broken=(
            (
                {"publish.role": "acs:ram::1234567890123456:role/sample-run"},
                "'sample-run' shares role 'sample-run' with 'sample-publish'",
            ),
        ),
        kept=({}, {"publish.role": None, "run.role": None}),
        unknown={"run.role": UNKNOWN},
    ),
    "event-source-own-name": Case(
        broken=(
            ({"source.eventSourceName": "acs.ecs"}, "is called 'acs.ecs'"),
            ({"source.eventSourceName": "ecs.provisioning"}, "in whose name others publish"),
        ),
        kept=({}, {"source.eventSourceName": "acsomething"}),
        unknown={"source.eventSourceName": UNKNOWN},
    ),
    "command-readable": Case(
        broken=(
            (script("#!/usr/bin/env python3\n# {{user}}\n"), "is not a shell script"),
            ({"command.type": "RunPowerShellScript"}, "'RunPowerShellScript' is not a shell"),
        ),
        kept=({}, script("#!/bin/dash\n"), {"command.commandContent": "?"}),
        unknown={"command.type": UNKNOWN},
    ),
    "command-fetches-https": Case(
        broken=((script("curl http://a.example/b"), "line 1 names a.example over plain HTTP"),),
        kept=(
            {},
            script("curl https://a.example\n# http://a.example\ncurl http://127.0.0.1/\n"),
            script("curl http://100.100.100.200/latest/meta-data/instance-id\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-runs-what-it-holds": Case(
        broken=(
            (script("curl -s https://a.example | sh\n"), "line 1 runs what is not in the script"),
            (script("yum install -y https://a.example/b.rpm\n"), "installs what it fetches"),
            (
                script("curl -so a.sh https://a.example\nbash a.sh\n"),
                "line 2 runs a.sh, which was fetched",
            ),
        ),
        kept=(
            {},
            script("# curl x | sh\ncurl -s https://a.example | jq .id\nyum install -y jq\n"),
            script(
                "curl -so a.sh https://a.example\necho '0  a.sh' | sha256sum --check\nbash a.sh\n"
            ),
            script("curl -so a.json https://a.example\njq . a.json\n"),
            script("curl -s https://a.example | python3 -c 'import json'\n"),
            script("python3 - <<'END'\nprint(1)\nEND\nbash /opt/own.sh </dev/null\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-sudo-narrow": Case(
        broken=(
            (script("sudo ALL=(ALL) NOPASSWD: ALL"), "line 1 allows every command"),
            (script("sudo ALL=(root) NOPASSWD: /bin/vi"), "allows /bin/vi, which opens a shell"),
            (script("sudo ALL=(root) /bin/cat /var/log/*"), "has a wildcard"),
            (script("sudo ALL=(root) NOPASSWD: reboot"), "names 'reboot' without its path"),
        ),
        kept=(
            {},
            script("sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service\n"),
            script("sudo ALL=(deploy, www) NOPASSWD: ALL\nPATH=/bin:/usr/bin\n"),
            script("sudo ALL=(root) NOPASSWD: /usr/bin/journalctl --no-pager -u app\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-groups-narrow": Case(
        broken=(
            (script("usermod -aG docker x"), "adds the group 'docker'"),
            (script("groups deploy wheel"), "adds the group 'wheel'"),
        ),
        kept=({}, script("groups deploy systemd-journal adm\n# usermod -aG docker x\n")),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-keys-personal": Case(
        broken=(
            (script(f"key {_KEY} a\nkey {_KEY} b"), "line 2 gives the public key of line 1"),
            (script(f"readonly EVERYONE='key {_KEY} a'"), "gives everybody the same public key"),
        ),
        kept=({}, script(f"key {_KEY} a\nkey {_KEY[:-1]}B b")),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-accounts-end": Case(
        broken=(
            (script(f"[ops]='packages git\n{_RESTART}'"), "'ops' a sudo rule for root, and no end"),
            (script(f"[ops]='{_RESTART}\nexpires 900'"), "sudo rule for root, and 900 days"),
            (script(f"EVERYONE='{_RESTART}'\n[ops]='groups ops'"), "'ops' a sudo rule for root"),
            (script("useradd --create-home emp-1"), "line 1 creates an account that has no end"),
            (script("useradd -e '' emp-1"), "takes an account's end away"),
            (script("chage -E -1 emp-1"), "takes an account's end away"),
        ),
        kept=(
            {},
            script(f"[ops]='{_RESTART}\nexpires 365'"),
            script("[ops]='groups deploy\nsudo ALL=(deploy) NOPASSWD: ALL'"),
            script("useradd --system --shell /usr/sbin/nologin agent"),
            script('useradd emp-1\nchage -E "$end" emp-1'),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "resource-type-known": Case(
        broken=(
            (
                {"other": ("alicloud:ecs/instance:Instance", {})},
                "no rule knows the type 'alicloud:ecs/instance:Instance'",
            ),
        ),
        kept=({}, {"other": ("random:index/randomId:RandomId", {})}),
        # The type is no input: it is known, whatever the inputs are.
        unknown={},
    ),
    "provider-https": Case(
        broken=(
            ({"provider": {"protocol": "HTTP"}}, "speaks HTTP to the cloud"),
            (
                {"provider": {"protocol": "http", "endpoints": [{"ecs": "ecs.example.com:80"}]}},
                "speaks HTTP to ecs.example.com:80",
            ),
        ),
        kept=(
            {},
            {"provider": {"protocol": "HTTP", "endpoints": '[{"ecs": "127.0.0.1:8642"}]'}},
        ),
        unknown={"provider": {"protocol": UNKNOWN}},
    ),
}
