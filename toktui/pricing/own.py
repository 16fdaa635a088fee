"""The user's own prices, laid over what the rate book knows of the model."""

from __future__ import annotations

import datetime
import hashlib
from decimal import Decimal
from fractions import Fraction
from typing import Final, Protocol

import msgspec

from toktui.errors import ConfigError
from toktui.pricing.rows import (
    Band,
    ModelRates,
    NotExact,
    Row,
    Source,
    TierRates,
    bucket_rates,
    of_tier,
    rate_units,
)
from toktui.text import clean

OWN: Final = "own"


class OwnPrices(Protocol):
    """Dollars per million tokens of each bucket; None: as in the book. The config's type fits."""

    @property
    def input(self) -> Decimal | None: ...
    @property
    def cache_read(self) -> Decimal | None: ...
    @property
    def cache_write_5m(self) -> Decimal | None: ...
    @property
    def cache_write_1h(self) -> Decimal | None: ...
    @property
    def output(self) -> Decimal | None: ...
    @property
    def valid_from(self) -> datetime.date | None: ...


def with_own_prices(
    name: str, prices: OwnPrices, known: ModelRates | None
) -> tuple[ModelRates, Source]:
    """The model with the user's prices from their day on, and what to call their source.

    A tier of a known model keeps its multiple of standard; of a model that the book does not know
    only standard is priced. Raises `ConfigError` for more than 9 decimals, and for a model that
    is unknown and has no `input` or no `output`.
    """
    where = f'[prices."{clean(name)}"]'
    dollars = (
        prices.input, prices.cache_read, prices.cache_write_5m, prices.cache_write_1h,
        prices.output,
    )
    try:
        own = tuple(None if each is None else rate_units(each) for each in dollars)
    except NotExact as error:
        raise ConfigError(f"{where}: {error}", "Write fewer decimals.") from error
    digest = hashlib.sha256(repr((own, prices.valid_from)).encode()).hexdigest()[:8]
    source = Source(f"{OWN}-{digest}", prices.valid_from or datetime.date(1970, 1, 1))
    if known is None:
        if prices.input is None or prices.output is None:
            raise ConfigError(
                f"{where} is a model that the rate book does not know",
                "Set both input and output, in dollars per million tokens.",
            )
        return _unknown(name, own, prices.valid_from, source), source
    rows = _rows(known.rows, own, prices.valid_from, source.id)
    return msgspec.structs.replace(known, rows=rows), source


def _unknown(
    name: str, own: tuple[int | None, ...], day: datetime.date | None, source: Source
) -> ModelRates:
    band = Band(0, own[0] or 0, own[1], own[2], own[3], own[4] or 0)
    row = Row(tiers=(TierRates("standard", (band,), source.id),), valid_from=day)
    return ModelRates(id=name.strip().lower(), provider=OWN, rows=(row,))


def _rows(
    rows: tuple[Row, ...], own: tuple[int | None, ...], day: datetime.date | None, source: str
) -> tuple[Row, ...]:
    """The rows that begin before the day as they are, those in force on it or later with ours."""
    if day is None:
        return tuple(_row(row, own, source) for row in rows)
    earlier = [row for row in rows if row.valid_from is None or row.valid_from < day]
    later = [row for row in rows if row not in earlier]
    in_force = _in_force(earlier)
    from_day = [msgspec.structs.replace(_row(row, own, source), valid_from=day) for row in in_force]
    if not earlier and later:
        first = msgspec.structs.replace(_row(later[0], own, source), valid_from=day)
        from_day = [first] if later[0].valid_from != day else []
    return (*earlier, *from_day, *(_row(row, own, source) for row in later))


def _in_force(rows: list[Row]) -> list[Row]:
    """The last all-day row, and the hours that hold over it."""
    all_day = [index for index, row in enumerate(rows) if row.hours is None]
    return rows[all_day[-1] :] if all_day else rows


def _row(row: Row, own: tuple[int | None, ...], source: str) -> Row:
    standard = of_tier(row, "standard")
    tiers = tuple(_tier(rates, standard or rates, own, source) for rates in row.tiers)
    return msgspec.structs.replace(row, tiers=tiers)


def _tier(
    rates: TierRates, standard: TierRates, own: tuple[int | None, ...], source: str
) -> TierRates:
    base = bucket_rates(standard.bands[0])
    bands: list[Band] = []
    for band in rates.bands:
        theirs = bucket_rates(band)
        mine = [_bucket(*three, rates is standard) for three in zip(own, theirs, base, strict=True)]
        bands.append(Band(band.above, mine[0] or 0, mine[1], mine[2], mine[3], mine[4] or 0))
    return TierRates(rates.tier, tuple(bands), source)


def _bucket(own: int | None, theirs: int | None, base: int | None, standard: bool) -> int | None:
    """Our rate if we have one, times what the tier costs more or less than standard."""
    if own is None:
        return theirs
    if standard or not base or theirs is None:
        return own
    return round(own * Fraction(theirs, base))
