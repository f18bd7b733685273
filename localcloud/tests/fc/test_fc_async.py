"""Asynchronous invocations are accepted at once, survive the server and are repeated on failure."""

import asyncio

import pytest

from lab.fc import FunctionLab, encode
from localcloud.errors import ApiError
from localcloud.faults import Fault
from localcloud.fc.async_config import RETRIES
from localcloud.fc.asynchronous import delay_before

COUNTS = """
def handler(event, context):
    print("ran", context.request_id)
    if event == b"fails":
        raise RuntimeError("again")
"""


async def runs(lab: FunctionLab) -> list[str]:
    """Return the runs that the function has written down."""
    return [line for line in await lab.log("counts") if line.startswith("ran")]


async def test_an_accepted_invocation_survives_the_server(lab: FunctionLab) -> None:
    """What was accepted and not run is run by the next server on the same state, once."""
    await lab.create("counts", COUNTS)
    await lab.fc.invoke_later("counts", b"", request_id="REQ-7")
    assert await runs(lab) == []
    for _ in range(2):
        await lab.restart()
        await lab.fc.drain()
        assert await runs(lab) == ["ran REQ-7"]


async def test_a_failing_function_is_repeated_with_pauses(lab: FunctionLab) -> None:
    """A function that fails is called four times in all, each time a little later."""
    await lab.create("counts", COUNTS)
    await lab.fc.invoke_later("counts", b"fails", request_id="REQ-7")
    counts = []
    for attempt in range(1, RETRIES + 3):
        await lab.fc.drain()
        await lab.fc.drain()
        counts.append(len(await runs(lab)))
        lab.clock.advance(delay_before(attempt + 1))
    assert counts == [1, 2, 3, 4, 4]


async def test_what_can_never_succeed_is_not_repeated(lab: FunctionLab) -> None:
    """An invocation of a function that was deleted in the meantime is given up."""
    await lab.create("counts", COUNTS)
    await lab.fc.invoke_later("counts", b"", request_id="REQ-7")
    await lab.call("DeleteFunction", {"functionName": "counts"})
    await lab.fc.drain()
    await lab.store.flush()
    assert lab.store.read("SELECT * FROM fc_accepted") == []


async def test_the_loop_runs_what_is_accepted(lab: FunctionLab) -> None:
    """While the service runs, an accepted invocation starts without being asked for."""
    await lab.create("counts", COUNTS)
    service = asyncio.create_task(lab.fc.run())
    async with asyncio.timeout(60):
        await lab.fc.invoke_later("counts", b"", request_id="REQ-7")
        while not await runs(lab):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)


async def test_what_runs_at_the_end_runs_again(lab: FunctionLab) -> None:
    """A server that stops leaves no process of an invocation behind, and forgets none."""
    await lab.create("counts", "import time\ndef handler(event, context):\n    time.sleep(600)\n")
    service = asyncio.create_task(lab.fc.run())
    async with asyncio.timeout(60):
        await lab.fc.invoke_later("counts", b"", request_id="REQ-7")
        while not lab.fc.pool.count():  # noqa: ASYNC110 - another process starts
            await asyncio.sleep(0.01)
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)
    assert lab.fc.pool.count() == 0
    await lab.update("counts", code={"zipFile": encode(COUNTS)})
    await lab.restart()
    await lab.fc.drain()
    assert await runs(lab) == ["ran REQ-7"]


@pytest.mark.parametrize(
    ("payload", "function", "code"),
    [
        pytest.param(b"x" * (128 * 1024 + 1), "counts", "EntityTooLarge", id="too large"),
        pytest.param(b"", "missing", "FunctionNotFound", id="no such function"),
    ],
)
async def test_what_cannot_be_run_is_not_accepted(
    lab: FunctionLab, payload: bytes, function: str, code: str
) -> None:
    """An event over 128 KB and an unknown function are refused at once."""
    await lab.create("counts", COUNTS)
    with pytest.raises(ApiError) as failure:
        await lab.fc.invoke_later(function, payload, request_id="REQ-7")
    assert failure.value.code == code


async def test_a_fault_fails_or_slows_a_function_as_often_as_it_says(lab: FunctionLab) -> None:
    """A fault shows as a function's own error, as a status of the service, or only as a delay."""
    await lab.create("works", "def handler(event, context):\n    return 'ok'\n")
    lab.faults.set(Fault("function:works", times=2, error="ChatIsBusy"))
    for _ in range(2):
        result = await lab.invoke("works")
        assert (result.status, result.error_type) == (200, "FunctionUnhandledError")
        assert b"ChatIsBusy" in result.body
    lab.faults.set(Fault("function:works", error="429"))
    result = await lab.invoke("works")
    assert (result.status, result.error_type) == (429, "ResourceExhausted")
    lab.faults.set(Fault("function:works", delay_seconds=0.01))
    assert (await lab.invoke("works")).is_success
