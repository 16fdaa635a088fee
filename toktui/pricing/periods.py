"""Rates in time: the row of a model and tier that was in force at a moment, ready to multiply."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from math import gcd
from typing import Final

import msgspec

from toktui.model import Tier
from toktui.pricing.rows import (
    TOKENS_PER_UNIT,
    Band,
    ModelRates,
    Row,
    Source,
    TierRates,
    of_tier,
)

DAY_MS: Final = 86_400_000
_ALWAYS: Final = -(1 << 62)
_EPOCH: Final = datetime.date(1970, 1, 1)

Buckets = tuple[int, int, int, int, int]
"""One number for each of `model.BUCKETS`."""


class BandRates(msgspec.Struct, frozen=True):
    """What a call pays per bucket if its whole prompt has more than `above` tokens."""

    above: int
    rates: Buckets
    """In rate units, as published."""
    published: tuple[bool, bool, bool, bool, bool]
    """False: the vendor has no rate for the bucket, which costs what its parent costs."""
    per_token: Buckets
    denominator: int
    """Nano-dollars for a token of each bucket, over this; a place's multiple is in them."""


class Rate(msgspec.Struct, frozen=True):
    """The rates of one model, tier and period."""

    priced_as: str
    provider: str
    tier: Tier
    valid_from: datetime.date | None
    """The UTC day from which they hold; None: since the model exists."""
    hours: tuple[int, int] | None
    """Minutes of the UTC day between which they hold; None: all day."""
    before_first_date: bool
    """The call is older than the first known price, which is used nevertheless."""
    source: Source
    bands: tuple[BandRates, ...]
    web_search: int | None
    """Nano-dollars for one search; None: not known."""
    rate_id: str


class Period(msgspec.Struct, frozen=True):
    """A stretch of time with one rate."""

    start_ms: int
    hours: tuple[int, int] | None
    rate: Rate | None

    def holds(self, at_ms: int) -> bool:
        """True if the period's hours include the moment, which is after its start."""
        if self.hours is None:
            return True
        first, last = self.hours
        minute = at_ms % DAY_MS // 60_000
        return first <= minute < last if first <= last else minute >= first or minute < last


class Timeline(msgspec.Struct, frozen=True):
    """The periods of a model in a tier; none if it has no rates there."""

    periods: tuple[Period, ...] = ()
    """Latest first."""
    before: Rate | None = None
    """For what is older than every period."""
    only: Rate | None = None
    """The rate of every moment, if time makes no difference."""

    def at(self, at_ms: int) -> Rate | None:
        """The rate in force at a UTC time."""
        for period in self.periods:
            if at_ms >= period.start_ms and (period.hours is None or period.holds(at_ms)):
                return period.rate
        return self.before


def band_for(bands: tuple[BandRates, ...], prompt: int) -> BandRates:
    """The band of a call with so many prompt tokens; on the edge the lower one holds."""
    found = bands[0]
    for band in bands:
        if prompt > band.above:
            found = band
    return found


def is_before(rate: Rate, at_ms: int) -> bool:
    """Whether a UTC time lies before the first day of a rate."""
    return rate.valid_from is not None and at_ms < (rate.valid_from - _EPOCH).days * DAY_MS


def timeline(
    model: ModelRates, tier: Tier, sources: Mapping[str, Source], main: Source
) -> Timeline:
    """The model's periods in one tier."""
    periods = tuple(
        Period(
            (row.valid_from - _EPOCH).days * DAY_MS if row.valid_from else _ALWAYS,
            row.hours,
            rate_of(model, row, rates, sources.get(rates.source, main)) if rates else None,
        )
        for row in reversed(model.rows)
        for rates in [of_tier(row, tier)]
    )
    earliest = periods[-1]
    if len(periods) == 1 and earliest.start_ms == _ALWAYS and earliest.hours is None:
        return Timeline(periods, None, earliest.rate)
    first = earliest.rate
    return Timeline(periods, first and msgspec.structs.replace(first, before_first_date=True))


def rate_of(model: ModelRates, row: Row, rates: TierRates, source: Source) -> Rate:
    """One tier of one row; its id is stable: model, tier, day and hours, and the source's release.
    """
    day = row.valid_from.isoformat() if row.valid_from else "start"
    hours = f".{row.hours[0]}-{row.hours[1]}" if row.hours else ""
    return Rate(
        priced_as=model.id,
        provider=model.provider,
        tier=rates.tier,
        valid_from=row.valid_from,
        hours=row.hours,
        before_first_date=False,
        source=source,
        bands=tuple(map(_band, rates.bands)),
        web_search=row.web_search,
        rate_id=f"{model.id}:{rates.tier}:{day}{hours}:{source.id}",
    )


def bands_in(rate: Rate, numerator: int, denominator: int) -> tuple[BandRates, ...]:
    """The rate's bands with the multiple of a place in what a token costs."""
    return tuple(
        _per_token(band.above, band.rates, band.published, numerator, denominator)
        for band in rate.bands
    )


def _band(band: Band) -> BandRates:
    read, short, long = band.cache_read, band.cache_write_5m, band.cache_write_1h
    short_rate = band.input if short is None else short
    rates = (
        band.input,
        band.input if read is None else read,
        short_rate,
        short_rate if long is None else long,
        band.output,
    )
    published = (True, read is not None, short is not None, long is not None, True)
    return _per_token(band.above, rates, published, 1, 1)


def _per_token(
    above: int, rates: Buckets, published: tuple[bool, bool, bool, bool, bool], num: int, den: int
) -> BandRates:
    whole = TOKENS_PER_UNIT * den
    common = gcd(whole, *(rate * num for rate in rates))
    fresh, read, short, long, output = (rate * num // common for rate in rates)
    return BandRates(above, rates, published, (fresh, read, short, long, output), whole // common)
