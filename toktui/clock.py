"""Time: the only module that reads the clock; which zone is meant, `zones` knows.

A time is a whole number of UTC milliseconds. Days, ISO weeks and months exist only in a zone, when
shown. Since 2020 every zone's day begins on a quarter hour of UTC, so 15-minute rollups can be
added up to the days of any zone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from toktui.errors import UsageError
from toktui.text import clean

Period = Literal["day", "week", "month", "all"]
PERIODS: Final[tuple[Period, ...]] = ("day", "week", "month", "all")

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
QUARTER_MS: Final = 15 * MINUTE_MS
"""Length of a rollup bucket."""
DAY_MS: Final = 24 * 60 * MINUTE_MS
BEGINNING_MS: Final = 0
END_OF_TIME_MS: Final = 253_402_214_400_000
"""The open ends of a range (1970, 9999): every call lies between."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


class Range(NamedTuple):
    """Calls with `start_ms <= at_ms < end_ms`."""

    start_ms: int
    end_ms: int


def now_ms() -> int:
    """UTC milliseconds now."""
    return time.time_ns() // 1_000_000


def local_date(at_ms: int, zone: ZoneInfo) -> date:
    """The day in `zone` on which `at_ms` falls."""
    return _local(at_ms, zone).date()


def day_label(at_ms: int, zone: ZoneInfo) -> str:
    """`2026-11-21`."""
    return local_date(at_ms, zone).isoformat()


def week_label(at_ms: int, zone: ZoneInfo) -> str:
    """The ISO week, `2026-W47`: it begins on Monday and belongs to the year of its Thursday."""
    year, week, _ = local_date(at_ms, zone).isocalendar()
    return f"{year:04}-W{week:02}"


def month_label(at_ms: int, zone: ZoneInfo) -> str:
    """`2026-11`."""
    return day_label(at_ms, zone)[:7]


LABELS: Final[Mapping[Period, Callable[[int, ZoneInfo], str]]] = {
    "day": day_label,
    "week": week_label,
    "month": month_label,
    "all": lambda _at_ms, _zone: "all",
}
"""The name of the period in which a time falls. All times of a rollup bucket get the same one."""


def day_start_ms(day: date, zone: ZoneInfo) -> int:
    """The first instant of `day` in `zone`; of the next day that exists, if `day` was skipped."""
    midnight = datetime(day.year, day.month, day.day)
    start = _ms(midnight.replace(tzinfo=zone))
    if _local(start, zone).replace(tzinfo=None) == midnight:
        return start
    # Clocks jumped over midnight: the day begins where they jumped, and that is between midnight
    # as the clocks after the jump and as the clocks before it would have had it.
    before = _ms(midnight.replace(tzinfo=zone, fold=1))
    offset = _local(before, zone).utcoffset()
    while start - before > 1:
        middle = (before + start) // 2
        if _local(middle, zone).utcoffset() == offset:
            before = middle
        else:
            start = middle
    return start


def today(now_ms: int, zone: ZoneInfo) -> Range:
    """From the midnight before `now_ms` to the one after it."""
    day = local_date(now_ms, zone)
    return Range(day_start_ms(day, zone), day_start_ms(day + timedelta(days=1), zone))


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS


_WORDS_FOR_DAYS: Final = "Use a date such as 2026-11-21, or today, yesterday, or 7d (7 days back)."


def day_range(
    since: str | None,
    until: str | None,
    *,
    now_ms: int,
    zone: ZoneInfo,
    names: tuple[str, str] = ("--since", "--until"),
) -> Range:
    """The range from the first instant of day `since` to the last of day `until`, in `zone`.

    A day is a date (`2026-11-21`), `today`, `yesterday` or `7d`, the first of the last seven days,
    today included. None is open. Raises `UsageError`, with the two by these names, for anything
    else and for `until` before `since`.
    """
    first = _day(names[0], since, now_ms, zone)
    last = _day(names[1], until, now_ms, zone)
    if first and last and last < first:
        raise UsageError(f"{names[1]} {last} is before {names[0]} {first}", "Swap the two days.")
    return Range(
        BEGINNING_MS if first is None else day_start_ms(first, zone),
        END_OF_TIME_MS if last is None else day_start_ms(last + timedelta(days=1), zone),
    )


def _day(option: str, text: str | None, now_ms: int, zone: ZoneInfo) -> date | None:
    if text is None:
        return None
    today = local_date(now_ms, zone)
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    if match := re.fullmatch(r"([1-9]\d{0,4})d", text, re.ASCII):
        return today - timedelta(days=int(match[1]) - 1)
    try:
        if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(f'{option}: "{clean(text)}" is not a day', _WORDS_FOR_DAYS)


def iso(at_ms: int) -> str:
    """`2026-11-22T10:00:00Z`, with milliseconds if there are any."""
    at = (_EPOCH + timedelta(milliseconds=at_ms)).replace(tzinfo=None)
    return at.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds") + "Z"


def local_minute(at_ms: int, zone: ZoneInfo) -> str:
    """`2026-11-22 14:32`, in the zone."""
    return _local(at_ms, zone).strftime("%Y-%m-%d %H:%M")


_RFC_3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)


_HOURS_KEPT: Final = 4096
_hours: Final[dict[str, int]] = {}
"""Hours that were read, as `2026-11-22T10:`: logs name each many times."""
_MINUTES: Final = {f"{minute:02}:": minute * MINUTE_MS for minute in range(60)}
_SECONDS: Final = {f"{second:02}.": second * 1000 for second in range(60)}
_MILLISECONDS: Final = {f"{ms:03}Z": ms for ms in range(1000)}


def parse_ms(text: str) -> int | None:
    """UTC milliseconds of an RFC 3339 time, or None. Without an offset it is taken as UTC.

    What is finer than a millisecond is cut off; a leap second is the first of the next minute.
    """
    try:
        return (
            _hours[text[:14]]
            + _MINUTES[text[14:17]]
            + _SECONDS[text[17:20]]
            + _MILLISECONDS[text[20:]]
        )
    except KeyError:
        pass
    at_ms = _parse(text)
    if at_ms is not None and _is_usual(text):
        if len(_hours) >= _HOURS_KEPT:
            _hours.clear()
        _hours[text[:14]] = at_ms - at_ms % HOUR_MS
    return at_ms


def _parse(text: str) -> int | None:
    if _is_usual(text):
        try:
            since_epoch = datetime.fromisoformat(text) - _EPOCH
        except ValueError:
            pass
        else:
            seconds = since_epoch.days * 86_400 + since_epoch.seconds
            return seconds * 1000 + since_epoch.microseconds // 1000
    return _parse_any(text)


def _is_usual(text: str) -> bool:
    """Whether `text` has the shape of nearly every time in a log, `2026-11-22T10:00:00.123Z`."""
    return (
        len(text) == 24
        and text[4] == text[7] == "-"
        and text[10] == "T"
        and text[11:13] < "24"
        and text[13] == ":"
        and text[19] == "."
        and text[23] == "Z"
    )


def _parse_any(text: str) -> int | None:
    match = _RFC_3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    try:
        start = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
    except ValueError:
        return None
    if int(second) > 60 or (sign and (int(hours) > 23 or int(minutes) > 59)):
        return None
    at = _ms(start) + int(second) * 1000 + int((fraction or "")[:3].ljust(3, "0"))
    ahead = (int(hours) * 60 + int(minutes)) * MINUTE_MS if sign else 0
    return at + ahead if sign == "-" else at - ahead
