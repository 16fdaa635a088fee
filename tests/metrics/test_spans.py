"""Weeks, months and days in a zone, and how far one has run beside another."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.clock import HOUR_MS, day_start_ms
from toktui.errors import UsageError
from toktui.metrics.spans import (
    GRAINS,
    Span,
    pieces,
    so_far,
    span_of,
    to_the_same_moment,
    week_named,
)

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu")]
days = st.dates(datetime.date(2021, 1, 1), datetime.date(2030, 1, 1))
kinds = st.sampled_from([kind for kind in GRAINS if kind != "days"])


@given(days, kinds, st.sampled_from(ZONES))
def test_the_pieces_are_the_whole_without_gaps(day: datetime.date, kind: str, zone: ZoneInfo):
    span = span_of(kind, day)  # pyright: ignore[reportArgumentType]
    cut = pieces(span, zone)
    ends = [piece.within.end_ms for piece in cut]
    starts = [piece.within.start_ms for piece in cut]
    assert starts[1:] == ends[:-1]
    assert (starts[0], ends[-1]) == span.range(zone)
    assert span.first <= day <= span.last


@given(days, kinds, st.integers(-30, 30))
def test_moving_there_and_back_is_the_same_stretch(day: datetime.date, kind: str, steps: int):
    span = span_of(kind, day)  # pyright: ignore[reportArgumentType]
    assert span.moved(steps).moved(-steps) == span
    if steps > 0:
        assert span.moved(1).first == span.last + datetime.timedelta(days=1)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_a_day_on_which_clocks_change_has_its_hours(day: str, hours: int):
    date = datetime.date.fromisoformat(day)
    assert len(pieces(span_of("day", date), NEW_YORK)) == hours
    week = pieces(span_of("week", date), NEW_YORK)
    lengths = [(p.within.end_ms - p.within.start_ms) // HOUR_MS for p in week]
    assert sorted(lengths) == sorted([24] * 6 + [hours])


def test_a_running_week_is_held_against_the_same_day_and_time():
    zone = ZoneInfo("Europe/Paris")
    # Monday 29 March 2027 14:30; the week before ended with a day of 23 hours.
    monday = datetime.date(2027, 3, 29)
    now_ms = day_start_ms(monday, zone) + 14 * HOUR_MS + HOUR_MS // 2
    running = span_of("week", monday)
    before = running.moved(-1)
    assert so_far(running, zone, now_ms).end_ms == now_ms + 1
    start, end = to_the_same_moment(before, running, zone, now_ms)
    assert start == before.range(zone).start_ms
    assert end - start == 14 * HOUR_MS + HOUR_MS // 2 + 1


def test_a_month_that_is_shorter_than_the_running_one_is_over():
    zone = ZoneInfo("UTC")
    running = span_of("month", datetime.date(2026, 3, 31))
    now_ms = day_start_ms(datetime.date(2026, 3, 31), zone) + HOUR_MS
    february = running.moved(-1)
    assert february.label == "2026-02"
    assert to_the_same_moment(february, running, zone, now_ms) == february.range(zone)


def test_a_stretch_in_the_future_has_not_begun():
    zone = ZoneInfo("UTC")
    span = span_of("week", datetime.date(2030, 1, 1))
    start, end = so_far(span, zone, 0)
    assert start == end
    start, end = to_the_same_moment(span.moved(-1), span, zone, 0)
    assert start == end


@pytest.mark.parametrize("text", ["2026-W47", "2026W47", "2026-w47", "2026-11-16", "2026-11-22"])
def test_a_week_is_named_by_its_number_or_a_day(text: str):
    assert week_named(text).label == "2026-W47"
    assert week_named(text).first == datetime.date(2026, 11, 16)


@pytest.mark.parametrize("text", ["", "47", "2026-W54", "2026-13-01", "last", "2026-W\u0664\u0667"])
def test_what_is_no_week_is_refused(text: str):
    with pytest.raises(UsageError, match="is no week"):
        week_named(text)


def test_a_long_stretch_is_cut_into_weeks_or_months():
    first = datetime.date(2024, 1, 1)
    for days_long, grain in ((10, "day"), (100, "week"), (800, "month")):
        span = Span("days", first, first + datetime.timedelta(days=days_long))
        assert span.grain == grain
