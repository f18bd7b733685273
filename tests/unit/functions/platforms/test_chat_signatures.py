"""The chats' signatures, by the vectors that were checked against the platforms' own code."""

from urllib.parse import parse_qs, urlsplit

from functions.platforms import dingtalk, lark
from functions.platforms.dingtalk import DingTalk
from functions.platforms.lark import Lark

DINGTALK_SECRET = "SECexample0000000000000000000000000000000000000000000000000000000000"
LARK_SECRET = "exampleLarkSecret"


def test_dingtalk_signs_the_text_with_the_secret() -> None:
    """Milliseconds, the secret as key, time and secret as text."""
    expected = "CpMNuiFILu5YHOktt7mML+wPJ5/mkb7BtvbR4+wtCik="
    assert dingtalk.signature(DINGTALK_SECRET, 1767225600000) == expected


def test_dingtalks_signature_goes_encoded_into_the_query() -> None:
    """Plus and slash of the signature survive the query."""
    url, _ = DingTalk().signed(
        "https://oapi.dingtalk.com/robot/send?access_token=t", {}, DINGTALK_SECRET, 1767225600
    )
    expected = (
        "https://oapi.dingtalk.com/robot/send?access_token=t&timestamp=1767225600000"
        "&sign=CpMNuiFILu5YHOktt7mML%2BwPJ5%2Fmkb7BtvbR4%2BwtCik%3D"
    )
    assert url == expected


def test_a_webhook_without_query_gets_one() -> None:
    """A relay's URL need not have parameters of its own."""
    url, _ = DingTalk().signed("https://relay.example/x", {}, "s", 1)
    query = parse_qs(urlsplit(url).query)
    assert set(query) == {"timestamp", "sign"}


def test_lark_signs_nothing_with_the_text() -> None:
    """Seconds, time and secret as key, an empty text; DingTalk's way round gives another one."""
    assert lark.signature(LARK_SECRET, 1767225600) == "TIH0WP9aIHKXTFAgeCQmMBnhP6/kIuUWmJ3nUzCNsrA="
    assert (
        dingtalk.signature(LARK_SECRET, 1767225600)
        == "nZogKf8fFAdgfmT+RQXiYe+k2gEH5HJJ3lkaJ1/a6sI="
    )


def test_larks_signature_goes_into_the_body() -> None:
    """The message keeps its keys, cannot bring a signature of its own, and is not changed."""
    message = {"msg_type": "text", "sign": "forged", "timestamp": 1}
    _, signed = Lark().signed("https://bot.example/x", message, LARK_SECRET, 1767225600)
    expected = {
        "msg_type": "text",
        "timestamp": "1767225600",
        "sign": "TIH0WP9aIHKXTFAgeCQmMBnhP6/kIuUWmJ3nUzCNsrA=",
    }
    assert signed == expected
    assert message == {"msg_type": "text", "sign": "forged", "timestamp": 1}
