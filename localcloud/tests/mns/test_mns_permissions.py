"""Each call on messages needs its own permission, as a function's role is given it."""

import pytest

from localcloud.gateway.styles.mns import action_of
from localcloud.mns.data_plane import ACTIONS

PATHS = {"POST": "SendMessage", "GET": "ReceiveMessage", "DELETE": "DeleteMessage"}


@pytest.mark.parametrize(
    ("method", "query", "body", "action", "permissions"),
    [
        ("POST", {}, b"<Message/>", "SendMessage", {"mns:SendMessage"}),
        ("POST", {}, b"<Messages></Messages>\n", "BatchSendMessage", {"mns:SendMessage"}),
        ("GET", {}, b"", "ReceiveMessage", {"mns:ReceiveMessage"}),
        (
            "GET",
            {"numOfMessages": "16", "waitseconds": "3"},
            b"",
            "BatchReceiveMessage",
            {"mns:ReceiveMessage", "mns:BatchReceiveMessage"},
        ),
        ("GET", {"peekonly": "true"}, b"", "PeekMessage", {"mns:PeekMessage"}),
        (
            "GET",
            {"peekonly": "true", "numOfMessages": "16"},
            b"",
            "BatchPeekMessage",
            {"mns:PeekMessage"},
        ),
        ("DELETE", {"ReceiptHandle": "1-x"}, b"", "DeleteMessage", {"mns:DeleteMessage"}),
        (
            "DELETE",
            {},
            b"<ReceiptHandles/>",
            "BatchDeleteMessage",
            {"mns:DeleteMessage", "mns:BatchDeleteMessage"},
        ),
    ],
)
def test_calls_of_one_path_are_told_apart(
    method: str, query: dict[str, str], body: bytes, action: str, permissions: set[str]
) -> None:
    """Query and body make another action of the same method and path."""
    assert action_of(PATHS[method], query, body) == action
    assert {ACTIONS[action].permission, *ACTIONS[action].also} == permissions
