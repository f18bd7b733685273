"""The machine's processes, found by what their command lines say."""

import os
from pathlib import Path

from lab.waiting import wait_for


def processes() -> list[int]:
    """Return the numbers of the machine's processes."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def processes_with(text: str, *, as_word: bool = True) -> list[int]:
    """Find the processes with a word on their command line, or with a part of it; not this one.

    In the middle of exec a process shows no command line: wait for what is expected to be there.
    """
    found = []
    for process in processes():
        try:
            line = Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        if process != os.getpid() and text.encode() in (line.split(b"\0") if as_word else line):
            found.append(process)
    return found


def wait_until_gone(text: str, seconds: float) -> None:
    """Wait until processes that are being killed have died."""
    wait_for(lambda: not processes_with(text, as_word=False), "the end of all processes", seconds)


def parent_of(process: int) -> int:
    """Return the process that started another one; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
