"""The rate book as it lies in a file: models, their dated rows, the rates of each tier and band.

A rate is a whole number of nano-dollars per million tokens (1e-15 dollars per token), so that
3 dollars per million tokens is 3_000_000_000 and every published price is exact.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Final, Literal

import msgspec

from toktui.model import Tier

SCHEMA: Final = "toktui.rates/1"
UNITS_PER_DOLLAR: Final = 1_000_000_000
"""Rate units in one dollar per million tokens; also nano-dollars in a dollar."""
TOKENS_PER_UNIT: Final = 1_000_000
"""Tokens times rate, divided by this, is nano-dollars."""
HIGHEST_RATE: Final = 1_000_000 * UNITS_PER_DOLLAR

RateUnits = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_RATE)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=24 * 60)]
Milliseconds = Annotated[int, msgspec.Meta(gt=0, le=366 * 86_400_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Band(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Rates of a call whose whole prompt has more than `above` tokens.

    None: the vendor publishes no rate of its own for that bucket. Cache reads and writes then cost
    what input costs, and a long write what a short one costs.
    """

    above: Annotated[int, msgspec.Meta(ge=0)]
    input: RateUnits
    cache_read: RateUnits | None
    cache_write_5m: RateUnits | None
    cache_write_1h: RateUnits | None
    output: RateUnits


class TierRates(msgspec.Struct, frozen=True, omit_defaults=True):
    """Bands of one tier by rising `above`; the first starts at 0. `source` '' is the file's."""

    tier: Tier
    bands: Annotated[tuple[Band, ...], msgspec.Meta(min_length=1)]
    source: str = ""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rates from a UTC day on; without a day: since the model exists. A later row wins.

    `hours` limits a row to a part of each UTC day, [from, to) in minutes, over midnight if
    from > to.
    """

    tiers: tuple[TierRates, ...]
    valid_from: datetime.date | None = None
    hours: tuple[Minute, Minute] | None = None
    web_search: RateUnits | None = None
    """Nano-dollars for one search; None: not known."""


class ModelRates(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is known of a model; `names` are other spellings in logs, lower case."""

    id: Name
    provider: Name
    rows: Annotated[tuple[Row, ...], msgspec.Meta(min_length=1)]
    names: tuple[Name, ...] = ()
    window: Annotated[int, msgspec.Meta(gt=0)] | None = None
    """Context window in tokens."""
    short_ms: Milliseconds | None = None
    long_ms: Milliseconds | None = None
    """How long a prompt stays in the vendor's cache after a short and a long write."""


class ModelLine(msgspec.Struct, frozen=True, gc=False):
    """A model of the shipped book, whose rows are decoded when somebody asks for them."""

    id: str
    provider: str
    rows: msgspec.Raw
    names: tuple[str, ...] = ()
    window: int | None = None
    short_ms: int | None = None
    long_ms: int | None = None

    def whole(self) -> ModelRates:
        """With its rows."""
        rows = msgspec.json.decode(self.rows, type=tuple[Row, ...])
        return ModelRates(
            self.id, self.provider, rows, self.names, self.window, self.short_ms, self.long_ms
        )


class GeoRule(msgspec.Struct, frozen=True):
    """Where a call was served multiplies its tokens' cost, not its fees."""

    provider: str
    geo: str
    numerator: Annotated[int, msgspec.Meta(gt=0)]
    denominator: Annotated[int, msgspec.Meta(gt=0)]
    source: str = ""


class Source(msgspec.Struct, frozen=True):
    """Where rates come from: an id such as `genai-prices-0.2.3`, and the day they were read."""

    id: str
    date: datetime.date


class BookFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole file. The first source is that of every tier that names none."""

    schema: Literal["toktui.rates/1"]
    version: str
    date: datetime.date
    sources: Annotated[tuple[Source, ...], msgspec.Meta(min_length=1)]
    models: tuple[ModelRates, ...]
    geo: tuple[GeoRule, ...] = ()


class ShippedFile(msgspec.Struct, frozen=True):
    """The shipped book, read as far as an index needs it: a third of the time of a whole one."""

    version: str
    date: datetime.date
    sources: tuple[Source, ...]
    models: tuple[ModelLine, ...]
    geo: tuple[GeoRule, ...] = ()


def encode(book: BookFile) -> bytes:
    """A file that a person can compare: one line per model. The same book gives the same bytes."""
    head = msgspec.json.encode(msgspec.structs.replace(book, models=())).decode()
    models = b",\n".join(map(msgspec.json.encode, book.models)).decode()
    return head.replace('"models":[]', f'"models":[\n{models}\n]').encode() + b"\n"


class NotExact(ValueError):
    """A price has more digits than the book keeps."""


def rate_units(dollars: Decimal) -> int:
    """Dollars per million tokens as rate units; `NotExact` beyond 9 decimals."""
    units = dollars * UNITS_PER_DOLLAR
    if units != units.to_integral_value():
        raise NotExact(f"{dollars:f} has more than 9 decimals")
    return int(units)


def nearest_units(units: Decimal) -> int:
    """A whole number of units: tables in dollars per token have tails (0.08333333333333334).

    Raises `ValueError` for what is no price: negative, not finite, or above a dollar per token.
    """
    if not units.is_finite() or not 0 <= units <= HIGHEST_RATE:
        raise ValueError("not a price")
    return int(units.to_integral_value(ROUND_HALF_EVEN))


def of_tier(row: Row, tier: Tier) -> TierRates | None:
    """The rates of `tier` in a row; None if nobody documents any."""
    return next((rates for rates in row.tiers if rates.tier == tier), None)


def bucket_rates(band: Band) -> tuple[int | None, ...]:
    """The published rates of a band in the order of `model.BUCKETS`."""
    return band.input, band.cache_read, band.cache_write_5m, band.cache_write_1h, band.output


def map_rates(band: Band, change: Callable[[int], int]) -> Band:
    """The band with every published rate changed; what is not published stays so."""
    def changed(rate: int | None) -> int | None:
        return None if rate is None else change(rate)

    return Band(
        band.above,
        change(band.input),
        changed(band.cache_read),
        changed(band.cache_write_5m),
        changed(band.cache_write_1h),
        change(band.output),
    )
