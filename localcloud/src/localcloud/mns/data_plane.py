"""MNS's data plane (REST with XML, 2015-06-06): messages, as the official SDK sends and reads them.

One path serves several operations; the wire style tells them apart by query and body.
"""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.api import Action, Answer, ApiCall, Product, Route, WireStyle
from localcloud.errors import ApiError
from localcloud.http import HttpResponse
from localcloud.mns import encoding
from localcloud.mns.errors import InvalidArgumentError, QueueNotExistError
from localcloud.mns.service import DEFAULT_PRIORITY, NUMBERS, Message, Mns, Queue, require_message
from localcloud.whole_number import whole_number

_BATCH = 16
_XML = {"content-type": "text/xml;charset=utf-8"}


async def list_queues(mns: Mns, call: ApiCall) -> Answer:
    """Return the addresses of the queues, by name."""
    queues = mns.queues(call.headers.get("x-mns-prefix", ""))
    marker = call.headers.get("x-mns-marker", "")
    size = _whole("x-mns-ret-number", call.headers.get("x-mns-ret-number", "1000"), 1, 1000)
    after = [q for q in queues if q.name > marker]
    last = {"NextMarker": after[size - 1].name} if len(after) > size else {}
    rows = [{"QueueURL": _url(mns, q)} for q in after[:size]]
    return _answer(200, encoding.write_list("Queues", "Queue", rows, last))


async def put_queue(mns: Mns, call: ApiCall) -> Answer:
    """Create a queue or, with ``metaoverride``, change one."""
    name = call.path["queueName"]
    values = encoding.fields(encoding.read(call.body, "Queue")) if call.body else {}
    attributes: dict[str, int | bool] = {
        attribute: _whole(element, values[element], 0, 10**9)
        for element, attribute in NUMBERS.items()
        if values.get(element)
    }
    if values.get("LoggingEnabled"):
        attributes["logging_enabled"] = values["LoggingEnabled"].lower() == "true"
    if call.params.get("metaoverride") == "true":
        mns.change_queue(name, attributes)
        return HttpResponse(204)
    queue = mns.create_queue(name, attributes)
    return HttpResponse(201, b"", {"location": _url(mns, queue)})


async def get_queue(mns: Mns, call: ApiCall) -> Answer:
    """Return a queue's attributes and numbers of messages."""
    queue = mns.queue(call.path["queueName"])
    counts = await mns.counts(queue.name)
    values = {
        "QueueName": queue.name,
        **{element: getattr(queue, attribute) for element, attribute in NUMBERS.items()},
        "LoggingEnabled": queue.logging_enabled,
        "CreateTime": int(queue.created),
        "LastModifyTime": int(queue.modified),
        "ActiveMessages": counts.active,
        "InactiveMessages": counts.inactive,
        "DelayMessages": counts.delayed,
    }
    return _answer(200, encoding.write("Queue", values))


async def delete_queue(mns: Mns, call: ApiCall) -> Answer:
    """Delete a queue and its messages."""
    mns.delete_queue(call.path["queueName"])
    return HttpResponse(204)


async def send_message(mns: Mns, call: ApiCall) -> Answer:
    """Put a message into a queue."""
    values = encoding.fields(encoding.read(call.body, "Message"))
    return _answer(201, encoding.write("Message", _receipt(_send(mns, _name(call), values))))


async def batch_send_message(mns: Mns, call: ApiCall) -> Answer:
    """Put up to 16 messages into a queue; each may be refused by itself."""
    wanted = [encoding.fields(element) for element in encoding.read(call.body, "Messages")]
    if not 1 <= len(wanted) <= _BATCH:
        raise InvalidArgumentError("Messages", len(wanted), f"1 to {_BATCH} messages")
    results: list[Mapping[str, object]] = []
    failed = False
    for values in wanted:
        try:
            results.append(_receipt(_send(mns, _name(call), values)))
        except InvalidArgumentError as error:
            failed = True
            results.append({"ErrorCode": error.code, "ErrorMessage": error.message})
    return _answer(500 if failed else 201, encoding.write_list("Messages", "Message", results))


async def receive_message(mns: Mns, call: ApiCall) -> Answer:
    """Receive a message, waiting for it if asked."""
    (message,) = await _received(mns, call, 1)
    return _answer(200, encoding.write("Message", _message(message, received=True)))


async def batch_receive_message(mns: Mns, call: ApiCall) -> Answer:
    """Receive up to 16 messages, waiting for the first of them if asked."""
    rows = [_message(m, received=True) for m in await _received(mns, call, _count(call))]
    return _answer(200, encoding.write_list("Messages", "Message", rows))


async def peek_message(mns: Mns, call: ApiCall) -> Answer:
    """Look at the next message and leave it where it is."""
    (message,) = await _peeked(mns, call, 1)
    return _answer(200, encoding.write("Message", _message(message, received=False)))


async def batch_peek_message(mns: Mns, call: ApiCall) -> Answer:
    """Look at up to 16 messages and leave them where they are."""
    rows = [_message(m, received=False) for m in await _peeked(mns, call, _count(call))]
    return _answer(200, encoding.write_list("Messages", "Message", rows))


async def delete_message(mns: Mns, call: ApiCall) -> Answer:
    """Delete a received message."""
    await mns.delete(_name(call), call.required("ReceiptHandle"))
    return HttpResponse(204)


async def batch_delete_message(mns: Mns, call: ApiCall) -> Answer:
    """Delete up to 16 received messages whose receipts are in the body."""
    handles = [element.text or "" for element in encoding.read(call.body, "ReceiptHandles")]
    if not 1 <= len(handles) <= _BATCH:
        raise InvalidArgumentError("ReceiptHandles", len(handles), f"1 to {_BATCH} receipt handles")
    errors: list[Mapping[str, object]] = []
    for handle in handles:
        try:
            await mns.delete(_name(call), handle)
        except QueueNotExistError:
            raise
        except ApiError as error:
            errors.append(
                {
                    "ErrorCode": error.code,
                    "ErrorMessage": error.message,
                    "ReceiptHandle": handle,
                }
            )
    if errors:
        return _answer(404, encoding.write_list("Errors", "Error", errors))
    return HttpResponse(204)


async def change_message_visibility(mns: Mns, call: ApiCall) -> Answer:
    """Change how long a received message stays invisible."""
    seconds = _whole("VisibilityTimeout", call.required("VisibilityTimeout"), 1, 43_200)
    message = await mns.change_visibility(
        call.path["queueName"], call.required("ReceiptHandle"), seconds
    )
    values = {"ReceiptHandle": message.receipt, "NextVisibleTime": _milliseconds(message.visible)}
    return _answer(200, encoding.write("ChangeVisibility", values))


def _name(call: ApiCall) -> str:
    return call.path["queueName"]


def _count(call: ApiCall) -> int:
    return _whole("numOfMessages", call.params.get("numOfMessages", ""), 1, _BATCH)


async def _received(mns: Mns, call: ApiCall, count: int) -> list[Message]:
    queue = mns.queue(_name(call))
    text = call.params.get("waitseconds", str(queue.polling_wait_seconds))
    wait = _whole("waitseconds", text, 0, 30)
    return require_message(await mns.receive_within(queue.name, count, wait), queue.name)


async def _peeked(mns: Mns, call: ApiCall, count: int) -> list[Message]:
    return require_message(await mns.peek(_name(call), count), _name(call))


def _send(mns: Mns, queue: str, values: Mapping[str, str]) -> Message:
    if not values.get("MessageBody"):
        raise InvalidArgumentError("MessageBody", "", "a text that is not empty")
    delay = values.get("DelaySeconds")
    return mns.send(
        queue,
        values["MessageBody"],
        delay_seconds=_whole("DelaySeconds", delay, 0, 604_800) if delay else None,
        priority=_whole("Priority", values.get("Priority") or str(DEFAULT_PRIORITY), 1, 16),
    )


def _receipt(message: Message) -> dict[str, object]:
    return {"MessageId": message.id, "MessageBodyMD5": message.body_md5}


def _message(message: Message, *, received: bool) -> dict[str, object]:
    values: dict[str, object] = {
        "MessageId": message.id,
        "MessageBodyMD5": message.body_md5,
        "MessageBody": message.body,
        "EnqueueTime": _milliseconds(message.enqueued),
        "FirstDequeueTime": _milliseconds(message.first_dequeued or message.enqueued),
        "DequeueCount": message.dequeues,
        "Priority": message.priority,
    }
    if received:
        values["ReceiptHandle"] = message.receipt
        values["NextVisibleTime"] = _milliseconds(message.visible)
    return values


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _whole(name: str, text: str, low: int, high: int) -> int:
    number = whole_number(text)
    if number is None or not low <= number <= high:
        raise InvalidArgumentError(name, text, f"a whole number from {low} to {high}")
    return number


def _url(mns: Mns, queue: Queue) -> str:
    return f"{mns.settings.endpoint}/queues/{queue.name}"


def _answer(status: int, body: bytes) -> HttpResponse:
    return HttpResponse(status, body, _XML)


def _queue(mns: Mns, call: ApiCall) -> list[str]:
    return [mns.arn(call.path["queueName"])]


def _messages(mns: Mns, call: ApiCall) -> list[str]:
    # "Permission policies and examples": messages are resources themselves.
    return [mns.arn(call.path["queueName"]) + "/messages"]


def _any_queue(mns: Mns, _call: ApiCall) -> list[str]:
    return [mns.arn("*")]


_NO_PROPERTIES = "no user or system properties, no message groups"

ACTIONS: dict[str, Action[Mns]] = {
    "ListQueue": Action(list_queues, "mns:ListQueue", _any_queue, "without attributes"),
    "PutQueue": Action(put_queue, "mns:CreateQueue", _queue, "asks for one permission in both"),
    "GetQueueAttributes": Action(get_queue, "mns:GetQueueAttributes", _queue),
    "DeleteQueue": Action(delete_queue, "mns:DeleteQueue", _queue),
    "SendMessage": Action(send_message, "mns:SendMessage", _messages, _NO_PROPERTIES),
    "BatchSendMessage": Action(batch_send_message, "mns:SendMessage", _messages, _NO_PROPERTIES),
    "ReceiveMessage": Action(receive_message, "mns:ReceiveMessage", _messages),
    # One page names a permission of its own for batches, another the one for single messages.
    "BatchReceiveMessage": Action(
        batch_receive_message,
        "mns:ReceiveMessage",
        _messages,
        also=("mns:BatchReceiveMessage",),
    ),
    "PeekMessage": Action(peek_message, "mns:PeekMessage", _messages),
    "BatchPeekMessage": Action(batch_peek_message, "mns:PeekMessage", _messages),
    "DeleteMessage": Action(delete_message, "mns:DeleteMessage", _messages),
    # guess: that batches may have a permission of their own here, too.
    "BatchDeleteMessage": Action(
        batch_delete_message, "mns:DeleteMessage", _messages, also=("mns:BatchDeleteMessage",)
    ),
    "ChangeMessageVisibility": Action(
        change_message_visibility, "mns:ChangeMessageVisibility", _messages
    ),
}

ROUTES: list[Route] = [
    ("GET", "/queues", "ListQueue"),
    ("PUT", "/queues/{queueName}", "PutQueue"),
    ("GET", "/queues/{queueName}", "GetQueueAttributes"),
    ("DELETE", "/queues/{queueName}", "DeleteQueue"),
    ("POST", "/queues/{queueName}/messages", "SendMessage"),
    ("GET", "/queues/{queueName}/messages", "ReceiveMessage"),
    ("DELETE", "/queues/{queueName}/messages", "DeleteMessage"),
    ("PUT", "/queues/{queueName}/messages", "ChangeMessageVisibility"),
]

PRODUCT = Product(
    service=Mns,
    style=WireStyle.MNS,
    title="MNS data plane, `/queues/`",
    actions=ACTIONS,
    routes=ROUTES,
)
