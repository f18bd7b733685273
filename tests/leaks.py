"""What must never be shown: texts with a secret in them, each with the part that is the secret.

One corpus for everything that shows text or judges it; see ``test_redaction.py``.
"""

import base64

_HEX = "4f3a9b7c0d1e2f5a6b7c8d9e0f1a2b3c"
_GITHUB = f"ghp_{_HEX}"
_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"

LEAKS: dict[str, tuple[str, str]] = {
    "DingTalk robot": (f"https://oapi.dingtalk.com/robot/send?access_token={_HEX}", _HEX),
    "DingTalk robot, further on": (f"http://h.invalid/robot/send?a=1&access_token={_HEX}", _HEX),
    "Lark robot": (f"https://open.feishu.cn/open-apis/bot/v2/hook/{_HEX}", _HEX),
    "Lark robot, older": (f"https://open.larksuite.com/open-apis/bot/hook/{_HEX}", _HEX),
    "WeCom robot": (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={_HEX}", _HEX),
    "Slack hook": (f"https://hooks.slack.com/services/T0/B0/{_HEX}", _HEX),
    "event source": (f"https://1.eventbridge.aliyuncs.com/webhook/putEvents?token={_HEX}", _HEX),
    "signing secret": (f"robot signs with SEC{_HEX}{_HEX} today", _HEX),
    "signing secret in capitals": (f"SEC{_HEX.upper()}{_HEX.upper()}", _HEX.upper()),
    "access key": ("key LTAI5tKabcdefghijklmnopq", "LTAI5tKabcdefghijklmnopq"),
    "access key of another cloud": ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    "key of a session": ("id STS.NUabcdefgh12345", "STS.NUabcdefgh12345"),
    "token of GitHub": (f"remote: {_GITHUB}", _GITHUB),
    "finer token of GitHub": (f"github_pat_{_HEX}", _HEX),
    "token of GitLab": ("glpat-abcdefghij0123456789", "abcdefghij0123456789"),
    "token of Slack": ("xoxb-0123456789-abcdefghij", "xoxb-0123456789"),
    "key of a model": (f"sk-{_HEX}", _HEX),
    "key of payments": ("sk_live_abcdefghij0123", "abcdefghij0123"),
    "token of npm": (f"npm_{_HEX}abcd", _HEX),
    "token of PyPI": (f"pypi-{_HEX}", _HEX),
    "token of Pulumi": (f"pul-{_HEX}abcdef12", _HEX),
    "token of a vault": (f"hvs.{_HEX}", _HEX),
    "token of Telegram": ("123456789:AAabcdefghijklmnopqrstuvwxyz01234567", "AAabcdefghij"),
    "JSON web token": (f"session {_JWT} ends", "eyJzdWIiOiJ4In0"),
    "private key": (
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{_HEX}\n-----END OPENSSH PRIVATE KEY-----",
        _HEX,
    ),
    "private key that was cut": (f"-----BEGIN RSA PRIVATE KEY-----\n{_HEX}", _HEX),
    "end of a private key": (f"{_HEX}\n-----END EC PRIVATE KEY-----\nok", _HEX),
    "hash of a password": ("root:$6$salt$abcdefgh12345678:19000", "abcdefgh12345678"),
    "bearer": (f"Authorization: Bearer {_HEX}", _HEX),
    "basic": (f"sent Basic {_HEX}==", _HEX),
    "URL with a password": (f"mysql://app:{_HEX}@db/app", _HEX),
    "URL with a token": (f"https://api.example.com/x?api_key={_HEX}&a=1", _HEX),
    "URL of a clone": (f"https://{_GITHUB}@github.com/me/it", _GITHUB),
    "in Base64": (base64.b64encode(f"token: {_GITHUB}".encode()).decode(), ""),
    "in Base64 twice": (
        base64.b64encode(base64.b64encode(f"token: {_GITHUB}".encode())).decode(),
        "",
    ),
}
"""Whoever shows or judges such a text must know it. Where the part is empty it is all of it."""

NAMED: dict[str, tuple[str, str]] = {
    "password=": ("password=hunter2abc", "hunter2abc"),
    "password in JSON": ('{"password": "hunter2abc"}', "hunter2abc"),
    "--token": ("run --token hunter2abc --x", "hunter2abc"),
    "in Chinese": ("密码\uff1ahunter2abc", "hunter2abc"),
    "header": ("X-Provisioning-Token: hunter2abc", "hunter2abc"),
    "cookie": ("Set-Cookie: sid=hunter2abc", "hunter2abc"),
}
"""What is a secret by its name only: hidden wherever text is shown."""

HARMLESS = (
    "https://hr.example.com/api/employees?page=2",
    "acs:ram::1234567890123456:role/SECURITY",
    "i-bp1prod0bastion0a runs t-hz0123456789abcdef",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7oXwvM8Zc9n0i7cB2x3y4z5A6b7C8d9E0f1G2h3I4j li.lei",
    "$.data.body.detail.emp_id",
    "ssh://git@host/path is fetched",
    "The account emp-e123 was locked; ask in the chat.",
)
"""What only resembles a secret."""
