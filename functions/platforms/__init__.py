"""The chat platforms: how each writes, signs, limits and answers."""

from typing import assert_never

from functions.platforms.base import ChatPlatform, Platform


def platform(name: ChatPlatform) -> Platform:
    """Return a platform; only the one that is asked for is imported."""
    match name:
        case ChatPlatform.DINGTALK:
            from functions.platforms.dingtalk import DingTalk  # noqa: PLC0415

            return DingTalk()
        case ChatPlatform.LARK:
            from functions.platforms.lark import Lark  # noqa: PLC0415

            return Lark()
        case ChatPlatform.WECOM:
            from functions.platforms.wecom import WeCom  # noqa: PLC0415

            return WeCom()
        case _:
            assert_never(name)
