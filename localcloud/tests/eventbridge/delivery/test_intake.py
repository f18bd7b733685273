"""In a burst, what comes in goes first; one event alone waits for nothing."""

import asyncio

from localcloud.eventbridge.delivery.intake import Intake


def test_one_event_is_delivered_at_once() -> None:
    """Nobody gives way to a few events."""
    intake = Intake()
    for _ in range(15):
        intake.record_arrival()
    way = intake.wait_for_lull()
    # It ends without waiting even once.
    try:
        way.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


async def test_a_burst_goes_first_and_ends() -> None:
    """Deliveries wait while events pour in, and go on when they no longer do."""
    intake = Intake()
    for _ in range(16):
        intake.record_arrival()
    way = asyncio.create_task(intake.wait_for_lull())
    await asyncio.sleep(0)
    assert not way.done()
    await asyncio.wait_for(way, 30)
