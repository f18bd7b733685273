"""MNS's control plane (RPC, Mns-open 2022-01-19): queues, their attributes and tags."""

from __future__ import annotations

from typing import Any

from localcloud import strict_json
from localcloud.api import Action, Answer, ApiCall, Product, WireStyle
from localcloud.mns.errors import InvalidArgumentError
from localcloud.mns.service import LIMITS, NUMBERS, Counts, Mns, Queue
from localcloud.whole_number import whole_number

_PAGE = 10


async def create_queue(mns: Mns, call: ApiCall) -> Answer:
    """Create a queue."""
    name = call.required("QueueName")
    if call.params.get("QueueType", "normal") != "normal":
        raise InvalidArgumentError("QueueType", call.params["QueueType"], "normal")
    mns.create_queue(name, {**_attributes(call), "tags": call.pairs("Tag")})
    return _success({})


async def get_queue_attributes(mns: Mns, call: ApiCall) -> Answer:
    """Return a queue's attributes, tags and numbers of messages."""
    queue = mns.queue(call.required("QueueName"))
    return _success(_described(queue, await mns.counts(queue.name)))


async def set_queue_attributes(mns: Mns, call: ApiCall) -> Answer:
    """Change the attributes that the request names."""
    mns.change_queue(call.required("QueueName"), _attributes(call))
    return _success({})


async def delete_queue(mns: Mns, call: ApiCall) -> Answer:
    """Delete a queue and its messages."""
    mns.delete_queue(call.required("QueueName"))
    return _success({})


async def list_queue(mns: Mns, call: ApiCall) -> Answer:
    """Return the queues, by name, one page at a time."""
    wanted = call.params.get("QueueName", "")
    queues = [q for q in mns.queues() if wanted in q.name]
    number = call.integer("PageNum", 1, 1, 1_000_000)
    size = call.integer("PageSize", _PAGE, 1, 100)
    page = queues[(number - 1) * size : number * size]
    return _success(
        {
            "PageData": [_described(q, await mns.counts(q.name)) for q in page],
            "PageNum": number,
            "PageSize": size,
            "Pages": -(-len(queues) // size),
            "Size": len(page),
            "Total": len(queues),
        }
    )


async def tag_resources(mns: Mns, call: ApiCall) -> Answer:
    """Add or replace tags of queues."""
    tags = call.pairs("Tag")
    for name in _tagged(call):
        mns.change_queue(name, {"tags": {**mns.queue(name).tags, **tags}})
    return _success({})


async def untag_resources(mns: Mns, call: ApiCall) -> Answer:
    """Remove tags from queues: the named ones, or all."""
    keys = call.repeated("TagKey")
    everything = call.boolean("All")
    for name in _tagged(call):
        tags = mns.queue(name).tags
        kept = {} if everything else {k: v for k, v in tags.items() if k not in keys}
        mns.change_queue(name, {"tags": kept})
    return _success({})


async def list_tag_resources(mns: Mns, call: ApiCall) -> Answer:
    """Return the tags of queues."""
    wanted = call.pairs("Tag")
    rows = [
        {"ResourceType": "queue", "ResourceId": name, "TagKey": key, "TagValue": value}
        for name in call.repeated("ResourceId") or [q.name for q in mns.queues()]
        for key, value in mns.queue(name).tags.items()
        if not wanted or wanted.get(key) in {value, ""}
    ]
    return {"TagResources": rows}


def _attributes(call: ApiCall) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter, attribute in NUMBERS.items():
        text = call.params.get(parameter, "")
        if text:
            low, high = LIMITS[attribute]
            number = whole_number(text)
            if number is None:
                raise InvalidArgumentError(parameter, text, f"a whole number from {low} to {high}")
            found[attribute] = number
    if "EnableLogging" in call.params:
        found["logging_enabled"] = call.boolean("EnableLogging")
    if call.params.get("DlqPolicy"):
        found["dlq_policy"] = _policy(call.params["DlqPolicy"])
    return found


def _policy(text: str) -> dict[str, Any]:
    accepted = '{"Enabled", "MaxReceiveCount", "DeadLetterTargetQueue"} as JSON'
    try:
        policy = strict_json.read(text)
    except ValueError:
        raise InvalidArgumentError("DlqPolicy", text, accepted) from None
    if not isinstance(policy, dict):
        raise InvalidArgumentError("DlqPolicy", text, accepted)
    count = policy.get("MaxReceiveCount", 16)
    if whole_number(str(count)) is None:
        raise InvalidArgumentError("DlqPolicy.MaxReceiveCount", count, "a whole number")
    # The provider sends the truth value as a word or as JSON's own.
    enabled = str(policy.get("Enabled", "")).lower() == "true"
    return {**policy, "Enabled": enabled}


def _described(queue: Queue, counts: Counts) -> dict[str, Any]:
    return {
        "QueueName": queue.name,
        "QueueType": "normal",
        **{name: getattr(queue, attribute) for name, attribute in NUMBERS.items()},
        "LoggingEnabled": queue.logging_enabled,
        "DlqPolicy": {"Enabled": False, **queue.dlq_policy},
        "Tags": [{"TagKey": k, "TagValue": v} for k, v in queue.tags.items()],
        "CreateTime": int(queue.created),
        "LastModifyTime": int(queue.modified),
        "ActiveMessages": counts.active,
        "InactiveMessages": counts.inactive,
        "DelayMessages": counts.delayed,
    }


def _tagged(call: ApiCall) -> list[str]:
    if call.required("ResourceType").lower() != "queue":
        raise InvalidArgumentError("ResourceType", call.params["ResourceType"], "queue")
    return call.repeated("ResourceId")


def _success(data: dict[str, Any]) -> Answer:
    return {
        "Code": 200,
        "Status": "Success",
        "Message": "operation success",
        "Success": True,
        "Data": data,
    }


def _queue(mns: Mns, call: ApiCall) -> list[str]:
    return [mns.arn(call.params.get("QueueName", ""))]


def _queues(mns: Mns, call: ApiCall) -> list[str]:
    return [mns.arn(name) for name in call.repeated("ResourceId")] or [mns.arn("*")]


def _any_queue(mns: Mns, _call: ApiCall) -> list[str]:
    return [mns.arn("*")]


# Actions and resources: "Simple Message Queue (formerly MNS): RAM authorization".
ACTIONS: dict[str, Action[Mns]] = {
    "CreateQueue": Action(create_queue, "mns:CreateQueue", _queue, "standard queues only"),
    "GetQueueAttributes": Action(get_queue_attributes, "mns:GetQueueAttributes", _queue),
    "SetQueueAttributes": Action(set_queue_attributes, "mns:SetQueueAttributes", _queue),
    "DeleteQueue": Action(delete_queue, "mns:DeleteQueue", _queue),
    "ListQueue": Action(list_queue, "mns:ListQueue", _any_queue, "not filtered by tag"),
    "TagResources": Action(tag_resources, "mns:TagResources", _queues, "queues only"),
    "UntagResources": Action(untag_resources, "mns:UntagResources", _queues, "queues only"),
    "ListTagResources": Action(
        list_tag_resources, "mns:ListTagResources", _queues, "queues only, one page"
    ),
}

_MORE = ("EnableSSE", "KmsKeyId", "SseAlgorithm", "SseType", "TenantRateLimitPolicy")

PRODUCT = Product(
    service=Mns,
    style=WireStyle.RPC,
    title="MNS control plane",
    version="2022-01-19",
    actions=ACTIONS,
    refused={"CreateQueue": _MORE, "SetQueueAttributes": _MORE},
    neighbours=("CreateTopic", "Subscribe", "PublishMessage"),
)
