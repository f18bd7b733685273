"""When a chat named whom: an employee of the benchmarks is a letter and a number."""

import re

from demo.loop import Loop


def named(loop: Loop, chat: str, letter: str = "[A-Z]") -> dict[str, float]:
    """Return when each employee was named first in a chat, as a Unix time."""
    found: dict[str, float] = {}
    for message in loop.messages(chat, 0, limit=10_000):
        for employee in re.findall(rf"(?<![-\w]){letter}\d+\b", message["text"]):
            found.setdefault(employee, message["received_at"])
    return found
