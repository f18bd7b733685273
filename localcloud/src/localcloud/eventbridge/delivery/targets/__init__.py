"""The targets that can be delivered to: one sender for each type."""

from collections.abc import Callable
from typing import Any

from localcloud.environment import Environment, uuid_form
from localcloud.eventbridge.delivery.http_client import HttpClient
from localcloud.eventbridge.delivery.target import Send
from localcloud.eventbridge.delivery.targets.function import (
    FunctionTarget,
    Invoke,
    InvokeLater,
)
from localcloud.eventbridge.delivery.targets.own import AppendLog, BusTarget, LogTarget, QueueTarget
from localcloud.eventbridge.delivery.targets.web import DingTalkTarget, HttpTarget
from localcloud.readings import Readings


def senders(
    environment: Environment,
    client: HttpClient,
    readings: Readings,
    *,
    invoke: Invoke,
    invoke_later: InvokeLater,
    send_message: Callable[[str, str], object],
    append_log: AppendLog,
    publish: Callable[[str, dict[str, Any]], object],
) -> dict[str, Send]:
    """Return the sender of each type; the callables are the other services' own."""
    web = HttpTarget(client)
    return {
        "acs.fc.function": FunctionTarget(
            readings, invoke, invoke_later, lambda: uuid_form(environment.ids())
        ),
        "acs.dingtalk": DingTalkTarget(client, environment.clock),
        "acs.eventbridge": BusTarget(publish),
        "acs.mns.queue": QueueTarget(send_message),
        "acs.sls": LogTarget(append_log),
        "http": web,
        "https": web,
    }
