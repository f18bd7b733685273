"""Runs a program under a monitor that answers in the engine's place.

Pulumi registers independent resources from several threads, so the monitor is asked for them in
parallel; a resource that takes another's output waits for it, as under the engine.
"""

import asyncio
import contextlib
import contextvars
import gc
import os
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack as RootResource

from localcloud.dryrun.project import Stack


class Monitor(MockMonitor):
    """Pulumi's mock monitor, with the names that the engine gives."""

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Name a resource as the engine does: by all its parents, the stack excepted."""
        parents = parent.split("::")[2] if parent else ""
        if parents in {"", "pulumi:pulumi:Stack"}:
            return super().make_urn("", type_, name)
        return super().make_urn("", f"{parents}${type_}", name)


def run_stack(
    stack: Stack,
    mocks: Mocks,
    monitor: MockMonitor | None = None,
    secrets: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run a stack's program to its end and return what it exports.

    ``secrets`` are values of configuration that the program sees as secret ones, besides what the
    stack's file says.
    """

    def program() -> Any:
        secret = dict(secrets or {})
        pulumi.runtime.set_all_config({**stack.config, **secret}, list(secret))
        runpy.run_path(str(stack.program), run_name="__main__")
        root = cast("RootResource", get_root_resource())
        return pulumi.Output.from_input(root.outputs).apply(outputs.update)

    outputs: dict[str, Any] = {}
    with contextlib.chdir(stack.program), _search_path(stack.program):
        run(program, stack.project, stack.name, mocks, monitor)
    return dict(sorted(outputs.items()))


def run(
    program: Callable[[], Any],
    project: str,
    stack: str,
    mocks: Mocks,
    monitor: MockMonitor | None = None,
    *,
    preview: bool = False,
) -> None:
    """Run a program until everything that it started has ended, as the language host does.

    In a preview, whatever the monitor leaves out of its answers is unknown.
    """

    def in_context() -> None:
        with _no_other_configuration(), _silent_event_loop(), _same_interpreter():
            pulumi.runtime.set_mocks(mocks, project, stack, preview=preview, monitor=monitor)
            pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # not typed

    # In a context of its own, so that Pulumi's settings outside stay as they are.
    contextvars.copy_context().run(in_context)


@contextlib.contextmanager
def _same_interpreter() -> Iterator[None]:
    """Collect garbage and take turns as before: a program that soon ends may want it otherwise."""
    was_on, interval = gc.isenabled(), sys.getswitchinterval()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if was_on:
            gc.enable()


@contextlib.contextmanager
def _search_path(folder: Path) -> Iterator[None]:
    """Let a program import what lies beside it, and forget whatever else it adds."""
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


@contextlib.contextmanager
def _no_other_configuration() -> Iterator[None]:
    """Let the stack's file alone say what the program is told, whatever the shell exports."""
    exported = {k: v for k, v in os.environ.items() if k.startswith("PULUMI_CONFIG")}
    for name in exported:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(exported)


@contextlib.contextmanager
def _silent_event_loop() -> Iterator[None]:
    """Make an event loop the current one, and end whatever still waits on it afterwards.

    When a resource fails, Pulumi abandons what waits for it; each of those would complain on
    standard error when the process ends. One message, the exception, is enough.
    """
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
