"""The rate book as documents and tables. Rates are dollars per million tokens."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.export.figures import UNKNOWN, short, span
from toktui.export.table import Column, Table, as_text
from toktui.model import BUCKETS
from toktui.pricing.rows import UNITS_PER_DOLLAR
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toktui.pricing.periods import BandRates, Rate
    from toktui.pricing.rates import RateBook


class RateRow(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of one tier, period and band; null where the vendor publishes none of its own."""

    model: str
    provider: str
    tier: str
    valid_from: str | None
    hours_utc: str | None
    prompt_above: int
    usd_per_million: dict[str, float | None]
    web_search_usd: float | None
    source: str
    source_date: str
    rate_id: str


class PricesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.prices/1`."""

    schema: Literal["toktui.prices/1"] = "toktui.prices/1"
    book: str
    date: str
    rates: tuple[RateRow, ...]


def as_document(book: RateBook, rates: Iterable[Rate]) -> PricesDocument:
    """One row for each band."""
    return PricesDocument(
        book=book.version,
        date=book.date.isoformat(),
        rates=tuple(_row(rate, band) for rate in rates for band in rate.bands),
    )


def _row(rate: Rate, band: BandRates) -> RateRow:
    return RateRow(
        model=rate.priced_as,
        provider=rate.provider,
        tier=rate.tier,
        valid_from=None if rate.valid_from is None else rate.valid_from.isoformat(),
        hours_utc=_hours(rate.hours) or None,
        prompt_above=band.above,
        usd_per_million={
            bucket: units / UNITS_PER_DOLLAR if published else None
            for bucket, units, published in zip(BUCKETS, band.rates, band.published, strict=True)
        },
        web_search_usd=None if rate.web_search is None else rate.web_search / 1e9,
        source=rate.source.id,
        source_date=rate.source.date.isoformat(),
        rate_id=rate.rate_id,
    )


def _hours(hours: tuple[int, int] | None) -> str:
    if hours is None:
        return ""
    first, last = (f"{minute // 60:02}:{minute % 60:02}" for minute in hours)
    return f"{first}-{last} UTC"


def dollars_per_million(units: int) -> str:
    """`3.00`, `0.075`: as many decimals as there are, at least two."""
    whole, _, rest = f"{Decimal(units) / UNITS_PER_DOLLAR:f}".partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"


_BUCKET_COLUMNS = (
    Column("Input"), Column("Cache read"), Column("Write 5m", spare=2), Column("Write 1h", spare=2),
    Column("Output"),
)  # fmt: skip


def _buckets(band: BandRates) -> list[str]:
    return [
        dollars_per_million(units) if published else UNKNOWN
        for units, published in zip(band.rates, band.published, strict=True)
    ]


def as_list(book: RateBook, rates: Sequence[Rate], *, cells: int, colored: bool) -> str:
    """One line for each model: what its lowest band costs now."""
    if not rates:
        return "The rate book has no such model."
    columns = (
        Column("Model", "text"), Column("Provider", "text", spare=4), *_BUCKET_COLUMNS,
        Column("Window", spare=3), Column("Since", "text", spare=1),
    )  # fmt: skip
    rows = [
        [clean(rate.priced_as), clean(rate.provider), *_buckets(rate.bands[0]),
         _window(book, rate.priced_as), rate.valid_from.isoformat() if rate.valid_from else "start"]
        for rate in rates
    ]  # fmt: skip
    table = as_text(Table(columns, rows), cells=cells, colored=colored)
    return (
        f"{table}\nDollars per million tokens, standard tier, lowest band. {len(rates)} models;"
        f" rate book {book.version} of {book.date.isoformat()}."
        " `toktui prices show MODEL` has tiers, bands and history."
    )


def _window(book: RateBook, model: str) -> str:
    window = book.window(model)
    return UNKNOWN if window is None else short(window)


def as_history(
    book: RateBook, model: str, rates: Sequence[Rate], *, cells: int, colored: bool
) -> str:
    """Every tier, period and band of one model."""
    columns = (
        Column("Tier", "text"), Column("Since", "text"), Column("Prompt", "text"), *_BUCKET_COLUMNS,
        Column("Search", spare=3), Column("Source", "text", spare=4),
    )  # fmt: skip
    rows = [
        [rate.tier,
         " ".join(filter(None, (rate.valid_from.isoformat() if rate.valid_from else "start",
                                _hours(rate.hours)))),
         f"> {band.above:,}" if band.above else "any" if len(rate.bands) == 1 else "lowest",
         *_buckets(band),
         UNKNOWN if rate.web_search is None else dollars_per_million(rate.web_search),
         clean(rate.source.id)]
        for rate in rates
        for band in rate.bands
    ]  # fmt: skip
    lives = book.lifetimes(model)
    cached = " and ".join(
        span(ms / 1000) for ms in (lives.short_ms, lives.long_ms) if ms is not None
    )
    facts = [
        f"{clean(rates[0].priced_as)} ({clean(rates[0].provider)}), context window"
        f" {_window(book, model)} tokens, prompts stay cached for {cached or UNKNOWN}.",
        as_text(Table(columns, rows), cells=cells, colored=colored),
        f"Dollars per million tokens; {UNKNOWN}: no rate of its own, so it costs what input"
        " (a long write: what a short one) costs; searches per use.",
    ]
    return "\n".join(facts)
