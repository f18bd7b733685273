"""The actions that stop, start and release instances, so that a test can take one away."""

from dataclasses import replace

from localcloud.api import Answer, ApiCall
from localcloud.ecs.encoding import arn
from localcloud.ecs.errors import EcsError
from localcloud.ecs.instances import RELEASED, RUNNING, STOPPED, InstanceRow
from localcloud.ecs.service import Ecs


async def stop_instance(ecs: Ecs, call: ApiCall) -> Answer:
    """Stop an instance at once; what runs on it ends."""
    row = _in_state(ecs, call, RUNNING)
    ecs.instances.put(row.instance_id, replace(row, status=STOPPED))
    await ecs.end_runs_on(row.instance_id)
    return {}


async def start_instance(ecs: Ecs, call: ApiCall) -> Answer:
    """Start an instance at once, with what was on its disk."""
    row = _in_state(ecs, call, STOPPED)
    ecs.instances.put(row.instance_id, replace(row, status=RUNNING))
    return {}


async def delete_instance(ecs: Ecs, call: ApiCall) -> Answer:
    """Release an instance: it is not there any more."""
    row = _instance(ecs, call)
    if row.status != STOPPED and not call.boolean("Force"):
        raise EcsError("IncorrectInstanceStatus", "Stop it first, or use Force")
    ecs.release(row)
    await ecs.end_runs_on(row.instance_id)
    return {}


def power_target(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the instance."""
    return [arn(ecs, "instance", call.params.get("InstanceId", "") or "*")]


def _in_state(ecs: Ecs, call: ApiCall, status: str) -> InstanceRow:
    row = _instance(ecs, call)
    if row.status != status:
        raise EcsError("IncorrectInstanceStatus", f"It is {row.status}")
    return row


def _instance(ecs: Ecs, call: ApiCall) -> InstanceRow:
    instance_id = call.required("InstanceId")
    row = ecs.instances.get(instance_id)
    if row is None or row.status == RELEASED:
        # ECS's own code; that of Cloud Assistant is another.
        raise EcsError("InvalidInstanceId.NotFound", f"Given was '{instance_id[:80]}'")
    return row
