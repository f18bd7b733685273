"""What a search of a log store asks, and what it makes of the answer."""

from collections.abc import Callable

import httpx
import pytest

from functions.cloud.rpc import Credentials
from ops.logs import LogsRefused, LogStores


def stores(answer: Callable[[httpx.Request], httpx.Response]) -> LogStores:
    """Return the stores of a project whose service answers so."""
    http = httpx.Client(transport=httpx.MockTransport(answer))
    key = Credentials("id", "s3cret", "temporary")
    return LogStores(http, "", "cn-hangzhou", "loop-logs", key, lambda: 1_767_225_600.0)


def test_a_search_is_signed_and_sent_to_the_project() -> None:
    """Time, query and token go along; the secret does not."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[{"content": "x"}])

    found = stores(answer).search("events", '"r 1&2"', 1_767_225_000.0)
    assert found == [{"content": "x"}]
    (request,) = seen
    assert request.url.host == "loop-logs.cn-hangzhou.log.aliyuncs.com"
    asked = dict(request.url.params)
    assert asked["query"] == '"r 1&2"'
    assert (asked["from"], asked["to"]) == ("1767225000", "1767225601")
    assert request.headers["authorization"].startswith("LOG id:")
    assert request.headers["x-acs-security-token"] == "temporary"
    assert "s3cret" not in str(request.url) + str(request.headers)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (
            httpx.Response(400, json={"errorCode": "IndexConfigNotExist", "errorMessage": "no"}),
            "log store events: IndexConfigNotExist no",
        ),
        (httpx.Response(502, text="<html>bad gateway</html>"), "log store events: HTTP 502"),
        (httpx.Response(200, text="[{"), "log store events: HTTP 200"),
        (httpx.Response(200, json={"a": 1}), "log store events: HTTP 200"),
    ],
)
def test_what_is_no_answer_is_refused_in_a_line(response: httpx.Response, words: str) -> None:
    """The service's own code, or the status where it says nothing that can be read."""
    with pytest.raises(LogsRefused) as refused:
        stores(lambda _: response).search("events", "x", 0.0)
    assert str(refused.value) == words
