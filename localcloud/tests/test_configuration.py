"""The file of ``serve --config``: what it may say, and the one line about what it may not."""

from pathlib import Path

import pytest

from lab import CONFIGURATION
from localcloud.app import App
from localcloud.configuration import ConfigurationError, read
from localcloud.settings import ApiSettings, CloudSettings

ROBOT = "http://oapi.dingtalk.localcloud.invalid/robot/send?access_token"


def test_a_whole_file_is_read() -> None:
    """Chats, APIs and the tags of instances."""
    found = read(CONFIGURATION)
    assert (found.chats["board"].keyword, found.apis["hr"].path) == ("ECS", "/api/employees")
    assert found.instance_tags[2] == {"role": "db"}


def test_every_part_may_be_left_out(tmp_path: Path) -> None:
    """What is not there is empty."""
    file = tmp_path / "c.yaml"
    file.write_text("chats:\n")
    found = read(file)
    assert (found.chats, found.apis, found.instance_tags) == ({}, {}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chat: {}", "chat: is unknown; did you mean 'chats'?"),
        ("chats: [1]", "chats: must be a mapping of names"),
        ("chats: {A b: {}}", "chats: must be a mapping of names"),
        ("chats: {a: 1}", "chats.a: must be a mapping of platform, webhook, secret, keyword"),
        ("chats: {a: {platform: lark}}", "chats.a.webhook: is missing"),
        ("chats: {a: {platform: slack, webhook: x}}", "is 'slack'; accepted: dingtalk, lark"),
        ("chats: {a: {platform: [1], webhook: x}}", "chats.a.platform: must be a string"),
        ("chats: {a: {platform: lark, webhook: x, secret: 1}}", "chats.a.secret: must be a string"),
        (
            "chats: {a: {platform: dingtalk, webhook: x}}",
            "chats.a.webhook: does not name a chat; a webhook begins with http://oapi.dingtalk.",
        ),
        (
            f"chats: {{a: {{platform: dingtalk, webhook: '{ROBOT}=t'}}, "
            f"b: {{platform: dingtalk, webhook: '{ROBOT}=t'}}}}",
            "chats.b.webhook: is that of chats.a",
        ),
        ("apis: {hr: {path: /, token: t}}", "apis.hr.path: must be a path such as"),
        ("apis: {hr: {path: api, token: t}}", "apis.hr.path: must be a path such as"),
        ("apis: {hr: {path: /a, token: ''}}", "apis.hr.token: is empty"),
        ("instance_tags: {0: {a: b}}", "instance_tags: must map an instance's number, from 1"),
        ("without_agent: [i-local0001]", "without_agent: must be a list of instances' numbers"),
        ("without_agent: 2", "without_agent: must be a list of instances' numbers"),
        ("labels: {a: {}}", "labels.a.paths: is missing"),
        ("labels: {a: {paths: data.a}}", "labels.a.paths: must be a list of strings"),
        ("labels: {a: {paths: [a], joins: chats}}", "labels.a.joins: is 'chats'; accepted: requ"),
        ("labels: {a: {paths: [a], titles: [zh]}}", "labels.a.titles: must map languages to"),
        ("examples: {a: [1]}", "examples.a: must be a mapping, posted as JSON"),
        ("account_files: /etc/x", "account_files: must be a list of strings"),
        ("instance_tags: {1: {a: 2}}", "instance_tags.1: must be a mapping of strings"),
        ("readings: [event_ids]", "readings: must be a mapping of exceptions, "),
        ("readings: {event_id: any}", "'event_id' is unknown; did you mean 'event_ids'?"),
        ("readings: {event_ids: all}", "event_ids is 'all'; accepted: limited, any"),
    ],
)
def test_what_it_may_not_say(tmp_path: Path, text: str, message: str) -> None:
    """File, place, and what is accepted."""
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("hr", "/openapi/putEvents"),
        ("hr", "/2023-03-30"),
        ("hr", "/robot/send"),
        ("hr", "/_localcloud/x"),
        ("hr", "/queues/q/messages"),
        ("open.lark", "/api"),
    ],
)
def test_an_api_hides_no_part_of_the_cloud(name: str, path: str) -> None:
    """What it would take from the cloud's own clients is refused."""
    with pytest.raises(ConfigurationError, match="would hide a part of the local cloud"):
        App(CloudSettings(dry_run=True, apis={name: ApiSettings(path, "t")}))
