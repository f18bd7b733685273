"""The chat platforms that the local cloud has."""

from collections.abc import Mapping

from localcloud.chats.dingtalk import DingTalk
from localcloud.chats.lark import Lark
from localcloud.chats.platform import Platform


def _by_name(*platforms: Platform) -> Mapping[str, Platform]:
    return {platform.name: platform for platform in platforms}


PLATFORMS = _by_name(DingTalk(), Lark())
"""Name in the settings -> platform."""
