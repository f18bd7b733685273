"""Dead letters are read in the forms in which they are written, and nothing else is one."""

import base64
import json
from typing import Any

import pytest

from localcloud.overview.letters import read

EVENT = {"id": "e", "source": "s", "type": "t", "aliyuneventbusname": "bus", "data": {"a": 1}}
BY_RULE = {
    "reason": {
        "ruleName": "provision", "errorCode": "503", "errorMessage": "busy", "eventBusName": "b",
    },
    "event": EVENT,
}  # fmt: skip
BY_CALL = {
    "requestContext": {"functionArn": "acs:fc:r:1:functions/f", "condition": "RetriesExhausted"},
    "requestPayload": json.dumps(EVENT),
    "responseContext": {"functionError": "UnhandledInvocationError"},
    "responsePayload": json.dumps({"errorMessage": "no"}),
}


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        (BY_RULE, "rule provision", "503: busy"),
        ({**BY_RULE, "event": json.dumps(EVENT)}, "rule provision", "503: busy"),
        ({"reason": {"targetType": "f"}, "event": EVENT}, "f", ""),
        (BY_CALL, "f", "UnhandledInvocationError: no"),
    ],
)
def test_a_letter_says_where_and_why(body: dict[str, Any], place: str, reason: str) -> None:
    """Plain and in base64; the event is published without what the bus added."""
    for text in (json.dumps(body), base64.b64encode(json.dumps(body).encode()).decode()):
        letter = read(text)
        assert letter is not None
        assert (letter.place, letter.reason, letter.bus) == (place, reason, "bus")
        assert letter.to_publish() == {"id": "e", "source": "s", "type": "t", "data": {"a": 1}}


@pytest.mark.parametrize(
    "body",
    ["", "hello", "[1]", json.dumps(EVENT), json.dumps({"reason": 1, "event": EVENT}),
     json.dumps({"reason": {"a": 1}, "event": {"id": "e"}}), "e30=", "{" * 5000],
)  # fmt: skip
def test_other_messages_are_none(body: str) -> None:
    """Also those that hold an event and no reason: they are on their way."""
    assert read(body) is None
