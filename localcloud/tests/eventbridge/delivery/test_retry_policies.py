"""The two documented retry policies."""

import pytest

from localcloud.eventbridge.delivery.retry import BACKOFF_RETRY, EXPONENTIAL_DECAY_RETRY, next_delay


def _zero() -> float:
    return 0.0


def test_backoff_retries_three_times_after_10_to_20_seconds() -> None:
    """BACKOFF_RETRY waits 10 s plus up to 10 s three times, then gives up."""
    draws = iter([0.0, 0.5, 0.75])
    expected = [10.0, 15.0, 17.5]
    delays = [next_delay(BACKOFF_RETRY, attempts, draws.__next__) for attempts in (1, 2, 3)]
    assert delays == expected
    assert next_delay(BACKOFF_RETRY, 4, _zero) is None


def test_exponential_decay_retries_176_times_within_a_day() -> None:
    """EXPONENTIAL_DECAY_RETRY waits 1, 2, 4 … 512 s, then 512 s until 176 retries are done."""
    delays = [next_delay(EXPONENTIAL_DECAY_RETRY, n, _zero) for n in range(1, 177)]
    expected = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 512.0]
    assert delays[:11] == expected
    assert delays.count(512.0) == 167
    assert sum(delay or 0 for delay in delays) == 86_015
    assert next_delay(EXPONENTIAL_DECAY_RETRY, 177, _zero) is None


def test_unknown_policy_is_an_error() -> None:
    """A policy that does not exist is an error that names those that do."""
    with pytest.raises(ValueError, match=r"unknown retry policy 'NEVER'.*BACKOFF_RETRY"):
        next_delay("NEVER", 1, _zero)


def test_attempts_are_counted_from_one() -> None:
    """Without a failed attempt there is no retry to wait for."""
    with pytest.raises(ValueError, match="failed_attempts is 0"):
        next_delay(BACKOFF_RETRY, 0, _zero)
