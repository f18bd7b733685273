"""Each chat platform as the functions write to it and as the local cloud plays it."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.platforms import platform
from functions.platforms.base import ChatPlatform, Content, Meaning, Message, Verdict, encode
from localcloud.chats.platforms import PLATFORMS
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import ChatSettings

NOW = 1_767_225_600.0
SECRET = "SEC" + "0a" * 32
CONTENT = Content(
    title="Provisioned E123",
    sign="✅",
    colour="green",
    notice="a notice",
    fields=[("Employee", "E123"), ("Role", "dev_ops")],
    output_label="Output",
    output="first line\nlast line",
    footer="Source: s",
)


def test_both_sides_have_the_same_platforms() -> None:
    """What a stack can deploy to can be tried without an account."""
    assert set(ChatPlatform) == set(PLATFORMS)


def shown(name: ChatPlatform, message: Message) -> str:
    """Return the text that a chat of the local cloud shows of a signed message."""
    there = PLATFORMS[name]
    webhook = f"http://{there.host}.localcloud.invalid{there.path}?access_token=t&key=t"
    url, signed = platform(name).signed(webhook, message, SECRET, NOW)
    parts = urlsplit(url)
    request = HttpRequest(
        "POST",
        parts.netloc,
        parts.path,
        dict(parse_qsl(parts.query)),
        {"content-type": "application/json"},
        encode(signed),
    )
    there.check_call(request)
    taken = there.read(ChatSettings(name, webhook, SECRET, keyword="ECS"), request, NOW)
    return there.render(taken.body).text


@pytest.mark.parametrize("name", ChatPlatform)
def test_a_message_is_taken_and_shows_its_content(name: ChatPlatform) -> None:
    """Form, keyword and signature are right, and every part of the content can be read."""
    text = shown(name, platform(name).message(CONTENT, "event-1"))
    assert text.startswith("[ECS]")
    for part in ("Provisioned E123", "a notice", "Employee: E123", "dev_ops", "last line"):
        assert part in text


@pytest.mark.parametrize("name", ChatPlatform)
def test_its_plain_text_is_taken_too(name: ChatPlatform) -> None:
    """What is sent in place of a message that was refused says the same."""
    form = platform(name)
    message = form.message(CONTENT, "event-1")
    text = shown(name, form.text_message(form.text_of(message), message))
    for part in ("[ECS]", "Provisioned E123", "E123", "last line"):
        assert part in text


@pytest.mark.parametrize("name", ChatPlatform)
def test_its_answers_are_understood(name: ChatPlatform) -> None:
    """Success, one message too many and a chat that is gone have their meanings."""

    def verdict(answer: HttpResponse) -> Verdict:
        found = platform(name).verdict(json.loads(answer.body))
        assert found is not None
        return found

    there = PLATFORMS[name]
    assert verdict(there.answer(0))[:2] == (Meaning.SENT, "0")
    for code, meaning in ((there.too_many, Meaning.LATER), (there.unknown_chat, Meaning.REFUSED)):
        found = verdict(there.answer(code))
        assert found[:2] == (meaning, str(code))
        assert found.words
    assert platform(name).verdict({"something": "else"}) is None


@pytest.mark.parametrize("name", ChatPlatform)
def test_a_message_of_another_platform_has_no_text(name: ChatPlatform) -> None:
    """The text of a message is found by the platform whose form it has, and by no other."""
    for other in ChatPlatform:
        text = platform(name).text_of(platform(other).message(CONTENT, "event-1"))
        assert bool(text) is (other is name)
