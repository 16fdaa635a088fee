"""Prices in time: cuts at midnight UTC, hours of the day, and what is older than the book."""

from __future__ import annotations

import datetime

import pytest

from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import book_of, load_book
from toktui.pricing.rows import Band, BookFile, ModelRates, Row, Source, TierRates

BOOK = load_book()
DAY = datetime.date(2026, 1, 1)


def ms(text: str) -> int:
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def input_rate(model: str, at: str) -> int | None:
    rate = BOOK.rate_for(model, ms(at))
    return rate and rate.bands[0].rates[0] // 1_000_000


def a_book(*rows: Row) -> BookFile:
    return BookFile(
        "toktui.rates/1", "test", DAY, (Source("test", DAY),),
        (ModelRates("a-model", "somebody", rows),),
    )


def a_row(dollars: int, day: str | None = None, hours: tuple[int, int] | None = None) -> Row:
    band = Band(0, dollars * 10**9, None, None, None, 0)
    day_of = datetime.date.fromisoformat(day) if day else None
    return Row((TierRates("standard", (band,)),), valid_from=day_of, hours=hours)


@pytest.mark.parametrize(
    ("model", "at", "thousandths"),
    [
        ("gpt-5.6-sol", "2026-08-20T23:59:59.999Z", 5000),
        ("gpt-5.6-sol", "2026-08-21T00:00:00Z", 4000),
        ("gpt-5.6-terra", "2026-07-29T23:59:59.999Z", 2500),
        ("gpt-5.6-terra", "2026-07-30T00:00:00Z", 2000),
        ("o3", "2025-06-09T23:59:59.999Z", 10_000),
        ("o3", "2025-06-10T00:00:00Z", 2000),
        ("gemini-3.8-flash", "2026-12-31T23:59:59Z", 750),
        ("gemini-3.8-flash", "2027-01-01T00:00:00Z", 1500),
        # DeepSeek: dear from 01:00 to 04:00 and from 06:00 to 10:00, since the dated price.
        ("deepseek-v4-flash", "2026-11-20T00:59:59.999Z", 150),
        ("deepseek-v4-flash", "2026-11-20T01:00:00Z", 300),
        ("deepseek-v4-flash", "2026-11-20T03:59:59.999Z", 300),
        ("deepseek-v4-flash", "2026-11-20T04:00:00Z", 150),
        ("deepseek-v4-flash", "2026-11-20T09:30:00Z", 300),
        ("deepseek-v4-flash", "2026-08-20T01:30:00Z", 220),
    ],
)
def test_a_price_holds_from_midnight_utc_and_in_its_hours(
    model: str, at: str, thousandths: int
) -> None:
    assert input_rate(model, at) == thousandths


def test_a_long_context_band_that_was_dropped_stays_for_the_calls_before() -> None:
    tokens = Tokens(input=300_000)
    before = price(BOOK, model="claude-sonnet-4-6", at_ms=ms("2026-03-12T12:00Z"), tokens=tokens)
    after = price(BOOK, model="claude-sonnet-4-6", at_ms=ms("2026-03-13T12:00Z"), tokens=tokens)
    assert before is not None
    assert after is not None
    assert (before.total_nusd, after.total_nusd) == (1_800_000_000, 900_000_000)


def test_a_call_that_is_older_than_the_first_price_pays_it_and_says_so() -> None:
    book = book_of(a_book(a_row(7, "2026-02-01"), a_row(9, "2026-03-01")))

    early = book.rate_for("a-model", ms("2026-01-01T00:00Z"))
    first = book.rate_for("a-model", ms("2026-02-01T00:00Z"))

    assert early is not None
    assert first is not None
    assert early.before_first_date
    assert not first.before_first_date
    assert early.bands == first.bands
    assert early.rate_id == first.rate_id


def test_hours_may_pass_midnight() -> None:
    book = book_of(a_book(a_row(1), a_row(2, hours=(22 * 60, 60))))
    dear = {hour for hour in range(24)
            if (rate := book.rate_for("a-model", ms(f"2026-05-05T{hour:02}:00Z")))
            and rate.bands[0].rates[0] == 2 * 10**9}  # fmt: skip
    assert dear == {22, 23, 0}


def test_a_later_file_replaces_a_model_and_keeps_the_others() -> None:
    book = book_of(a_book(a_row(1)), a_book(a_row(3)))
    rate = book.rate_for("a-model", 0)
    assert rate is not None
    assert rate.bands[0].rates[0] == 3 * 10**9
    assert book.version == "test+test"
