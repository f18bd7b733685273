"""How far a request is, in one word, from what its deliveries, runs and letters say."""

from collections.abc import Iterable, Mapping, Sequence

from localcloud.ecs.invocations import Result
from localcloud.eventbridge.delivery.history import DeliveryStatus
from localcloud.eventbridge.delivery.journal import DEAD_LETTER, DROPPED, PENDING
from localcloud.labels import Label

DONE, FAILED, RUNNING, RETRYING, GIVEN_UP, UNMATCHED = (
    "done",
    "failed",
    "running",
    "retrying",
    "given up",
    "no rule matched",
)
ATTENTION = (RETRYING, GIVEN_UP, FAILED, UNMATCHED)
"""What somebody who looks for trouble wants to see."""
_RAISED = " failed (request "
_ENDED_WELL = "Success"
_UNFINISHED = ("Pending", "Running", "Scheduled", "Stopping")


def status(
    deliveries: Iterable[tuple[str, DeliveryStatus]],
    runs: Sequence[Result],
    named: Mapping[str, str],
    known: Mapping[str, Label],
    *,
    letters: bool,
    waits: bool,
    refused: bool = False,
    called: bool = False,
) -> str:
    """Return how far a request is.

    Args:
        deliveries: those of its events, each with the event's id, oldest first: of an event that
            was published again the last counts.
        runs: what its invocations came to.
        named: its labels' values.
        known: the labels.
        letters: whether an event of it lies in a queue of dead letters.
        waits: whether an asynchronous call with an event of it waits for another attempt.
        refused: whether a call for it was refused lately; while it goes on, it tries again.
        called: whether a function is being called with an event of it.
    """
    last = {(identity, d.rule, d.target): d for identity, d in deliveries}.values()
    states = {delivery.state for delivery in last}
    if letters or states & {DEAD_LETTER, DROPPED}:
        return GIVEN_UP
    goes_on = called or PENDING in states
    if waits or (refused and goes_on) or any(d.state == PENDING and d.attempts for d in last):
        return RETRYING
    if goes_on or any(run.status in _UNFINISHED for run in runs):
        return RUNNING
    for name, label in known.items():
        if label.good and name in named:
            return DONE if named[name] in label.good else FAILED
    if runs:
        return DONE if all(run.status == _ENDED_WELL for run in runs) else FAILED
    # A function that raised was answered, so its event counts as delivered.
    raised = any(d.attempts and _RAISED in d.attempts[-1].message for d in last)
    return UNMATCHED if not last else FAILED if raised else DONE
