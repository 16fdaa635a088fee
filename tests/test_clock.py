"""Days, weeks and months are right in every zone, and their borders are quarters of an hour."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toktui.clock import (
    BEGINNING_MS,
    DAY_MS,
    END_OF_TIME_MS,
    LABELS,
    QUARTER_MS,
    day_label,
    day_range,
    day_start_ms,
    iso,
    local_date,
    month_label,
    now_ms,
    parse_ms,
    today,
    week_label,
)
from toktui.errors import UsageError

ALL_ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
SINCE, UNTIL = date(2020, 1, 1), date(2033, 1, 1)


def ms(text: str) -> int:
    """By another way than parse_ms."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


NOW = ms("2026-11-22T10:00:00+00:00")


# ---- labels and borders ----


def changes(name: str) -> list[int]:
    """The instants since 2020 at which the clocks of a zone change, each found by halving."""
    there = ZoneInfo(name)
    found: list[int] = []

    def offset(at: int) -> timedelta | None:
        return datetime.fromtimestamp(at, there).utcoffset()

    step = 7 * 86_400
    first, last = (int(datetime(d.year, 1, 1, tzinfo=UTC).timestamp()) for d in (SINCE, UNTIL))
    for start in range(first, last, step):
        low, high = start, start + step
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high * 1000)
    return found


def days_to_try(instants: list[int], there: ZoneInfo) -> set[date]:
    """The days around every change, and the first of every month."""
    around = {
        local_date(at, there) + timedelta(days=days) for at in instants for days in (-1, 0, 1, 2)
    }
    firsts = {date(year, month, 1) for year in range(2020, 2033) for month in range(1, 13)}
    return around | firsts


@pytest.mark.parametrize("first_letter", sorted({name[0] for name in ALL_ZONES}))
def test_in_every_zone_days_begin_on_quarters_and_quarters_lie_in_one_day(first_letter: str):
    for name in (name for name in ALL_ZONES if name[0] == first_letter):
        there = ZoneInfo(name)
        instants = changes(name)
        for day in days_to_try(instants, there):
            start = day_start_ms(day, there)
            assert start % QUARTER_MS == 0, f"{name} {day}"
            assert day_label(start, there) == day.isoformat(), f"{name} {day}"
            assert day_label(start - 1, there) < day.isoformat(), f"{name} {day}"
        for at in instants:
            quarter = at - at % QUARTER_MS
            inside = (quarter, at - 1 if at > quarter else at, at, quarter + QUARTER_MS - 1)
            assert len({day_label(each, there) for each in inside}) == 1, f"{name} {iso(at)}"


def test_the_zones_of_the_test_above_do_change_their_clocks():
    assert len(ALL_ZONES) > 400
    assert len(changes("Europe/Paris")) == 26
    assert [iso(at) for at in changes("Australia/Lord_Howe")][:2] == [
        "2020-04-04T15:00:00Z",
        "2020-10-03T15:30:00Z",
    ]


@pytest.mark.parametrize(
    ("name", "day", "start", "hours"),
    [
        ("UTC", "2026-11-21", "2026-11-21T00:00:00Z", 24),
        ("Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z", 23),
        ("Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z", 25),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24.5),
        ("Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15:00Z", 24),
        ("Pacific/Chatham", "2026-09-27", "2026-09-26T11:15:00Z", 23),
        # Midnight did not exist: clocks went from 23:59 to 01:00.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23),
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z", 23),
        # Clocks went back from midnight to 23:00 of the day before.
        ("Asia/Beirut", "2022-10-29", "2022-10-28T21:00:00Z", 25),
        # Midnight came twice.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25),
        # Clocks went from 23:29 to 00:30, so the day began at half past midnight.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z", 23.5),
        # The day never was.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24),
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24),
    ],
)
def test_a_day_begins_with_its_first_instant(name: str, day: str, start: str, hours: float):
    there = ZoneInfo(name)
    this = date.fromisoformat(day)
    begins = day_start_ms(this, there)
    assert iso(begins) == start
    assert day_start_ms(this + timedelta(days=1), there) - begins == hours * 3_600_000


def test_a_day_that_never_was_has_no_calls_and_its_neighbours_have_all():
    apia = ZoneInfo("Pacific/Apia")
    labels = [day_label(ms("2011-12-30T09:59:59+00:00") + step, apia) for step in (0, 1000)]
    assert labels == ["2011-12-29", "2011-12-31"]
    assert (
        day_range("2011-12-30", "2011-12-30", now_ms=NOW, zone=apia)
        == (ms("2011-12-30T10:00:00+00:00"),) * 2
    )


@given(st.sampled_from(ALL_ZONES), st.integers(ms("2020-01-01T00:00+00:00"), 2_000_000_000_000))
@example("Asia/Beirut", ms("2022-10-29T21:30:00+00:00"))
@example("Africa/El_Aaiun", ms("2026-03-22T02:30:00+00:00"))
def test_a_time_lies_in_the_day_of_its_label(name: str, at_ms: int):
    there = ZoneInfo(name)
    start, end = today(at_ms, there)
    assert start <= at_ms < end
    assert day_label(start, there) == day_label(at_ms, there) == day_label(end - 1, there)


def test_a_week_belongs_to_the_year_of_its_thursday():
    utc = ZoneInfo("UTC")
    assert week_label(ms("2024-12-30T00:00:00+00:00"), utc) == "2025-W01"
    assert week_label(ms("2026-12-31T00:00:00+00:00"), utc) == "2026-W53"
    assert week_label(ms("2027-01-03T23:59:59+00:00"), utc) == "2026-W53"
    assert week_label(ms("2026-11-21T00:00:00+00:00"), utc) == "2026-W47"


def test_a_period_is_that_of_the_zone():
    at = ms("2026-11-30T20:00:00+00:00")
    here, there = ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")
    assert (day_label(at, here), day_label(at, there)) == ("2026-11-30", "2026-12-01")
    assert (month_label(at, here), month_label(at, there)) == ("2026-11", "2026-12")
    sunday = ms("2026-11-22T20:00:00+00:00")
    assert (week_label(sunday, here), week_label(sunday, there)) == ("2026-W47", "2026-W48")
    assert [label(at, there) for label in LABELS.values()] == [
        "2026-12-01", "2026-W49", "2026-12", "all",
    ]  # fmt: skip


# ---- --since and --until ----


def days(since: str | None, until: str | None, name: str = "UTC") -> tuple[str, str]:
    start, end = day_range(since, until, now_ms=NOW, zone=ZoneInfo(name))
    return iso(start)[:16], iso(end)[:16]


def test_both_ends_are_inclusive():
    assert days("2026-11-21", "2026-11-21") == ("2026-11-21T00:00", "2026-11-22T00:00")
    assert days("2026-03-29", "2026-03-29", "Europe/Paris") == (
        "2026-03-28T23:00",
        "2026-03-29T22:00",
    )


def test_words_name_days_of_the_zone():
    assert days("today", "today") == ("2026-11-22T00:00", "2026-11-23T00:00")
    assert days("yesterday", "yesterday") == ("2026-11-21T00:00", "2026-11-22T00:00")
    assert days("7d", "today") == ("2026-11-16T00:00", "2026-11-23T00:00")
    assert days("1d", None)[0] == days("today", None)[0]
    assert days("today", "today", "Pacific/Kiritimati")[0] == "2026-11-22T10:00"


def test_a_missing_end_is_open():
    assert day_range(None, None, now_ms=NOW, zone=ZoneInfo("UTC")) == (BEGINNING_MS, END_OF_TIME_MS)


def test_a_range_is_the_sum_of_its_days():
    there = ZoneInfo("Europe/Paris")
    whole = day_range("2026-10-20", "2026-10-30", now_ms=NOW, zone=there)
    each = [
        day_range(f"2026-10-{day}", f"2026-10-{day}", now_ms=NOW, zone=there)
        for day in range(20, 31)
    ]
    assert [one.end_ms for one in each[:-1]] == [one.start_ms for one in each[1:]]
    assert (each[0].start_ms, each[-1].end_ms) == whole
    assert whole.end_ms - whole.start_ms == 11 * DAY_MS + 3_600_000


@pytest.mark.parametrize(
    "nonsense",
    [
        "", "now", "2026-13-01", "2026-02-30", "20261121", "2026-11", "2026-W47-1", "0d", "-1d",
        "999999d", "7 d", "2026-11-21T00:00", "٢٠٢٦-11-21", "0001-01-01", "\x1b[2J", "x" * 9999,
    ],
)  # fmt: skip
@pytest.mark.parametrize("option", ["since", "until"])
def test_nonsense_is_refused_with_what_would_be_right(nonsense: str, option: str):
    bounds = {"since": None, "until": None} | {option: nonsense}
    with pytest.raises(UsageError) as refused:
        day_range(**bounds, now_ms=NOW, zone=ZoneInfo("Asia/Tokyo"))
    assert refused.value.what.startswith(f"--{option}: ")
    assert "2026-11-21" in refused.value.hint
    assert refused.value.what.isprintable()
    assert len(refused.value.what) < 200


def test_an_end_before_the_start_is_refused():
    with pytest.raises(UsageError, match="--until 2026-11-20 is before --since 2026-11-21"):
        day_range("2026-11-21", "2026-11-20", now_ms=NOW, zone=ZoneInfo("UTC"))


@pytest.mark.parametrize("day", ["1000-01-01", "2999-12-31", "99999d"])
@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_days_far_away_are_ranges_like_any_other(day: str, name: str):
    start, end = day_range(day, day, now_ms=NOW, zone=ZoneInfo(name))
    assert end - start == DAY_MS


# ---- text ----


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-22T10:00:00.123Z", "2026-11-22T10:00:00.123+00:00"),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22t10:00:00z", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22 10:00:00", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22T10:00:00", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22T10:00:00.1Z", "2026-11-22T10:00:00.100+00:00"),
        ("2026-11-22T10:00:00.123999999Z", "2026-11-22T10:00:00.123+00:00"),
        ("2026-11-22T10:00:00+05:45", "2026-11-22T04:15:00+00:00"),
        ("2026-11-22T10:00:00.5-0330", "2026-11-22T13:30:00.500+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60.000Z", "2017-01-01T00:00:00+00:00"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999+00:00"),
    ],
)
def test_a_time_of_a_log_is_read_to_the_millisecond(text: str, same: str):
    assert parse_ms(text) == ms(same)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-11-22", "2026-11-22T10:00Z", "2026-11-22T24:00:00.000Z",
        "2026-11-22T10:60:00Z", "2026-11-22T10:00:61Z", "2026-02-30T10:00:00.000Z",
        "2026-W47-1T10:00:00.123Z",
        "2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00.Z", "٢٠٢٦-11-22T10:00:00.123Z",
        "2026-11-22T10:00:00.123Z\n", "2026-11-22T1\u0660:00:00.123Z", "20261122T100000Z",
        "1795341600",
        "0000-01-01T00:00:00.000Z", "2026-11-22T+1:00:00.123Z", "2026-11-22T10:00:00.1_3Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str):
    assert parse_ms(text) is None


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_survives_being_written_and_read(at_ms: int):
    assert parse_ms(iso(at_ms)) == at_ms


def test_the_clock_gives_utc_milliseconds():
    assert abs(now_ms() - datetime.now(UTC).timestamp() * 1000) < 5000  # noqa: TID251
