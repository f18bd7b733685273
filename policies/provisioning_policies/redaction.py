"""What is left out wherever text is shown: secrets, and characters that nobody sees.

Packages that must stand alone have the same file: the functions, the policy pack and the local
cloud. A test keeps the copies equal and holds all of them against one corpus of leaks.
"""

import base64
import binascii
import re
from functools import cache

HIDDEN = "[redacted]"
_DEEPEST = 2
_Shape = tuple[str, tuple[str, ...], re.Pattern[str]]

# The kind of secret -> how it looks. What the group `secret` holds is hidden, the rest is shown.
_SHAPES = {
    # Also when the text begins or ends in the middle of it.
    "a private key": (
        r"(?s)(?P<secret>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?"
        r"(?:-----END [A-Z ]{0,40}KEY-----|\Z))"
    ),
    "the end of a private key": r"(?s)\A(?P<secret>.*-----END [A-Z ]{0,40}PRIVATE KEY-----)",
    "a DingTalk webhook URL": r"/robot/send\?[^\s\"']{0,200}?access_token=(?P<secret>[^&\s\"'\\]+)",
    "a Lark webhook URL": r"/bot/(?:v2/)?hook/(?P<secret>[\w-]+)",
    "a WeCom webhook URL": r"/cgi-bin/webhook/send\?[^\s\"']{0,200}?key=(?P<secret>[\w-]+)",
    "a Slack webhook URL": r"hooks\.slack\.com/services/(?P<secret>[\w/]+)",
    "the webhook URL of an event source": (
        r"/webhook/putEvents\?[^\s\"']{0,200}?token=(?P<secret>[\w.~%-]+)"
    ),
    "a DingTalk signing secret": r"\b(?P<secret>SEC[0-9A-Za-z]{32,})\b",
    "an access key": r"\b(?P<secret>(?:LTAI|AKIA|ASIA|AKID)[0-9A-Za-z]{8,}|STS\.[0-9A-Za-z]{8,})",
    "a token of GitHub or GitLab": (
        r"\b(?P<secret>(?:gh[pousr]_|github_pat_|glpat-|gl[a-z]{2,5}t-)[\w-]{16,})"
    ),
    "a token of Slack": r"\b(?P<secret>xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,})",
    "an API key": (
        r"\b(?P<secret>sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,}|AIza[\w-]{30,}|npm_\w{30,}"
        r"|pypi-[\w-]{16,}|pul-[0-9a-f]{32,}|hv[sb]\.[\w-]{20,}|dckr_pat_[\w-]{16,}"
        r"|SG\.[\w-]{16,}\.[\w-]{16,}|\d{8,10}:AA[\w-]{30,})"
    ),
    # From the beginning of its word: looking on from each "eyJ" of a long one would take long.
    "a JSON web token": (
        r"(?<![\w-])(?=[\w-]++\.[\w-]{5})[\w-]*?\b"
        r"(?P<secret>eyJ[\w-]{5,}+\.[\w-]{5,}(?:\.[\w-]*)?)"
    ),
    "a password's hash": r"(?P<secret>\$(?:1|2[abxy]?|5|6|7|y|gy|sha1)\$[^\s:]{8,})",
    "an authorization header": r"(?i)\b(?:bearer|basic)[ \t]+(?P<secret>[\w.~+/=-]{8,})",
    "a URL with a password": r"://(?P<secret>[^\s/@:\"']{0,128}:[^\s/@\"']{1,256})@",
    "a URL with a token": (
        r"(?i)[?&](?:access_?token|token|api_?key|sign|signature|secret|password)="
        r"(?P<secret>[^&\s\"'\\]+)"
    ),
}
# What a text with such a secret contains, in lower case: most texts are done without a pattern.
_HINTS = {
    "a private key": "private",
    "the end of a private key": "private",
    "a DingTalk webhook URL": "access_token=",
    "a Lark webhook URL": "/hook/",
    "a WeCom webhook URL": "/webhook/send",
    "a Slack webhook URL": "hooks.slack.com",
    "the webhook URL of an event source": "/putevents",
    "a DingTalk signing secret": "sec",
    "an access key": "ltai akia asia akid sts.",
    "a token of GitHub or GitLab": "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- t-",
    "a token of Slack": "xox xapp-",
    "an API key": "sk- k_live_ k_test_ aiza npm_ pypi- pul- hvs. hvb. dckr_pat_ sg. :aa",
    "a JSON web token": "eyj",
    "a password's hash": "$",
    "an authorization header": "bearer basic",
    "a URL with a password": "://",
    "a URL with a token": "? &",
}
# What a text contains in which something is called a secret -> what is hidden of it then. That is
# no proof of a leak.
_CALLED = {
    "authorization cookie x-": (
        r"(?i)\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{1,40}(?:token|key|secret))"
        r"\s{0,4}:\s{0,4}(?P<secret>[^\n]+)"
    ),
    "pass pwd secret token key credential 密码 密钥 口令": (
        r"(?i)(?<!no)(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|"
        r"private[_-]?key|credentials?|密码|密钥|口令)[\w-]{0,20}[\"']?\s{0,4}(?:=>|[:=\uff1a])\s{0,4}"
        r"(?P<secret>\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"',;&]+)"
    ),
    "-pass -token -secret": (
        r"(?i)--?(?:password|passwd|passphrase|token|secret)[ \t]{1,4}(?P<secret>(?!-)\S+)"
    ),
    "://": r"://(?P<secret>[^\s/@\"']{1,256})@",
}
_SHORTEST_RUN = 24
_INVISIBLE = re.compile(
    # C0 and C1 controls but tab and newline, soft hyphen, zero-width and bidirectional marks,
    # line separators, invisible operators, variation selectors, byte order mark, surrogates, tags.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Return a text without the characters that nobody sees, or that act on a terminal."""
    return _INVISIBLE.sub("", text)


def kind_of(text: str, *, depth: int = _DEEPEST) -> str | None:
    """Return which kind of secret a text contains, also in Base64; None if it contains none."""
    for kind, pattern in _near(text, _shapes()):
        if pattern.search(text):
            return kind
    if depth:
        for run in _long_runs(text):
            if kind_inside := kind_of(_decoded(run), depth=depth - 1):
                return f"{kind_inside} in Base64"
    return None


def masked(text: str, hidden: str = HIDDEN) -> str:
    """Return a text in which everything is hidden that is a secret or is called one."""
    for _, pattern in (*_near(text, _shapes()), *_near(text, _called())):
        text = pattern.sub(lambda found: _without(found, hidden), text)
    for run in _long_runs(text):
        if kind_of(_decoded(run)):
            text = text.replace(run, hidden)
    return text


def _near(text: str, shapes: tuple[_Shape, ...]) -> list[tuple[str, re.Pattern[str]]]:
    lower = text.lower()
    return [(kind, p) for kind, hints, p in shapes if any(hint in lower for hint in hints)]


def _long_runs(text: str) -> list[str]:
    return [run for run in _between().split(text) if len(run) >= _SHORTEST_RUN]


def _without(found: re.Match[str], hidden: str) -> str:
    start, end = (place - found.start() for place in found.span("secret"))
    return found[0] if found["secret"] == hidden else found[0][:start] + hidden + found[0][end:]


def _decoded(run: str) -> str:
    try:
        # Only letters decide: a run that is no whole number of quads is completed.
        text = run.rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


# Most calls of a function never need these, so they are compiled when the first one does.
@cache
def _shapes() -> tuple[_Shape, ...]:
    return tuple((kind, tuple(_HINTS[kind].split()), re.compile(p)) for kind, p in _SHAPES.items())


@cache
def _called() -> tuple[_Shape, ...]:
    return tuple(("", tuple(h.split()), re.compile(p)) for h, p in _CALLED.items())


@cache
def _between() -> re.Pattern[str]:
    return re.compile(r"[^\w+/=-]+", re.ASCII)
