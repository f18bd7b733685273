"""Makes a command's output, and any other text from outside, fit to be shown.

Nothing here knows a chat platform: control characters go, what looks like a secret goes, and what
is left is cut to size, in that order, so that a cut never leaves half a secret behind.
"""

import json
import re
from functools import cache
from typing import Any

_LARGEST = 32 * 1024
_LINES = 20

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)?|.)"
)
_UNSEEN = re.compile(
    # C0 and C1 controls but tab and newline, soft hyphen, zero-width and bidirectional marks,
    # line separators, invisible operators, variation selectors, byte order mark, surrogates, tags.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)

HIDDEN = "[redacted]"


def presentable(text: str) -> str:
    """Give the end of a text without terminal codes, invisible characters and secrets."""
    text = _ESCAPES.sub("", text[-_LARGEST:])
    # A progress bar overwrites its line: only what stood there last is of interest.
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    text = _UNSEEN.sub("", "\n".join(lines).expandtabs(4))
    for pattern, replacement in _secrets():
        text = pattern.sub(replacement, text)
    return text


def cut_tail(text: str, most_bytes: int) -> str:
    """Give the last lines of a text, whole characters only, marked if something is missing."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    tail = "\n".join(lines[-_LINES:])
    raw = tail.encode("utf-8", "replace")
    if len(raw) > most_bytes:
        return "…" + raw[-most_bytes:].decode("utf-8", "ignore")
    return "…\n" + tail if len(lines) > _LINES else tail


def bounded(text: str, most_characters: int) -> str:
    """Give a text on one line, without invisible characters, and not longer than that."""
    # A generous first cut keeps the work small however long the text is.
    text = " ".join(_UNSEEN.sub("", text[: most_characters * 4].replace("\n", " ")).split())
    return text if len(text) <= most_characters else text[: most_characters - 1] + "…"


def result_line(output: str) -> dict[str, Any]:
    """Give the script's result: the last line of its output that is a JSON object."""
    for line in reversed(output.split("\n")[-50:]):
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
    return {}


@cache
def _secrets() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Give what secrets look like; most calls of a function never need to know."""
    return (
        # A private key, also when the output begins or ends in the middle of it.
        (
            re.compile(
                r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)",
                re.DOTALL,
            ),
            HIDDEN,
        ),
        (re.compile(r"\A.*-----END [A-Z ]{0,40}PRIVATE KEY-----", re.DOTALL), HIDDEN),
        (
            re.compile(
                r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{1,40}(?:token|key|secret))"
                r"(\s{0,4}:\s{0,4})[^\n]+"
            ),
            rf"\1\2{HIDDEN}",
        ),
        (
            re.compile(
                r"(?i)((?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|"
                r"private[_-]?key|credentials?|密码|密钥|口令)[\w-]{0,20}[\"']?\s{0,4}(?:=>|[:=\uff1a])\s{0,4})"
                r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"',;&]+)"
            ),
            rf"\1{HIDDEN}",
        ),
        (
            re.compile(r"(?i)(--?(?:password|passwd|passphrase|token|secret)[ \t]{1,4})(?!-)\S+"),
            rf"\1{HIDDEN}",
        ),
        (re.compile(r"(?i)\b(bearer|basic)[ \t]+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
        (re.compile(r"(://)[^\s/@]{1,256}@"), rf"\1{HIDDEN}@"),
        (re.compile(r"(/bot/v2/hook/)[\w-]+"), rf"\1{HIDDEN}"),
        (re.compile(r"\b(?:LTAI|AKIA|ASIA|AKID)[A-Za-z0-9]{10,}|\bSTS\.[A-Za-z0-9]{8,}"), HIDDEN),
        (
            re.compile(
                r"\bSEC[0-9a-fA-F]{32,}|\b(?:gh[pousr]_|github_pat_|xox[a-z]-|sk-)[\w-]{16,}"
            ),
            HIDDEN,
        ),
        (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), HIDDEN),
        (re.compile(r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1)\$[^\s:]{8,}"), HIDDEN),
    )
