"""Temporary refusals are tried again within the call, for a minute and a half."""

import json

import pytest

from components import defaults
from functions.cloud import retry
from functions.cloud.errors import FunctionError, PermanentError, SettingError, TemporaryError


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


class Work:
    """Fails so often, then succeeds."""

    def __init__(self, *failures: FunctionError) -> None:
        self.failures = list(failures)
        self.attempts = 0

    def __call__(self) -> str:
        """Do it."""
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def patiently(work: Work, clock: Clock, draw: float = 1.0) -> str:
    """Do a work with that clock."""
    return retry.patiently("f", work, now=lambda: clock.now, sleep=clock.sleep, draw=lambda: draw)


def test_what_succeeds_is_done_once() -> None:
    """Nobody waits."""
    work, clock = Work(), Clock()
    assert (patiently(work, clock), work.attempts, clock.slept) == ("done", 1, [])


def test_pauses_grow(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is twice the one before, up to 20 seconds; the log says why."""
    work, clock = Work(*[TemporaryError("slow down", "Throttling.User")] * 8), Clock()
    assert patiently(work, clock) == "done"
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 20, 20]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(line["decision"], line["code"]) for line in lines} == {
        ("tries-again", "Throttling.User")
    }


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
def test_pauses_are_random(draw: float) -> None:
    """From half of the longest to all of it."""
    assert retry.pause(3, draw) == pytest.approx(2 * (0.5 + draw / 2))
    assert 0 <= retry.chance() < 1


@pytest.mark.parametrize("draw", [0.0, 1.0])
def test_it_ends_in_time(draw: float) -> None:
    """The last error is raised when the time is over, well before the function's own limit."""
    work, clock = Work(*[TemporaryError(str(n)) for n in range(1000)]), Clock()
    with pytest.raises(TemporaryError) as raised:
        patiently(work, clock, draw)
    assert str(raised.value) == str(work.attempts - 1)
    assert retry.SECONDS - 20 <= clock.now <= retry.SECONDS
    assert work.attempts > 7
    assert defaults.PATIENT_FUNCTION_SECONDS >= retry.SECONDS + 60


@pytest.mark.parametrize("error", [PermanentError("no"), SettingError("LOOP", "is missing")])
def test_what_will_fail_again_is_not_tried_again(error: FunctionError) -> None:
    """It is raised at once."""
    work, clock = Work(error), Clock()
    with pytest.raises(type(error)):
        patiently(work, clock)
    assert (work.attempts, clock.slept) == (1, [])
