"""Asks the cloud whose the credentials are while the rest of the program is still being loaded."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context

import pulumi_alicloud as alicloud

Identity = Future[alicloud.GetCallerIdentityResult]


@contextmanager
def asked() -> Iterator[Identity]:
    """Ask; the answer, or why there is none, is there when the block ends.

    The first question makes the engine start the provider, which takes a second, in which Python
    loads as many modules. Also a block that fails ends with the answer: at the end of a program
    the SDK waits for every question in its own event loop, where this one is not.
    """
    # The SDK keeps its connection in the context, so the thread gets a copy.
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(copy_context().run, alicloud.get_caller_identity)
