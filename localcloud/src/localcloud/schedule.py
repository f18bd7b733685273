"""When a time trigger or a scheduled event is due: an interval or a CRON expression.

An interval is ``@every 5m``; a CRON expression has six fields.

Source: "Time triggers" (Function Compute 3.0). CRON expressions are UTC unless they begin with
``CRON_TZ=<zone>``.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import product
from zoneinfo import ZoneInfo

_EVERY = re.compile(r"@every (\d{1,6}(?:\.\d{1,3})?)([mh])")
_OFFSET = re.compile(r"(?:GMT|UTC)(?P<sign>[+-])(?P<hours>\d{1,2}):(?P<minutes>\d{2})")
_ZONE = re.compile(r"CRON_TZ=(\S+) +(.+)")
_UNITS = {"m": 60, "h": 3600}
_SHORTEST_SECONDS = 60
_MOST_HOURS = 14
"""A zone is so many hours from UTC at most."""
_LOOK_AHEAD_DAYS = 5 * 366
_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_WEEKDAYS = {"MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6, "SUN": 7}


class ScheduleError(ValueError):
    """An expression that no trigger can have; the message says what is accepted."""


@dataclass(frozen=True)
class Interval:
    """Once in every so many seconds, the first time one interval after the trigger was made."""

    seconds: float

    def next_after(self, moment: float) -> float:
        """Return when the trigger is due next, in seconds since 1970."""
        return moment + self.seconds


@dataclass(frozen=True)
class Calendar:
    """At all moments whose parts are among these."""

    zone: tzinfo
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """Monday is 1."""

    def next_after(self, moment: float) -> float:
        """Return when the trigger is due next, in seconds since 1970."""
        today = datetime.fromtimestamp(moment, self.zone).date()
        for number in range(_LOOK_AHEAD_DAYS):
            for found in self._moments(today + timedelta(number)):
                if found > moment:
                    return found
        return math.inf

    def _moments(self, day: date) -> Iterator[float]:
        fits = day.month in self.months and day.day in self.days
        if not fits or day.isoweekday() not in self.weekdays:
            return
        for hour, minute, second in product(self.hours, self.minutes, self.seconds):
            local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=self.zone)
            # A time of day that a change of clocks leaves out comes back as another one.
            if local.astimezone(UTC).astimezone(self.zone).hour == hour:
                yield local.timestamp()


Schedule = Interval | Calendar


def parse(expression: object) -> Schedule:
    """Read a ``cronExpression``.

    Raises:
        ScheduleError: if it is not one.
    """
    if not isinstance(expression, str):
        raise ScheduleError("text such as '@every 5m' or '0 0 4 * * *'")
    if interval := _EVERY.fullmatch(expression):
        seconds = float(interval[1]) * _UNITS[interval[2]]
        if seconds < _SHORTEST_SECONDS:
            raise ScheduleError("an interval of at least one minute")
        return Interval(seconds)
    zone: tzinfo = UTC
    if zoned := _ZONE.fullmatch(expression):
        zone, expression = _zone(zoned[1]), zoned[2]
    fields = expression.split()
    if len(fields) != 6:
        raise ScheduleError(
            "'@every <number>m', '@every <number>h', or six fields: second, minute, hour, day of "
            "the month, month, day of the week"
        )
    second, minute, hour, day, month, weekday = fields
    if day not in {"*", "?"} and weekday not in {"*", "?"}:
        raise ScheduleError("a day of the month or a day of the week, and '?' for the other")
    return Calendar(
        zone,
        tuple(sorted(_values(second, 0, 59))),
        tuple(sorted(_values(minute, 0, 59))),
        tuple(sorted(_values(hour, 0, 23))),
        _values(day, 1, 31, wild="*?"),
        _values(month, 1, 12, names=_MONTHS),
        _weekdays(weekday),
    )


def in_zone(expression: object, zone: str) -> Schedule:
    """Read a CRON expression of a zone that stands beside it, such as ``GMT+8:00``.

    Raises:
        ScheduleError: if one of them is none.
    """
    found = parse(expression)
    if not isinstance(found, Calendar) or _ZONE.match(str(expression)):
        raise ScheduleError("six fields: second, minute, hour, day of the month, month, weekday")
    return replace(found, zone=_offset(zone) or _zone(zone))


def _offset(zone: str) -> tzinfo | None:
    offset = _OFFSET.fullmatch(zone)
    if offset is None or int(offset["hours"]) > _MOST_HOURS or int(offset["minutes"]) > 59:
        return None
    sign = -1 if offset["sign"] == "-" else 1
    shift = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
    return timezone(sign * shift)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ScheduleError("a zone such as Asia/Shanghai or GMT+8:00") from None


def _weekdays(field: str) -> frozenset[int]:
    if any(character.isdigit() for character in field.partition("/")[0]):
        # The documentation leaves open whether 1 is Sunday or Monday.
        raise ScheduleError("days of the week by name: MON to SUN")
    return _values(field, 1, 7, wild="*?", names=_WEEKDAYS)


def _values(
    field: str, low: int, high: int, *, wild: str = "*", names: dict[str, int] | None = None
) -> frozenset[int]:
    """Return what a field stands for: ``*``, ``5``, ``5,7``, ``5-7``, ``0/15``, ``*/15``."""

    def number(text: str) -> int:
        value = (names or {}).get(text.upper())
        if value is None:
            value = int(text) if re.fullmatch(r"\d{1,2}", text) else -1
        if not low <= value <= high:
            raise ScheduleError(f"numbers from {low} to {high} where it has '{field}'")
        return value

    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in set(wild):
            start, end = low, high
        else:
            start = number(first)
            end = number(last) if dash else (high if slash else start)
        stride = int(step) if re.fullmatch(r"[1-9]\d?", step) else 0 if slash else 1
        if start > end or not stride:
            raise ScheduleError(f"a value, a list, a range or a step where it has '{field}'")
        found.update(range(start, end + 1, stride))
    return frozenset(found)
