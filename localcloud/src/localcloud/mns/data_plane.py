"""MNS's data plane (REST with XML, 2015-06-06): messages, as the official SDK sends and reads them.

One path serves several operations, told apart by the query or by the presence of a body; what is
received and what is only peeked at therefore need the same permission here.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from localcloud.api import Action, Answer, ApiCall, Product, Route, WireStyle
from localcloud.errors import ApiError
from localcloud.http import HttpResponse
from localcloud.mns import encoding
from localcloud.mns.errors import InvalidArgumentError
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
    last = f"<NextMarker>{escape(after[size - 1].name)}</NextMarker>" if len(after) > size else ""
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
    """Put one message, or up to 16, into a queue."""
    queue = call.path["queueName"]
    if not call.body.rstrip().endswith(b"</Messages>"):
        sent = _send(mns, queue, encoding.fields(encoding.read(call.body, "Message")))
        return _answer(201, encoding.write("Message", _receipt(sent)))
    wanted = [encoding.fields(element) for element in encoding.read(call.body, "Messages")]
    if not 1 <= len(wanted) <= _BATCH:
        raise InvalidArgumentError("Messages", len(wanted), f"1 to {_BATCH} messages")
    results: list[Mapping[str, object]] = []
    failed = False
    for values in wanted:
        try:
            results.append(_receipt(_send(mns, queue, values)))
        except InvalidArgumentError as error:
            failed = True
            results.append({"ErrorCode": error.code, "ErrorMessage": error.message})
    return _answer(500 if failed else 201, encoding.write_list("Messages", "Message", results))


async def receive_message(mns: Mns, call: ApiCall) -> Answer:
    """Receive messages, waiting for them if asked; with ``peekonly`` only look at them."""
    queue = mns.queue(call.path["queueName"])
    batch = "numOfMessages" in call.params
    count = _whole("numOfMessages", call.params.get("numOfMessages", "1"), 1, _BATCH)
    peek = call.params.get("peekonly") == "true"
    if peek:
        messages = await mns.peek(queue.name, count)
    else:
        text = call.params.get("waitseconds", str(queue.polling_wait_seconds))
        wait = _whole("waitseconds", text, 0, 30)
        messages = await mns.receive_within(queue.name, count, wait)
    rows = [_message(m, received=not peek) for m in require_message(messages, queue.name)]
    if batch:
        return _answer(200, encoding.write_list("Messages", "Message", rows))
    return _answer(200, encoding.write("Message", rows[0]))


async def delete_message(mns: Mns, call: ApiCall) -> Answer:
    """Delete a received message, or up to 16 whose receipts are in the body."""
    queue = call.path["queueName"]
    if not call.body:
        await mns.delete(queue, call.required("ReceiptHandle"))
        return HttpResponse(204)
    handles = [element.text or "" for element in encoding.read(call.body, "ReceiptHandles")]
    if not 1 <= len(handles) <= _BATCH:
        raise InvalidArgumentError("ReceiptHandles", len(handles), f"1 to {_BATCH} receipt handles")
    errors: list[Mapping[str, object]] = []
    for handle in handles:
        try:
            await mns.delete(queue, handle)
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
    "ReceiveMessage": Action(
        receive_message, "mns:ReceiveMessage", _messages, "peeking needs the same permission"
    ),
    "DeleteMessage": Action(delete_message, "mns:DeleteMessage", _messages),
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
