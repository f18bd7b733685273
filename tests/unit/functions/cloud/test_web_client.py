"""The HTTP client: time limits, redirects, proxies, and what its errors do not say."""

import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from functions.cloud import connections, web
from functions.cloud.errors import PermanentError, SettingError, UnreachableError
from tests.unit.functions.loopback import Loopback, Reply


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies of the machine."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def talking(
    talk: Callable[[socket.socket], None],
    until: bytes = b"\r\n\r\ncredential",
    heard: list[bytes] | None = None,
) -> Iterator[str]:
    """Run a server that does as it likes with one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener, listener.accept()[0] as connection:
            read = b""
            # All of it: closing with something unread would reset the connection.
            while not read.endswith(until):
                read += connection.recv(65536)
            if heard is not None:
                heard.append(read)
            talk(connection)

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook/credential"
    thread.join()


def test_a_request_arrives_as_it_was_given(loopback: Loopback) -> None:
    """Method, path, headers and body are the caller's."""
    loopback.answer = lambda _: Reply(201, b"done")
    answer = web.send("PUT", f"{loopback.url}/a?b=c", {"x-one": "1"}, b"body", 5)
    assert answer == (201, b"done")
    (seen,) = loopback.seen
    assert (
        seen.method,
        seen.target,
        seen.body,
        seen.headers["x-one"],
    ) == ("PUT", "/a?b=c", b"body", "1")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(loopback: Loopback, status: int) -> None:
    """An answer that points elsewhere is an answer."""
    place = (("location", f"{loopback.url}/internal"),)
    loopback.answer = lambda _: Reply(status, b"", place)
    assert web.send("POST", loopback.url, {}, b"", 5).status == status
    assert len(loopback.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_bad_statuses_are_answers(loopback: Loopback, status: int) -> None:
    """What a status means is for the caller to say."""
    loopback.answer = lambda _: Reply(status, b"why")
    assert web.send("POST", loopback.url, {}, b"", 5) == (status, b"why")


def test_a_proxy_is_used(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that does not resolve is reached through the environment's proxy."""
    monkeypatch.setenv("HTTP_PROXY", loopback.url)
    web.send("POST", "http://oapi.dingtalk.localcloud.invalid/robot/send?x=1", {}, b"", 5)
    (seen,) = loopback.seen
    assert seen.target == "http://oapi.dingtalk.localcloud.invalid/robot/send?x=1"


def test_a_proxy_is_found_anew_when_the_environment_changes(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host is reached through the proxy, without it, and without it again."""
    url = loopback.url.replace("127.0.0.1", "localhost")
    targets = []
    for name, value in (
        ("HTTP_PROXY", loopback.url),
        ("no_proxy", "example.com,localhost"),
        ("no_proxy", ""),
        ("http_proxy", ""),
    ):
        monkeypatch.setenv(name, value)
        web.send("GET", f"{url}/a", {}, b"", 5)
        targets.append(loopback.seen[-1].target)
    assert targets == [f"{url}/a", "/a", f"{url}/a", "/a"]


@contextmanager
def counting(answer: bytes) -> Iterator[tuple[str, list[int]]]:
    """Run a server that gives one answer to every request, and count requests by connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    counts: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        with connection, suppress(ConnectionError):
            while connection.recv(65536):
                counts[number] += 1
                connection.sendall(answer)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                counts.append(0)
                threading.Thread(target=serve, args=(connection, len(counts) - 1)).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", counts
    finally:
        for kept in connections._idle.values():
            while kept:
                kept.pop()[1].close()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def test_a_connection_is_used_again() -> None:
    """One handshake serves the calls of an event."""
    with counting(WHOLE) as (url, counts):
        for _ in range(3):
            assert web.send("GET", url, {}, b"", 5) == (200, b"ok")
    assert counts == [3]


def test_requests_at_the_same_time_have_a_connection_each() -> None:
    """Nobody reads another's answer."""
    with counting(WHOLE) as (url, counts), ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: web.send("GET", url, {}, b"", 5), range(40)))
    assert answers == [(200, b"ok")] * 40
    assert sum(counts) == 40
    assert len(counts) <= 4


@pytest.mark.parametrize("seconds", [-1.0, -1e9], ids=["old", "a clock that was set back"])
def test_a_connection_that_lay_idle_is_not(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """What a frozen instance kept open is nobody's any more."""
    monkeypatch.setattr(connections, "_FRESH_SECONDS", seconds)
    with counting(WHOLE) as (url, counts):
        for _ in range(2):
            assert web.send("GET", url, {}, b"", 5).status == 200
    assert counts == [1, 1]


def test_a_connection_that_the_server_ends_is_not() -> None:
    """A server says whether it takes another request."""
    with counting(WHOLE.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)) as (url, counts):
        for _ in range(2):
            assert web.send("GET", url, {}, b"", 5) == (200, b"ok")
    assert counts == [1, 1]


def test_what_was_not_asked_for_is_no_answer() -> None:
    """Bytes behind an answer are never read as the next one."""
    with counting(WHOLE + WHOLE.replace(b"ok", b"no")) as (url, _):
        for _ in range(3):
            assert web.send("GET", url, {}, b"", 5) == (200, b"ok")


def test_a_proxy_is_logged_in_to(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name and a password in the proxy's URL go to the proxy."""
    monkeypatch.setenv("HTTP_PROXY", loopback.url.replace("//", "//me:p%40ss@"))
    web.send("GET", "http://eventbridge.localcloud.invalid?a=b", {}, b"", 5)
    (seen,) = loopback.seen
    assert seen.target == "http://eventbridge.localcloud.invalid/?a=b"
    assert seen.headers["host"] == "eventbridge.localcloud.invalid"
    assert seen.headers["proxy-authorization"] == "Basic bWU6cEBzcw=="


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy:abc",
        "::",
        "http://[::1",
        "socks5://proxy:1080",
        "http://",
        "http://a b:80",
        "http://proxy:99999",
        "http://me:word@proxy\x07:80",
    ],
)
def test_what_is_no_proxy_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """The variable is named, and not its value, which may hold a password."""
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(SettingError, match="HTTP_PROXY: is not the address") as caught:
        web.send("GET", "http://eventbridge.localcloud.invalid/", {}, b"", 5)
    assert "word" not in str(caught.value)


def test_https_asks_the_proxy_for_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the URL nor a header of the request is the proxy's to read."""
    asked: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 407 no\r\n\r\n")

    with talking(refuse, until=b"\r\n\r\n", heard=asked) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.replace("//", "//me:word@"))
        with pytest.raises(UnreachableError, match="no connection: OSError"):
            web.send("POST", "https://oapi.dingtalk.com/robot?k=s", {"x-key": "s"}, b"body", 5)
    assert asked[0].startswith(b"CONNECT oapi.dingtalk.com:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic bWU6d29yZA==" in asked[0]
    assert b"x-key" not in asked[0]
    assert b"robot" not in asked[0]


def silent(connection: socket.socket) -> None:
    """Say nothing until the other end gives up."""
    connection.recv(1)


def dripping(connection: socket.socket) -> None:
    """Send an answer one byte at a time, always just in time."""
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.02)
    except OSError:
        pass


def hanging_up(connection: socket.socket) -> None:
    """Close the connection without an answer."""


def babbling(connection: socket.socket) -> None:
    """Send what is not HTTP."""
    connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")


def breaking_off(connection: socket.socket) -> None:
    """Send half an answer."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\nx")


@pytest.mark.parametrize(
    ("talk", "code"),
    [
        (silent, "Timeout"),
        (dripping, "Timeout"),
        (hanging_up, "RemoteDisconnected"),
        (babbling, "BadStatusLine"),
        (breaking_off, "IncompleteRead"),
    ],
)
def test_no_whole_answer_is_temporary(talk: Callable[[socket.socket], None], code: str) -> None:
    """Whatever the other end does, the call ends in time with a named error without the URL."""
    with talking(talk) as url, pytest.raises(UnreachableError) as caught:
        web.send("POST", url, {"authorization": "credential"}, b"credential", 0.2)
    assert caught.value.code == code
    shown = "".join(traceback.format_exception(caught.value))
    assert "credential" not in shown.replace('{"authorization": "credential"}, b"credential"', "")
    assert "127.0.0.1:" not in shown


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server cannot fill the function's memory."""
    monkeypatch.setattr(web, "LARGEST_ANSWER_BYTES", 1000)

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000)

    with talking(endless) as url, pytest.raises(UnreachableError, match="longer than"):
        web.send("POST", url, {}, b"credential", 5)


def test_a_closed_port_is_temporary() -> None:
    """Nobody listening is a named error."""
    with pytest.raises(UnreachableError, match="no connection: ConnectionRefusedError"):
        web.send("POST", "http://127.0.0.1:1/", {}, b"", 5)


def test_a_name_that_does_not_resolve_is_temporary() -> None:
    """A host that nobody knows is a named error without the host."""
    with pytest.raises(UnreachableError) as caught:
        web.send("POST", "http://nobody.invalid/credential", {}, b"", 5)
    assert caught.value.code == "gaierror"
    assert "nobody" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/x",
        "gopher://example.com/",
        "//example.com",
        "http:///path",
        "https://",
        "http://user:password@example.com/",
        "http://user@example.com/",
        "http://example.com:port/",
        "http://[::1/",
        "http://example.com/a b",
        "http://example.com/\r\nx: y",
        "http://例子.example/",
        "",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    """Only plain http and https URLs are called, and the error does not quote them."""
    with pytest.raises(PermanentError) as caught:
        web.send("POST", url, {}, b"", 5)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://example.com", "https://[::1]:8443/a?b=%20#c"])
def test_plain_urls_are_accepted(url: str) -> None:
    """Host, port, path and query may be anything that is encoded."""
    web.check_url(url)


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb"])
def test_a_header_cannot_smuggle_another(loopback: Loopback, value: str) -> None:
    """A line break in a header's value is an error, not a second header."""
    with pytest.raises(PermanentError, match="HTTP forbids"):
        web.send("POST", loopback.url, {"x-a": value}, b"", 5)
    assert loopback.seen == []


@pytest.mark.parametrize(
    ("text", "same"),
    [("t-1:i-1:Success", True), ("a\r\nb", False), ("李", False), ("x" * 201, False), ("", False)],
)
def test_an_odd_id_becomes_its_hash(text: str, same: bool) -> None:
    """Any id has a form that a header can hold, the same at every try."""
    value = web.header_value(text)
    assert (value == text) == same
    assert web.header_value(text) == value
    assert value.isascii()
    assert value.isprintable()
