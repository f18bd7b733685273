"""Ways to make the sample stack dangerous."""

import base64
import json
from typing import Any

from tests.unit.policies.sample_stack import SCRIPT, Changes, document, encode, trust

INSTANCE = "acs:ecs:cn-hangzhou:1234567890123456:instance/i-1"
ROLE = "acs:ram::1234567890123456:role/deployer"
OIDC = "acs:ram::1234567890123456:oidc-provider/github"
TARGET = "approved.targets.0"
BODY = f"{TARGET}.paramLists.1"
GITHUB = "ghp_" + "0123456789abcdefABCDEF0123456789abcd"
SUBJECT = {
    "oidc:iss": "https://token.actions.githubusercontent.com",
    "oidc:aud": "sts.aliyuncs.com",
}


def policy(**statement: Any) -> Changes:
    """Put another statement into the policy."""
    return {"policy.policyDocument": document(statement)}


def on_kind(condition: Any, action: str = "ecs:InvokeCommand") -> Changes:
    """Allow an action on all instances, under a condition."""
    return policy(
        Action=action,
        Resource="acs:ecs:*:*:instance/*",
        Condition=condition,
    )


def raw(text: str) -> Changes:
    """Put any text in the place of the policy."""
    return {"policy.policyDocument": text}


def trusted(principal: Any, **more: Any) -> Changes:
    """Let somebody else take the role on."""
    return {"role.assumeRolePolicyDocument": trust(principal, **more)}


def github(condition: Any) -> Changes:
    """Let tokens of GitHub take the role on, under a condition."""
    return trusted({"Federated": [OIDC]}, Condition=condition)


def pattern(source: Any) -> Changes:
    """Change the source of the rule ``completed``."""
    return {"completed.filterPattern": json.dumps({"source": source})}


def template(value: str) -> Changes:
    """Let a target paste a value into a template."""
    return {
        BODY: {"resourceKey": "Body", "form": "TEMPLATE", "value": value, "template": "${x}"},
        # Not allowed to run commands, so that only the template is wrong.
        "attachment": None,
        "policy": None,
    }


def url(url: str) -> Changes:
    """Let a target post to another address."""
    return {f"{TARGET}.paramLists.0.value": url}


def script(line: str) -> Changes:
    """Put a line into the script, before it makes an account."""
    return {"command.commandContent": encode(SCRIPT.replace("useradd", f"{line}\nuseradd"))}


def variable(name: str, value: str) -> Changes:
    """Add a variable to the function."""
    return {f"run.environmentVariables.{name}": value}


def other(token: str, **properties: Any) -> Changes:
    """Add a resource of a type."""
    return {"other": (token, properties)}


ENCODED = base64.b64encode(f"token {GITHUB}".encode()).decode()
