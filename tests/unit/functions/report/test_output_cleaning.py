"""Output of commands and other text from outside: no secrets, no tricks, cut to size."""

# ruff: noqa: RUF001 - Chinese and look-alikes are what is tested.

from time import process_time
from timeit import timeit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.report.output import bounded, cut_tail, presentable, result_line
from functions.report.redaction import HIDDEN
from tests.unit.functions.samples import patient

KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA\n-----END OPENSSH PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2", f"password={HIDDEN}"),
        ("PASSWORD: hunter2", f"PASSWORD: {HIDDEN}"),
        ('"password": "hun ter2", "user": "e1"', f'"password": {HIDDEN}, "user": "e1"'),
        ("db_password = 'hunter2'", f"db_password = {HIDDEN}"),
        ("passwd=hunter2;next", f"passwd={HIDDEN};next"),
        ("api_key=hunter2&x=1", f"api_key={HIDDEN}&x=1"),
        ("access-key-secret: hunter2", f"access-key-secret: {HIDDEN}"),
        ("accessKeySecret=hunter2", f"accessKeySecret={HIDDEN}"),
        ("client_secret=>hunter2", f"client_secret=>{HIDDEN}"),
        ("密码：hunter2", f"密码：{HIDDEN}"),
        ("mysql --password hunter2 -h x", f"mysql --password {HIDDEN} -h x"),
        ("Authorization: Basic aHVudGVyMg==", f"Authorization: {HIDDEN}"),
        ("x-acs-security-token: hunter2", f"x-acs-security-token: {HIDDEN}"),
        ("Set-Cookie: sid=hunter2; Path=/", f"Set-Cookie: {HIDDEN}"),
        ("got bearer hunter2hunter2", f"got bearer {HIDDEN}"),
        ("https://user:hunter2@host/x", f"https://{HIDDEN}@host/x"),
        ("https://oapi.dingtalk.com/robot/send?access_token=hunter2", f"https://oapi.dingtalk.com/robot/send?access_token={HIDDEN}"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/hunter2-hunter2", f"https://open.feishu.cn/open-apis/bot/v2/hook/{HIDDEN}"),
        ("id LTAI5tHunter2Hunter2 x", f"id {HIDDEN} x"),
        ("id STS.NUhunter2hunter2 x", f"id {HIDDEN} x"),
        ("SEC" + "0a" * 32, HIDDEN),
        ("ghp_hunter2hunter2hunter2", HIDDEN),
        ("eyJhbGciOi.eyJzdWIiOi.SflKxwRJ", HIDDEN),
        ("a.eyJhbGciOi.eyJzdWIiOi.SflKxwRJ.x y", f"a.{HIDDEN}.x y"),
        ("long-word.another.eyJhbGciOi.hunter2.", f"long-word.another.{HIDDEN}"),
        ("key-eyJhbGciOi.hunter2 eyJhbGciOi.hunter2", f"key-{HIDDEN} {HIDDEN}"),
        ("eyJhbGciOi.x.eyJhbGciOi.hunter2", f"eyJhbGciOi.x.{HIDDEN}"),
        ("e1:$6$salt$hunter2hunter2:19000", f"e1:{HIDDEN}:19000"),
        (f"a\n{KEY}\nb", f"a\n{HIDDEN}\nb"),
        (KEY[:60], HIDDEN),
        ("AAAA\n-----END RSA PRIVATE KEY-----\nb", f"{HIDDEN}\nb"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    """Secrets of the usual forms do not reach a chat."""
    assert presentable(text) == shown
    assert "unter2" not in presentable(text)


@pytest.mark.parametrize(
    "text",
    [
        "creating user e123",
        "group devops exists already",
        '{"status":"created","user":"e123","changes":["user","sudo"]}',
        "see https://example.com/path?x=1",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "-----BEGIN CERTIFICATE-----",
        "2026-01-01T00:00:00Z info done",
        "eyJhbGciOi",
        "eyJhbGciOi.",
        "eyJhbGciOi.tiny.",
        "www.example.com/a.b.c",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Ordinary output is shown as it is."""
    assert presentable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("10%\r50%\r100%\ndone\r\n", "100%\ndone\n"),
        ("a\tb", "a   b"),
        ("\x00a\x08\x7f\x9bb", "ab"),
        ("safe\u202eexe.txt", "safeexe.txt"),
        ("a\u200bb\ufeffc\u2066d", "abcd"),
        ("a\ud800b", "ab"),
        ("pass\u200bword=hunter2", f"password={HIDDEN}"),
        ("pass\x1b[0mword=hunter2", f"password={HIDDEN}"),
    ],
)
def test_terminal_tricks_are_removed(text: str, shown: str) -> None:
    """Colours, overwritten lines and invisible characters go, before secrets are looked for."""
    assert presentable(text) == shown


def test_a_secret_is_hidden_before_the_text_is_cut() -> None:
    """A cut through a secret does not show its rest."""
    text = "x" * 3000 + "\npassword=" + "s" * 1600
    assert "sss" not in cut_tail(presentable(text), 1500)


def test_the_tail_is_the_last_lines() -> None:
    """Twenty lines at most, without the empty ones at the end, and a sign that there were more."""
    tail = cut_tail("\n".join(f"line {n}" for n in range(30)) + "\n\n", 1500)
    assert tail.split("\n")[:2] == ["…", "line 10"]
    assert tail.endswith("line 29")
    assert cut_tail("a\nb\n", 1500) == "a\nb"
    assert cut_tail("\n \n", 1500) == ""


@patient
@given(st.text(st.sampled_from("a开😀é\n "), max_size=300), st.integers(1, 200))
@example("开" * 100, 100)
@example("😀" * 100, 101)
def test_a_cut_leaves_whole_characters(text: str, most: int) -> None:
    """However many bytes its characters have, a tail is valid and short enough."""
    tail = cut_tail(text, most)
    assert len(tail.encode()) <= most + len("…".encode())
    assert "\ufffd" not in tail
    assert tail.removeprefix("…").strip("\n") in "\n".join(
        line.rstrip() for line in text.split("\n")
    )


@patient
@given(st.text(max_size=400))
def test_presentable_text_holds_nothing_unseen(text: str) -> None:
    """Whatever comes in, what goes out is printable, line by line."""
    for line in presentable(text).split("\n"):
        assert not any(c in line for c in "\x00\x07\x08\r\x1b\x7f\x9b\u200b\u202e\u2066\ufeff")
        line.encode()


@pytest.mark.parametrize(
    "text", ["eyJ-", "eyJaaaaa.", "eyJ", "a.", "x-", "token=", "://a:", "\x1b["], ids=repr
)
def test_four_times_the_text_takes_four_times_as_long(text: str) -> None:
    """Not sixteen times: what a script prints must not keep the function that shows it."""

    def seconds(size: int) -> float:
        many = text * (size // len(text))
        return min(timeit(lambda: presentable(many), timer=process_time, number=1) for _ in "abc")

    assert seconds(32 * 1024) < 8 * seconds(8 * 1024) + 0.05


def test_a_long_output_is_handled_from_its_end() -> None:
    """What Cloud Assistant would never send is cut before it is searched."""
    assert len(presentable("x" * 10_000_000)) == 32 * 1024


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ('log\n{"status":"created"}\n', {"status": "created"}),
        ('{"status":"old"}\n{"status":"new"}\nbye\n', {"status": "new"}),
        ('{"status":"created"}\n{broken\n[1]\n', {"status": "created"}),
        ("nothing", {}),
        ("", {}),
        ("{" * 5000, {}),
    ],
)
def test_the_scripts_result_is_its_last_line_of_json(output: str, found: object) -> None:
    """Cloud Assistant mixes stdout and stderr, so the last object counts."""
    assert result_line(output) == found


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("E123", 10, "E123"),
        ("  a\n b\t c ", 10, "a b c"),
        ("x" * 11, 10, "x" * 9 + "…"),
        ("开" * 11, 10, "开" * 9 + "…"),
        ("a\u202eb\x00c", 10, "abc"),
    ],
)
def test_a_value_is_one_short_line(text: str, most: int, shown: str) -> None:
    """Values of fields have no line breaks and a length that is known."""
    assert bounded(text, most) == shown
