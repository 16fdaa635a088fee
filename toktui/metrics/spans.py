"""Stretches of days that are looked at as one, the ones before them, and how far one has run."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import HOUR_MS, Range, day_start_ms, local_date
from toktui.errors import UsageError
from toktui.text import clean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Kind = Literal["day", "week", "month", "weeks", "months", "days"]
Grain = Literal["hour", "day", "week", "month"]
GRAINS: Final[dict[Kind, Grain]] = {
    "day": "hour", "week": "day", "month": "day", "weeks": "week", "months": "month", "days": "day",
}  # fmt: skip
"""What a stretch is cut into. `weeks` are 13, `months` are 12, `days` are any."""
WEEKS: Final = 13
MONTHS: Final = 12
_MOST_DAYS: Final = 45
_MOST_WEEKS: Final = 400
"""Days up to which a stretch of any length is cut into days, and into weeks."""
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_FIRST_DAY: Final = datetime.date(1971, 1, 1)
_LAST_DAY: Final = datetime.date(9000, 1, 1)


class Span(msgspec.Struct, frozen=True):
    """From one day to another, both included; the day is the zone's."""

    kind: Kind
    first: datetime.date
    last: datetime.date

    @property
    def grain(self) -> Grain:
        """What it is cut into."""
        length = (self.last - self.first).days + 1
        if self.kind == "days" and length > _MOST_DAYS:
            return "week" if length <= _MOST_WEEKS else "month"
        return GRAINS[self.kind]

    @property
    def label(self) -> str:
        """`2026-W47`, `2026-11`, `2026-11-21`, or the first and the last day."""
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            return f"{year:04}-W{week:02}"
        if self.kind == "month":
            return self.first.isoformat()[:7]
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first.isoformat()} to {self.last.isoformat()}"

    def range(self, zone: ZoneInfo) -> Range:
        """All of it."""
        after = self.last + datetime.timedelta(days=1)
        return Range(day_start_ms(self.first, zone), day_start_ms(after, zone))

    def moved(self, steps: int) -> Span:
        """So many stretches later; negative: earlier. Stays where dates end."""
        length = (self.last - self.first).days + 1
        try:
            if self.kind in ("month", "months"):
                return span_of(self.kind, _months_later(self.last, steps * self._months))
            days = datetime.timedelta(days=steps * length)
            moved = msgspec.structs.replace(self, first=self.first + days, last=self.last + days)
        except (OverflowError, ValueError):
            return self
        return moved if moved.first >= _FIRST_DAY and moved.last <= _LAST_DAY else self

    @property
    def _months(self) -> int:
        return MONTHS if self.kind == "months" else 1


def span_of(kind: Kind, day: datetime.date) -> Span:
    """The day, week or month in which a day lies, or the weeks or months that end with it."""
    one = datetime.timedelta(days=1)
    monday = day - one * day.weekday()
    month = day.replace(day=1)
    month_end = _months_later(month, 1) - one
    match kind:
        case "week":
            return Span(kind, monday, monday + one * 6)
        case "month":
            return Span(kind, month, month_end)
        case "weeks":
            return Span(kind, monday - one * 7 * (WEEKS - 1), monday + one * 6)
        case "months":
            return Span(kind, _months_later(month, 1 - MONTHS), month_end)
        case _:
            return Span(kind, day, day)


def _months_later(day: datetime.date, months: int) -> datetime.date:
    """The first of a month."""
    years, month = divmod(day.month - 1 + months, 12)
    return datetime.date(day.year + years, month + 1, 1)


class Piece(msgspec.Struct, frozen=True):
    """A part of a stretch; its times are those inside the stretch."""

    label: str
    """Of the whole hour, day, week or month."""
    first: datetime.date
    within: Range


def pieces(span: Span, zone: ZoneInfo) -> tuple[Piece, ...]:
    """The hours, days, weeks or months of a stretch, in order; a day may have 23 or 25 hours."""
    if span.grain == "hour":
        return tuple(_hours(span, zone))
    kind: Kind = span.grain
    found: list[Piece] = []
    day = span.first
    while day <= span.last:
        whole = span_of(kind, day)
        inside = Span("days", max(whole.first, span.first), min(whole.last, span.last))
        found.append(Piece(whole.label, inside.first, inside.range(zone)))
        day = inside.last + datetime.timedelta(days=1)
    return tuple(found)


def _hours(span: Span, zone: ZoneInfo) -> list[Piece]:
    found: list[Piece] = []
    start, end = span.range(zone)
    while start < end:
        after = min(end, start + HOUR_MS)
        at = (_EPOCH + datetime.timedelta(milliseconds=start)).astimezone(zone)
        found.append(Piece(f"{at:%H:%M}", span.first, Range(start, after)))
        start = after
    return found


def so_far(span: Span, zone: ZoneInfo, now_ms: int) -> Range:
    """The stretch up to now, if it still runs."""
    start, end = span.range(zone)
    return Range(start, max(start, min(end, now_ms + 1)))


def to_the_same_moment(span: Span, running: Span, zone: ZoneInfo, now_ms: int) -> Range:
    """A stretch up to the day and time of day to which another one has run; all of it if that one
    is over."""
    whole = span.range(zone)
    if now_ms + 1 >= running.range(zone).end_ms:
        return whole
    days = local_date(now_ms, zone) - running.first
    if days.days < 0:
        return Range(whole.start_ms, whole.start_ms)
    day = span.first + days
    if day > span.last:
        return whole
    now = (_EPOCH + datetime.timedelta(milliseconds=now_ms)).astimezone(zone)
    at = datetime.datetime.combine(day, now.time(), tzinfo=zone)
    end = (at - _EPOCH) // datetime.timedelta(milliseconds=1) + 1
    return Range(whole.start_ms, max(whole.start_ms, min(whole.end_ms, end)))


def week_named(text: str) -> Span:
    """`2026-W47`, or the week of a day such as 2026-11-21; UsageError for anything else."""
    try:
        if match := re.fullmatch(r"([12]\d{3})-?[Ww](\d\d?)", text, re.ASCII):
            day = datetime.date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return span_of("week", day)
        if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", text, re.ASCII):
            return span_of("week", datetime.date.fromisoformat(text))
    except ValueError:
        pass
    raise UsageError(
        f'"{clean(text)}" is no week', "Use an ISO week such as 2026-W47, or a day in it."
    )
