"""Asks the cloud whose the credentials are while the rest of the program is still being loaded."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from importlib.metadata import version
from typing import NamedTuple

import pulumi


class Caller(NamedTuple):
    """Whose the credentials are."""

    account_id: str
    arn: str


Identity = Future[Caller]


@contextmanager
def asked() -> Iterator[Identity]:
    """Ask; the answer, or why there is none, is there when the block ends.

    The first question makes the engine start the provider, which takes a second, in which Python
    loads as many modules. Also a block that fails ends with the answer: at the end of a program
    the SDK waits for every question in its own event loop, where this one is not.
    """
    # The SDK keeps its connection in the context, so the thread gets a copy.
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(copy_context().run, _ask)


def _ask() -> Caller:
    # As `alicloud.get_caller_identity` does, the package of which is among the modules to load.
    # The version makes it the provider of the resources.
    found = pulumi.runtime.invoke(
        "alicloud:index/getCallerIdentity:getCallerIdentity",
        {},
        pulumi.InvokeOptions(version=version("pulumi_alicloud")),
    ).value
    return Caller(found["accountId"], found["arn"])
