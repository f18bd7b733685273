"""Shows on a terminal that a command is at work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show a line with the time that has passed, on stderr and only if that is a terminal.

    Yield the function that replaces the text.
    """
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    # Loaded here: most commands are over before they would have something to show.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn("line"), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    # Else what is printed meanwhile would go to stderr as well, past a pipe.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(text, total=None)
        yield lambda text: bar.update(task, description=text)
