"""Which form each secret of a stack must have, so that a slip is seen before anything is deployed.

Without this a webhook without its scheme would deploy and then silence its chat. Messages never
show a value.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, assert_never
from urllib.parse import SplitResult, parse_qsl, urlsplit

from components.names import ApprovalKind, ChatPlatform
from stacks.remedies import Problem, secret_command
from stacks.samples import RESERVED_HOST
from stacks.secret_keys import (
    ALARMS_ROBOT_KEY,
    chat_secret_key,
    chat_webhook_key,
    native_secret_keys,
    onboarding_header_key,
    source_token_key,
)
from stacks.settings import Settings

_UNKNOWN = "https://placeholder.invalid/"
"""Stands for a secret that a dry run cannot read."""
_LOCAL = ".localcloud.invalid"
_PLACEHOLDER = re.compile(
    r"[<>{}]|\.\.\.|…|^(x+|changeme|change-me|todo|token|secret|password|placeholder|your[-_ ].*)$",
    re.IGNORECASE,
)
_LARK_PATH = re.compile(r"/open-apis/bot/v2/hook/(?P<token>[A-Za-z0-9-]+)")


class _Forms(NamedTuple):
    """The forms of a platform's secrets."""

    webhook: str
    """What a webhook looks like."""
    host: str
    signing_key: str
    signing_key_in_words: str


def _forms(platform: ChatPlatform) -> _Forms:
    match platform:
        case ChatPlatform.DINGTALK:
            return _Forms(
                webhook="https://oapi.dingtalk.com/robot/send?access_token=...",
                host=r"(^|\.)dingtalk\.(com|io)$",
                signing_key=r"SEC[0-9A-Za-z]{32,}",
                signing_key_in_words="'SEC' and 64 characters, without spaces",
            )
        case ChatPlatform.LARK:
            return _Forms(
                webhook="https://open.feishu.cn/open-apis/bot/v2/hook/...",
                host=r"(^|\.)(feishu\.cn|larksuite\.com|larkoffice\.com)$",
                signing_key=r"(?!SEC)[0-9A-Za-z]{16,64}",
                signing_key_in_words="16 to 64 letters and digits",
            )
        case ChatPlatform.WECOM:
            return _Forms(
                webhook="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=...",
                host=r"(^|\.)weixin\.qq\.com$",
                # Its robots check no signature.
                signing_key=r"(?!)",
                signing_key_in_words="nothing at all",
            )
        case _:
            assert_never(platform)


def malformed_secrets(
    settings: Settings, values: Mapping[str, str], *, local: bool
) -> Iterator[Problem]:
    """Yield the secrets whose values cannot be right; those that are not known are left out."""
    for key, reason in _reasons(settings, values, local=local):
        yield Problem(key, reason, (secret_command(key),))


def _reasons(
    settings: Settings, values: Mapping[str, str], *, local: bool
) -> Iterator[tuple[str, str]]:
    known = {key: value for key, value in values.items() if not value.startswith(_UNKNOWN)}
    for name, chat in settings.chats.items():
        key = chat_webhook_key(name)
        forms = _forms(chat.platform)
        if key in known and (reason := _wrong_webhook(known[key], chat.platform, local=local)):
            yield key, f"not a webhook of {chat.platform}: {reason}; one looks like {forms.webhook}"
        key = chat_secret_key(name)
        if chat.signed and key in known and not re.fullmatch(forms.signing_key, known[key]):
            words = forms.signing_key_in_words
            yield key, f"not a signing secret of {chat.platform}, which is {words}"
    yield from _shared_webhooks(settings, known)
    for name, source in settings.sources.items():
        key = source_token_key(name)
        if source.token_required and key in known and not _is_token(known[key]):
            yield key, "must be 16 or more letters, digits and - . _ ~ + / =, as of a generator"
    if ALARMS_ROBOT_KEY in known and (
        reason := _wrong_webhook(known[ALARMS_ROBOT_KEY], ChatPlatform.DINGTALK, local=local)
    ):
        forms = _forms(ChatPlatform.DINGTALK)
        yield ALARMS_ROBOT_KEY, f"not a webhook of dingtalk: {reason}; one is {forms.webhook}"
    for name, native in settings.native.sources.items() if settings.native else ():
        keys = native_secret_keys(name)
        if keys["key"] in known and (reason := _wrong_key(known[keys["key"]], native.kind)):
            yield keys["key"], reason
        for key in (keys["token"], keys["app_secret"]):
            if key in known and not re.fullmatch(r"[A-Za-z0-9_-]{6,128}", known[key]):
                yield key, "must be 6 to 128 letters, digits, _ and -, as the console shows it"
    for name in settings.onboarding.headers if settings.onboarding else ():
        key = onboarding_header_key(name)
        if key in known and not _is_header_value(known[key]):
            yield key, "must be one line of ASCII without spaces around it, and no placeholder"


def _wrong_key(key: str, kind: ApprovalKind) -> str:
    """Say what is wrong with the key of an app's pushes; empty if nothing is."""
    match kind:
        case ApprovalKind.DINGTALK:
            right = re.fullmatch(r"[A-Za-z0-9]{43}", key)
            return "" if right else "not an EncodingAESKey, which is 43 letters and digits"
        case ApprovalKind.LARK:
            is_right = len(key) >= 8 and key.isascii() and key.isprintable() and " " not in key
            return "" if is_right else "not an Encrypt Key, which is 8 or more characters"
        case _:
            assert_never(kind)


def _shared_webhooks(settings: Settings, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Find the robots that two chats have: each would use up the other's limit of messages."""
    first: dict[object, str] = {}
    for name in settings.chats:
        key = chat_webhook_key(name)
        if key not in known:
            continue
        other = first.setdefault(_robot(known[key]), name)
        if other != name:
            yield (
                key,
                f"the webhook of chat '{other}', too; a robot takes only so many messages a "
                "minute, so it belongs to one chat of one stack: make another one",
            )


def _robot(webhook: str) -> object:
    """Return what is the same for all spellings of a robot's URL."""
    try:
        parts = urlsplit(webhook.strip())
        return parts.hostname, parts.path.rstrip("/"), tuple(sorted(parse_qsl(parts.query)))
    except ValueError:
        return webhook


def _wrong_webhook(text: str, platform: ChatPlatform, *, local: bool) -> str:
    """Say what is wrong with a webhook's URL; empty if nothing is."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "its host or port is not one"
    is_local = local and host.endswith(_LOCAL)
    others = [_forms(other).host for other in ChatPlatform if other is not platform]
    wrong = (
        (text != text.strip() or not text.isprintable() or " " in text, "it holds spaces"),
        (
            parts.scheme != "https" and not (is_local and parts.scheme == "http"),
            "it does not begin with https://",
        ),
        (not host or "@" in parts.netloc, "it has no host, or more than that"),
        (RESERVED_HOST.search(host) and not is_local, f"the host {host} is a placeholder"),
        (any(re.search(pattern, host) for pattern in others), f"{host} is another platform's"),
    )
    return next((why for holds, why in wrong if holds), "") or _wrong_address(parts, platform)


def _wrong_address(parts: SplitResult, platform: ChatPlatform) -> str:
    match platform:
        case ChatPlatform.DINGTALK:
            query = dict(parse_qsl(parts.query))
            token = query.get("access_token", "")
            if parts.path != "/robot/send" or not token:
                return "it lacks /robot/send?access_token="
            if {"sign", "timestamp"} & set(query):
                return "it holds a signature, which is made for each message; leave it out"
        case ChatPlatform.LARK:
            match = _LARK_PATH.fullmatch(parts.path)
            if match is None:
                return "it lacks /open-apis/bot/v2/hook/ and the token"
            token = match["token"]
        case ChatPlatform.WECOM:
            token = dict(parse_qsl(parts.query)).get("key", "")
            if parts.path != "/cgi-bin/webhook/send" or not token:
                return "it lacks /cgi-bin/webhook/send?key="
        case _:
            assert_never(platform)
    return "its token is a placeholder" if _PLACEHOLDER.search(token) else ""


def _is_token(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,}", text)) and not _PLACEHOLDER.search(text)


def _is_header_value(text: str) -> bool:
    words = text.split()
    return (
        text == text.strip()
        and text.isascii()
        and text.isprintable()
        and bool(words)
        and not _PLACEHOLDER.search(words[-1])
    )
