"""The event by which Cloud Assistant tells that a run has ended; pure.

Source: "Use EventBridge and Cloud Monitor to subscribe to Cloud Assistant events".
"""

import hashlib
from typing import Any

from localcloud.ecs import statuses
from localcloud.ecs.invocations import Invocation, Result
from localcloud.environment import iso_utc, uuid_form
from localcloud.settings import CloudSettings


def task_completed(
    settings: CloudSettings, invocation: Invocation, result: Result, now: float
) -> dict[str, Any]:
    """Describe the end of a run on one instance for the bus ``default``."""
    # One run has one id, so that nobody takes a repeated event for a second one.
    key = f"{invocation.invoke_id}:{result.instance_id}"
    return {
        "id": uuid_form(hashlib.sha256(key.encode()).hexdigest()[:32]).lower(),
        "source": "acs.ecs",
        "specversion": "1.0",
        "subject": f"acs.ecs:{settings.region}:{settings.account_id}:{result.instance_id}",
        "time": iso_utc(now),
        "type": "ecs:CloudAssistant:TaskCompleted",
        "datacontenttype": "application/json;charset=utf-8",
        "aliyunaccountid": settings.account_id,
        "aliyunpublishtime": iso_utc(now),
        "aliyuneventbusname": "default",
        "aliyunregionid": settings.region,
        "aliyunpublishaddr": "127.0.0.1",
        "data": {
            "commandId": invocation.command_id,
            "commandName": invocation.command_name,
            "invokeId": invocation.invoke_id,
            "instanceId": result.instance_id,
            "invocationStatus": result.status,
            "exitCode": "" if result.exit_code is None else str(result.exit_code),
            "startTime": _time(result.started),
            "finishTime": _time(result.finished),
            # guess: the documented sample ends here; the rest is what the fields of
            # DescribeInvocations suggest.
            "creationTime": iso_utc(invocation.created),
            "repeatMode": "Once",
            "timed": "false",
            "username": invocation.username or "root",
            "errorCode": result.error_code,
            "errorInfo": statuses.ERROR_INFO.get(result.error_code, ""),
            "dropped": str(result.dropped),
        },
    }


def _time(seconds: float | None) -> str:
    return "" if seconds is None else iso_utc(seconds)
