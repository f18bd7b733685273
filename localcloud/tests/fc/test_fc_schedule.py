"""When time triggers are due: intervals and CRON expressions, as the documentation has them."""

from datetime import UTC, datetime

import pytest

from localcloud.schedule import ScheduleError, parse


def at(text: str) -> float:
    """Return a moment in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "now", "due"),
    [
        ("@every 1m", "2026-01-01T00:00:30", "2026-01-01T00:01:30"),
        ("@every 1.5h", "2026-01-01T00:00:00", "2026-01-01T01:30:00"),
        ("0 0 4 * * *", "2026-01-01T03:59:59", "2026-01-01T04:00:00"),
        ("0 0 4 * * *", "2026-01-01T04:00:00", "2026-01-02T04:00:00"),
        ("0 0 4 1 * ?", "2026-01-01T05:00:00", "2026-02-01T04:00:00"),
        ("0 30 12 ? * MON-WED", "2026-01-01T00:00:00", "2026-01-05T12:30:00"),
        ("0 */15 8-9 * * *", "2026-01-01T08:15:00", "2026-01-01T08:30:00"),
        ("0 5/20 8 * * *", "2026-01-01T08:25:01", "2026-01-01T08:45:00"),
        ("10,40 0 0 29 FEB ?", "2026-01-01T00:00:00", "2028-02-29T00:00:10"),
        ("CRON_TZ=Asia/Shanghai 0 0 4 * * *", "2026-01-01T00:00:00", "2026-01-01T20:00:00"),
        # 02:30 does not exist on this day, so the next day's is the next.
        ("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-03-28T12:00:00", "2026-03-30T00:30:00"),
    ],
)
def test_the_next_moment(expression: str, now: str, due: str) -> None:
    """The next moment is later than now, and the first that the expression names."""
    found = parse(expression).next_after(at(now))
    assert datetime.fromtimestamp(found, UTC) == datetime.fromtimestamp(at(due), UTC)


def test_a_day_that_never_comes_is_never_due() -> None:
    """The thirtieth of February is looked for some years and then never."""
    assert parse("0 0 0 30 FEB ?").next_after(at("2026-01-01T00:00:00")) == float("inf")


@pytest.mark.parametrize(
    "expression",
    [
        None, "", "@every 1", "@every 30s", "@every 0.5m", "@every -1m", "@hourly", "0 4 * * *",
        "60 0 0 * * *", "0 0 24 * * *", "0 0 0 0 * *", "0 0 0 * 13 *", "0 0 0 1 * MON",
        "0 0 0 ? * 1", "0 9-8 0 * * *", "0 */0 0 * * *", "0 1/ 0 * * *", "0 ? 0 * * *",
        "0 ² 0 * * *",
        "CRON_TZ=Nowhere/Land 0 0 4 * * *", "CRON_TZ=/etc/passwd 0 0 4 * * *", "0 0 0 1,,2 * *",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(expression: object) -> None:
    """Intervals under a minute, fields out of range and unknown zones are refused."""
    with pytest.raises(ScheduleError):
        parse(expression)
