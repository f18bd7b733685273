"""What the watcher tells those who operate the loop, and what it never tells twice."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from functions.cloud.dead_letters import letter
from functions.cloud.errors import PermanentError, TemporaryError
from functions.cloud.web import Answer
from functions.platforms.base import ChatPlatform
from functions.post_to_chat.chats import Chat
from functions.report import notes
from functions.report.i18n import words
from functions.report.notes import Notes
from functions.request.deployment import Language
from functions.watch import act
from tests.unit.functions.samples import NOW, REQUEST, FakeQueues, http_event

ASKED = REQUEST._replace(request_hash="5eed")
MINUTE = 60.0


class Watch:
    """The watcher with queues, a clock and a chat of its own."""

    def __init__(self, language: Language = Language.ENGLISH, chats: str = "chats") -> None:
        self.now = NOW
        self.queues = FakeQueues(lambda: self.now)
        self.notes = Notes("run-command", self.queues, "watch", lambda: self.now)
        self.heard: list[str] = []
        self.answers: list[Answer] = []
        chat = Chat("oncall", ChatPlatform.DINGTALK, "https://chat.test/hook", "secret")
        self.settings = act.Settings(
            "provisioning-test", "watch", "dead", chats, chat, words(language)
        )

    def post(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """Answer as DingTalk does."""
        assert method == "POST"
        assert url.startswith("https://chat.test/hook?timestamp=")
        answer = self.answers.pop(0) if self.answers else Answer(200, b'{"errcode":0}')
        if answer.body == b'{"errcode":0}':
            self.heard.append(json.loads(body)["markdown"]["text"])
        return answer

    def look(self, minutes: float = 1) -> dict[str, Any]:
        """Let the timer come after some minutes; return the line that was logged."""
        self.now += minutes * MINUTE
        return dict(json.loads(act.serve(self.settings, self.queues, self.post, lambda: self.now)))


def buried(number: int = 1) -> str:
    """Return a dead letter of a function's own hand."""
    event = http_event(event_id=f"event-{number}").decode()
    return letter(event, "bus", function="post-to-chat", code="310000", message="no signature")


def test_nothing_is_told_when_all_is_well() -> None:
    """A line in the log each minute, and silence."""
    watch = Watch()
    watch.notes.promised(ASKED, 300)
    watch.now += 30
    watch.notes.published(ASKED, 300)
    assert {watch.look()["decision"] for _ in range(60)} == {"quiet"}
    assert watch.heard == []
    assert watch.queues.messages["watch"] == [], "nothing is kept for ever"


def test_a_dead_letter_is_told_once() -> None:
    """Within a minute, with what it is and who gave it up; it stays where it is."""
    watch = Watch()
    watch.queues.send("dead", buried())
    assert watch.look()["decision"] == "told"
    (text,) = watch.heard
    assert "provisioning-test needs somebody" in text
    assert "New dead letters: 1" in text
    assert "eventbridge:Events:HTTPEvent event-1: given up by post-to-chat, 310000" in text
    for _ in range(3):
        watch.look(60)
    watch.queues.send("dead", buried(2))
    watch.look()
    assert len(watch.heard) == 2
    assert "event-1:" not in watch.heard[1]
    assert len(watch.queues.peek("dead")) == 2


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("", "message m-1"),
        ("not JSON <at id=all></at>", "message m-1"),
        ("[" * 100_000, "message m-1"),
        (
            json.dumps(
                {
                    "requestContext": {
                        "functionArn": "acs:fc:::functions/f",
                        "condition": "RetriesExhausted",
                    },
                    "requestPayload": '{"id": "e-9", "type": "t"}',
                }
            ),
            "t e-9: given up by acs:fc:::functions/f, RetriesExhausted",
        ),
        (
            json.dumps(
                {"reason": {"ruleName": "<at id=all></at>"}, "event": {"id": "[x](http://y)"}}
            ),
            "given up by ＜at id=all＞＜/at＞, ?",  # noqa: RUF001 - what markup becomes
        ),
    ],
)
def test_every_kind_of_dead_letter_is_told(body: str, shown: str) -> None:
    """EventBridge's, Function Compute's, our own, and what nobody can read; none is markup."""
    watch = Watch()
    watch.queues.send("dead", body)
    watch.look()
    assert shown in watch.heard[0]
    assert "<at" not in watch.heard[0]
    assert "](http" not in watch.heard[0]


def test_many_dead_letters_are_one_message_and_then_a_reminder_a_day() -> None:
    """A look shows 16 and always the same: more than that cannot be seen."""
    watch = Watch()
    for number in range(40):
        watch.queues.send("dead", buried(number))
    watch.look()
    (text,) = watch.heard
    assert "New dead letters: 16, and perhaps more than can be seen" in text
    assert "6 more" in text
    for _ in range(26):
        watch.look(60)
    assert len(watch.heard) == 2


def test_a_request_without_a_result_is_told_once() -> None:
    """A quarter of an hour after its time was over."""
    watch = Watch()
    watch.notes.promised(ASKED, 300)
    watch.notes.promised(ASKED, 300)
    assert watch.look(19)["decision"] == "quiet"
    watch.look(1.1)
    (text,) = watch.heard
    assert "Accepted and without a result: 1" in text
    assert "E123, devops, 20261122-0001, dingtalk.approval" in text
    for _ in range(5):
        watch.look(30)
    assert len(watch.heard) == 1


def test_a_result_of_before_keeps_no_later_promise() -> None:
    """A request that failed and was made again waits for its second result."""
    watch = Watch()
    watch.notes.promised(ASKED, 300)
    watch.notes.published(ASKED, 300)
    watch.now += 60
    watch.notes.promised(ASKED, 300)
    watch.look(25)
    assert "without a result" in watch.heard[0]


def test_a_removal_that_is_open_is_told_once() -> None:
    """However often run-command says it."""
    watch = Watch()
    for _ in range(3):
        watch.notes.owed(ASKED, ["i-1", "i-2"])
        watch.look()
    (text,) = watch.heard
    assert "Removals open for a day: 1" in text
    assert "i-1, i-2" in text


def test_results_that_nobody_posts_are_told() -> None:
    """post-to-chat may be broken in a way that buries nothing."""
    watch = Watch()
    watch.queues.send("chats", "{}")
    assert watch.look(15)["decision"] == "quiet"
    watch.look(1)
    watch.look(5)
    (text,) = watch.heard
    assert "Results have been waiting for their chat for 16 min" in text


def test_a_stack_without_that_queue_is_watched_too() -> None:
    """Where EventBridge posts to all chats by itself."""
    watch = Watch(chats="")
    watch.queues.send("dead", buried())
    assert watch.look()["dead_letters"] == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, b'{"errcode":-1,"errmsg":"busy"}'), TemporaryError),
        (Answer(200, b'{"errcode":310000,"errmsg":"sign not match"}'), PermanentError),
        (Answer(502, b"<html>"), TemporaryError),
    ],
)
def test_what_the_chat_did_not_take_is_told_the_next_time(
    answer: Answer, error: type[Exception]
) -> None:
    """The function fails, which the second witness sees, and forgets nothing."""
    watch = Watch()
    watch.queues.send("dead", buried())
    watch.notes.owed(ASKED, ["i-1"])
    watch.answers = [answer]
    with pytest.raises(error):
        watch.look()
    watch.look()
    (text,) = watch.heard
    assert "New dead letters" in text
    assert "Removals open" in text


def test_two_memories_become_one() -> None:
    """What is left when the function dies between writing the new one and deleting the old."""
    watch = Watch()
    for name in ("m-8", "m-9"):
        watch.queues.send("watch", notes.text(notes.Told({name: NOW})))
    watch.look()
    (message,) = [m for _, m in watch.queues.messages["watch"]]
    assert notes.read(message.body) == notes.Told({"m-8": NOW, "m-9": NOW})
    watch.look(9 * 24 * 60)
    watch.queues.send("dead", buried())
    watch.look()
    (message,) = [m for _, m in watch.queues.messages["watch"]]
    remembered = notes.read(message.body)
    assert isinstance(remembered, notes.Told)
    assert len(remembered.times) == 1, "and forgets what no queue holds any more"


def test_it_speaks_chinese() -> None:
    """The chat's language holds for alarms, too."""
    watch = Watch(Language.CHINESE)
    watch.queues.send("dead", buried())
    watch.notes.promised(ASKED, 0)
    watch.look(16)
    (text,) = watch.heard
    assert "provisioning-test 需要处理" in text
    assert "新增 1 条死信" in text
    assert "1 个申请已受理但没有结果" in text


def test_what_is_no_note_goes() -> None:
    """Nobody else writes there; what is there all the same must not stay for ever."""
    watch = Watch()
    for body in (
        "",
        "[]",
        "{}",
        '{"note": "Promised"}',
        '{"note": "Told", "times": 7}',
        "[" * 90_000,
    ):
        watch.queues.send("watch", body)
    watch.look()
    assert watch.queues.messages["watch"] == []
