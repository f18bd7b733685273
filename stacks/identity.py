"""Asks the cloud whose the credentials are while the rest of the program is still being loaded."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

import pulumi_alicloud as alicloud
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.settings import SETTINGS

Identity = Future[alicloud.GetCallerIdentityResult]


def asked() -> Identity:
    """Ask; the answer, or why there is none, comes later.

    The first question makes the engine start the provider, which takes a second, in which Python
    loads as many modules. The SDK keeps its connection in the context, so the thread gets a copy.
    """
    return ThreadPoolExecutor(1).submit(copy_context().run, _ask)


def _ask() -> alicloud.GetCallerIdentityResult:
    # A program that fails meanwhile would wait at its end for what this thread has under way.
    SETTINGS.rpc_manager = RPCManager()  # type: ignore[no-untyped-call]  # not typed
    return alicloud.get_caller_identity()
