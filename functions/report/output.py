"""Makes a command's output, and any other text from outside, fit to be shown.

Nothing here knows a chat platform: control characters go, what looks like a secret goes, and what
is left is cut to size, in that order, so that a cut never leaves half a secret behind.
"""

import json
import re
from typing import Any

from functions.report.redaction import masked, visible

_LARGEST = 32 * 1024
_LINES = 20

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)?|.)"
)


def presentable(text: str) -> str:
    """Return the end of a text without terminal codes, invisible characters and secrets."""
    text = _ESCAPES.sub("", text[-_LARGEST:])
    # A progress bar overwrites its line: only what stood there last is of interest.
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    text = visible("\n".join(lines).expandtabs(4))
    return masked(text)


def cut_tail(text: str, most_bytes: int) -> str:
    """Return the last lines of a text, whole characters only, marked if some is cut off."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    tail = "\n".join(lines[-_LINES:])
    raw = tail.encode("utf-8", "replace")
    if len(raw) > most_bytes:
        return "…" + raw[-most_bytes:].decode("utf-8", "ignore")
    return "…\n" + tail if len(lines) > _LINES else tail


def bounded(text: str, most_characters: int) -> str:
    """Return a text on one line, without invisible characters, and not longer than that."""
    # A generous first cut keeps the work small however long the text is.
    text = " ".join(visible(text[: most_characters * 4].replace("\n", " ")).split())
    return text if len(text) <= most_characters else text[: most_characters - 1] + "…"


def result_line(output: str) -> dict[str, Any]:
    """Return the script's result: the last line of its output that is a JSON object."""
    for line in reversed(output.split("\n")[-50:]):
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
    return {}


def without_result_line(output: str) -> str:
    """Return an output without the script's result, which is for programs."""
    lines = output.rstrip("\n").split("\n")
    return "\n".join(line for line in lines if not line.startswith('{"status":'))


def account_in(output: str) -> dict[str, str]:
    """Return what the script reports about the account, each value short."""
    found = result_line(output)
    return {
        name: bounded(str(found[name]), 64)
        for name in ("status", "user", "role", "uid")
        if isinstance(found.get(name), str | int) and not isinstance(found[name], bool)
    }
