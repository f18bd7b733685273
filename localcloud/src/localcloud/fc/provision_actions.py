"""The actions on instances that are kept ready."""

from typing import Any

from localcloud.api import Action, Answer, ApiCall
from localcloud.fc import encoding
from localcloud.fc.errors import InvalidArgumentError, NotSupportedHereError
from localcloud.fc.provision import MOST, Provision
from localcloud.fc.registry import LATEST
from localcloud.fc.service import FunctionCompute

_ACCEPTED = (
    "alwaysAllocateCPU", "alwaysAllocateGPU", "defaultTarget", "functionName", "scheduledActions",
    "target", "targetTrackingPolicies",
)  # fmt: skip


async def put_provision_config(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Keep instances of a function ready."""
    body = encoding.only(call, *_ACCEPTED)
    for setting in ("scheduledActions", "targetTrackingPolicies", "alwaysAllocateGPU"):
        if body.get(setting):
            raise NotSupportedHereError(f"the setting '{setting}' of provisioned instances")
    # The provider still sends the older of the two names.
    number = body.get("defaultTarget", body.get("target"))
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST:
        raise InvalidArgumentError("defaultTarget", number, f"a whole number from 0 to {MOST}")
    name, qualifier = _target(fc, call)
    made = fc.provisions.put(name, qualifier, number)
    fc.keep_ready_soon()
    return _answer(fc, made)


async def get_provision_config(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return how many instances are kept ready."""
    return _answer(fc, fc.provisions.find(*_target(fc, call)))


async def delete_provision_config(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Keep no instance ready."""
    fc.provisions.delete(*_target(fc, call))
    return None


def _target(fc: FunctionCompute, call: ApiCall) -> tuple[str, str]:
    qualifier = call.params.get("qualifier", "") or LATEST
    name = call.path["functionName"]
    fc.registry.target(name, qualifier)
    return name, qualifier


def _answer(fc: FunctionCompute, made: Provision) -> dict[str, Any]:
    target = fc.registry.kept_ready(made.function, made.qualifier)
    ready = fc.pool.count(target.function, target.version) if target else 0
    return {
        "functionArn": f"{fc.registry.arn(made.function)}/{made.qualifier}",
        "defaultTarget": made.target,
        "target": made.target,
        "current": min(made.target, ready),
        "currentError": "",
        "alwaysAllocateCPU": False,
        "alwaysAllocateGPU": False,
        "scheduledActions": [],
        "targetTrackingPolicies": [],
    }


def _one(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(call.path["functionName"])]


_NO_PLANS = "a number only, at most 32: no schedules and no tracking"

ACTIONS: dict[str, Action[FunctionCompute]] = {
    "PutProvisionConfig": Action(put_provision_config, "fc:PutProvisionConfig", _one, _NO_PLANS),
    "GetProvisionConfig": Action(get_provision_config, "fc:GetProvisionConfig", _one),
    "DeleteProvisionConfig": Action(delete_provision_config, "fc:DeleteProvisionConfig", _one),
}
