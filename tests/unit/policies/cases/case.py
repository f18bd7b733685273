"""A rule's cases, and ways to spoil the sample stack that several of them need."""

import json
from dataclasses import dataclass, field

from provisioning_policies import tokens
from tests.unit.policies.sample_stack import (
    WAITING,
    Changes,
    document,
    encode,
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


HTTP = "source.sourceHttpEventParameters"
TARGET = "approved.targets.0"
BODY = f"{TARGET}.paramLists.1"
COMMAND_NAME = "finished.filterPattern"
INSTANCE = "acs:ecs:cn-hangzhou:1234567890123456:instance/i-1"
GITHUB = "acs:ram::1234567890123456:oidc-provider/github"
TOKEN = {"oidc:aud": "sts.aliyuncs.com", "oidc:iss": "https://token.actions.githubusercontent.com"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
RESTART = "sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart app"
# The function that runs commands puts messages into the queue of the other one.
SENDS = policy({"Action": "mns:SendMessage", "Resource": f"{WAITING}/messages"})
# The function that reads the queue also runs commands.
RUNS: Changes = {
    "reading.policyDocument": document(
        {"Action": "mns:ReceiveMessage", "Resource": f"{WAITING}/messages"},
        {"Action": "ecs:RunCommand", "Resource": INSTANCE},
    )
}


def domain(**properties: object) -> Changes:
    """Add a domain of a function's own."""
    return {"domain": (tokens.CUSTOM_DOMAIN, {"protocol": "HTTPS", **properties})}
