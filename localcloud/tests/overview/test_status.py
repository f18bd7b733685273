"""One word says how far a request is: the worst of what is still to be mended, else its end."""

import pytest

from localcloud.ecs.invocations import Result
from localcloud.eventbridge.delivery.history import DeliveryStatus
from localcloud.eventbridge.delivery.journal import Attempt
from localcloud.labels import Label
from localcloud.overview.status import status

KNOWN = {"status": Label(("data.status",), good=("Success",))}
FAILED_ONCE = (Attempt(0.0, False, "503", 1.0, "busy"),)


def delivery(state: str, attempts: tuple[Attempt, ...] = ()) -> DeliveryStatus:
    """Return a delivery to one target."""
    return DeliveryStatus("rule", "target", state, 0.0, attempts)


def run(state: str) -> Result:
    """Return a run on one instance."""
    return Result(1, 0, "t-1", "i-1", state)


@pytest.mark.parametrize(
    ("deliveries", "runs", "named", "word"),
    [
        ([], [], {}, "no rule matched"),
        ([("e", delivery("pending"))], [], {}, "running"),
        ([("e", delivery("pending", FAILED_ONCE))], [], {}, "retrying"),
        ([("e", delivery("delivered", FAILED_ONCE))], [], {}, "done"),
        ([("e", delivery("delivered"))], [run("Pending")], {}, "running"),
        ([("e", delivery("delivered"))], [run("Success"), run("Failed")], {}, "failed"),
        ([("e", delivery("delivered"))], [run("Failed")], {"status": "Success"}, "done"),
        ([("e", delivery("delivered"))], [], {"status": "Rejected"}, "failed"),
        ([("e", delivery("dropped"))], [], {"status": "Success"}, "given up"),
        ([("e", delivery("dead-letter")), ("e", delivery("delivered"))], [], {}, "done"),
        ([("e", delivery("dead-letter")), ("f", delivery("delivered"))], [], {}, "given up"),
    ],
)
def test_the_word(
    deliveries: list[tuple[str, DeliveryStatus]],
    runs: list[Result],
    named: dict[str, str],
    word: str,
) -> None:
    """Of an event that was published again, the last time counts."""
    assert status(deliveries, runs, named, KNOWN, letters=False, waits=False) == word


def test_what_lies_in_a_queue_or_is_called_again() -> None:
    """Neither shows in a delivery."""
    done = [("e", delivery("delivered"))]
    assert status(done, [], {}, KNOWN, letters=True, waits=True) == "given up"
    assert status(done, [], {}, KNOWN, letters=False, waits=True) == "retrying"


@pytest.mark.parametrize(
    ("refused", "called", "word"),
    [(True, True, "retrying"), (False, True, "running"), (True, False, "done")],
)
def test_a_refusal_counts_while_the_caller_goes_on(refused: bool, called: bool, word: str) -> None:
    """What was refused once and then went through is done."""
    done = [("e", delivery("delivered"))]
    more = {"refused": refused, "called": called}
    assert status(done, [], {}, KNOWN, letters=False, waits=False, **more) == word


def test_a_function_that_raised_has_failed() -> None:
    """Also where its event counts as delivered, because the call was answered."""
    raised = (Attempt(0.0, True, "Success", 1.0, "f failed (request 1)"),)
    found = [("e", delivery("delivered", raised))]
    assert status(found, [], {}, KNOWN, letters=False, waits=False) == "failed"
