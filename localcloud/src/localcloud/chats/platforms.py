"""The chat platforms that the local cloud has."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from localcloud.chats.dingtalk import DingTalk
from localcloud.chats.lark import Lark
from localcloud.chats.platform import Platform
from localcloud.chats.wecom import WeCom
from localcloud.settings import ChatSettings


def _by_name(*platforms: Platform) -> Mapping[str, Platform]:
    return {platform.name: platform for platform in platforms}


PLATFORMS = _by_name(DingTalk(), Lark(), WeCom())
"""Name in the settings -> platform."""


def address_of(chat: ChatSettings) -> str:
    """Return what a chat's webhook names it by; empty if it names none of its platform's."""
    url = urlsplit(chat.webhook)
    return PLATFORMS[chat.platform].address(url.path, dict(parse_qsl(url.query)))
