"""Those who operate a stack, with the rights that the documents say their commands need."""

import json
import re
from collections.abc import Iterable
from itertools import count
from typing import Any

from lab.running_cloud import RunningCloud
from ops.cli import smoke
from tests.e2e.deployed import ROOT

_RAM, _STS = "2015-05-01", "2015-04-01"
_ACCOUNT = "1234567890123456"
_RIGHT = re.compile(r"[a-z]+:[A-Z]\w+")
_GUIDE = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
_TRUST = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"RAM": [f"acs:ram::{_ACCOUNT}:root"]},
}
_numbers = count(1)


def _listed(words: str) -> frozenset[str]:
    """Return the rights that the guide lists in the line with these words."""
    (line,) = [line for line in _GUIDE.splitlines() if words in line]
    return frozenset(_RIGHT.findall(line))


SMOKE = frozenset(_RIGHT.findall(smoke.__doc__ or ""))
SMOKE_IN_THE_GUIDE = _listed("lets an employee who does not exist")
REHEARSAL = _listed("Besides the deployer's rights above it needs")


def deployers() -> list[dict[str, Any]]:
    """Return the statements of the deployer's policy in the guide, for stack ``local``."""
    (policy,) = re.findall(r"```json\n(\{\n  \"Version\".*?)```", _GUIDE, re.DOTALL)
    statements: list[dict[str, Any]] = json.loads(policy.replace("-dev-", "-local-"))["Statement"]
    return statements


def allowing(rights: Iterable[str]) -> dict[str, Any]:
    """Return the statement that allows these, wherever."""
    return {"Effect": "Allow", "Action": sorted(rights), "Resource": "*"}


def key_of_role(cloud: RunningCloud, *statements: dict[str, Any]) -> dict[str, str]:
    """Create a role with a policy; return the variables with a key that may do no more."""
    client, name = cloud.client(), f"operator-{next(_numbers)}"

    def document(*of: dict[str, Any]) -> str:
        return json.dumps({"Version": "1", "Statement": of})

    client.rpc(_RAM, "CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": document(_TRUST)})
    client.rpc(_RAM, "CreatePolicy", {"PolicyName": name, "PolicyDocument": document(*statements)})
    attached = {"PolicyType": "Custom", "PolicyName": name, "RoleName": name}
    client.rpc(_RAM, "AttachPolicyToRole", attached)
    asked = {"RoleArn": f"acs:ram::{_ACCOUNT}:role/{name}", "RoleSessionName": "operator"}
    key = client.rpc(_STS, "AssumeRole", asked)["Credentials"]
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key["AccessKeyId"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key["AccessKeySecret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": key["SecurityToken"],
    }
