"""An event loop for one run of a program, which leaves nothing behind.

When a resource fails, Pulumi abandons what waits for it; each of those would complain on standard
error when the process ends. One message, the exception, is enough.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_loop() -> Iterator[None]:
    """Make a loop the current one, and end whatever still waits on it afterwards."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)
