"""Why a call costs what it costs: the row, the band, the multipliers and every multiplication."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Final

import msgspec

from toktui.model import BUCKETS, Tier, Tokens
from toktui.pricing.multiples import multiple_of
from toktui.pricing.periods import BandRates, Rate, band_for, is_before
from toktui.pricing.price import Cost, price, price_at
from toktui.pricing.rates import Entry, RateBook
from toktui.pricing.rows import TOKENS_PER_UNIT, of_tier

_PARENTS: Final = {
    "cache_read": "input", "cache_write_5m": "input", "cache_write_1h": "cache_write_5m",
}
"""What a bucket costs that has no rate of its own."""


class Multiplier(msgspec.Struct, frozen=True):
    """A factor of the tokens' cost. `in_rates`: the rates shown have it in them already."""

    name: str
    numerator: int
    denominator: int
    in_rates: bool
    source: str


class Line(msgspec.Struct, frozen=True):
    """`count` times `rate`, times the multipliers that are not in the rates, is `nusd`."""

    part: str
    """One of `model.PARTS`."""
    count: int
    rate: int
    """Tokens: nano-dollars per million. Fees: nano-dollars for one."""
    per: int
    """How many the rate is for: a million tokens, or one use."""
    nusd: int
    """The part of the rounded total."""
    rate_of: str
    """The bucket whose rate this is, if the vendor has none of its own; else the part."""


class Derivation(msgspec.Struct, frozen=True):
    """Everything that `price` did for one call."""

    cost: Cost
    provider: str
    tier: Tier
    book_version: str
    source_id: str
    source_date: datetime.date
    valid_from: datetime.date | None
    """None: since the model exists."""
    hours: tuple[int, int] | None
    before_first_date: bool
    prompt: int
    above: int
    """The band is for prompts of more than so many tokens; 0: the lowest."""
    up_to: int | None
    """And of at most so many; None: without limit."""
    multipliers: tuple[Multiplier, ...]
    lines: tuple[Line, ...]


def derive(
    book: RateBook,
    *,
    model: str,
    at_ms: int,
    tier: Tier = "standard",
    geo: str | None = None,
    tokens: Tokens,
    web_search: int = 0,
    summed: bool = False,
) -> Derivation | None:
    """The derivation of what `price` says for the same arguments; None where it says None."""
    cost = price(
        book, model=model, at_ms=at_ms, tier=tier, geo=geo, tokens=tokens, web_search=web_search,
        summed=summed,
    )  # fmt: skip
    rate, entry = book.rate_for(model, at_ms, tier), book.entry(model)
    if cost is None or rate is None or entry is None:
        return None
    multipliers = (*_of_tier(entry, rate), *_of_place(book, rate, geo))
    if summed:
        rate = msgspec.structs.replace(rate, bands=rate.bands[:1])
    return _derivation(book.version, rate, cost, tokens, web_search, multipliers)


class RateRow(msgspec.Struct, frozen=True):
    """What the store keeps of a rate that priced a call, as JSON; `book` is the version it is of.
    """

    book: str
    rate: Rate


def derive_stored(
    book: RateBook,
    body: str,
    *,
    at_ms: int,
    geo: str | None = None,
    tokens: Tokens,
    web_search: int = 0,
    summed: bool = False,
) -> Derivation | None:
    """The derivation by a rate of the store, for a call whose rate the book may have no more.

    `body` is a `RateRow`. What a place multiplies is in no rate and comes from the present book:
    hold the parts against the stored ones. None if the body does not give a price.
    """
    try:
        row = msgspec.json.decode(body, type=RateRow)
    except msgspec.DecodeError:
        return None
    rate = msgspec.structs.replace(row.rate, before_first_date=is_before(row.rate, at_ms))
    if summed:
        rate = msgspec.structs.replace(rate, bands=rate.bands[:1])
    bands = book.bands_of(rate, geo)
    cost = None if bands is None else price_at(rate, bands, tokens, web_search)
    if cost is None:
        return None
    return _derivation(row.book, rate, cost, tokens, web_search, _of_place(book, rate, geo))


def _derivation(
    version: str,
    rate: Rate,
    cost: Cost,
    tokens: Tokens,
    web_search: int,
    multipliers: tuple[Multiplier, ...],
) -> Derivation:
    band = band_for(rate.bands, tokens.prompt)
    higher = [other.above for other in rate.bands if other.above > band.above]
    return Derivation(
        cost=cost,
        provider=rate.provider,
        tier=rate.tier,
        book_version=version,
        source_id=rate.source.id,
        source_date=rate.source.date,
        valid_from=rate.valid_from,
        hours=rate.hours,
        before_first_date=rate.before_first_date,
        prompt=tokens.prompt,
        above=band.above,
        up_to=min(higher, default=None),
        multipliers=multipliers,
        lines=_lines(cost, band, tokens, web_search, rate.web_search),
    )


def why_unpriced(
    book: RateBook,
    *,
    model: str,
    at_ms: int,
    tier: Tier = "standard",
    geo: str | None = None,
    web_search: int = 0,
) -> str:
    """What is missing for a call that `price` says None for, in one sentence without names."""
    rate = book.rate_for(model, at_ms, tier)
    if book.canonical(model) is None:
        return "The rate book does not have this model."
    if rate is None:
        return f"Nobody documents {tier} rates for this model."
    if book.bands(rate, geo) is None:
        return "Nobody documents what this place costs."
    if web_search and rate.web_search is None:
        return "Nobody documents what a web search of this model costs."
    return "The counts are too large to be true."


def _of_tier(entry: Entry, rate: Rate) -> tuple[Multiplier, ...]:
    """The tier as one multiple of standard, if it is one."""
    if rate.tier == "standard":
        return ()
    for row in entry.model.rows:
        rates = of_tier(row, rate.tier)
        if rates is not None and (row.valid_from, row.hours) == (rate.valid_from, rate.hours):
            factor = multiple_of(rates, of_tier(row, "standard"))
            if factor is None:
                return ()
            return (Multiplier(rate.tier, *factor.as_integer_ratio(), True, rate.source.id),)
    return ()


def _of_place(book: RateBook, rate: Rate, geo: str | None) -> tuple[Multiplier, ...]:
    rule = book.geo_rule(rate.provider, geo)
    if rule is None:
        return ()
    name = f"geo {rule.geo}"
    return (Multiplier(name, rule.numerator, rule.denominator, False, rule.source),)


def _lines(
    cost: Cost, band: BandRates, tokens: Tokens, web_search: int, fee: int | None
) -> tuple[Line, ...]:
    """One line for each part that something was counted in."""
    counts = (
        tokens.input, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h,
        tokens.output,
    )
    own: dict[str, bool] = dict(zip(BUCKETS, band.published, strict=True))
    buckets = zip(BUCKETS, counts, band.rates, cost.parts[:-1], strict=True)
    lines = [
        Line(bucket, count, rate, TOKENS_PER_UNIT, nusd, _rate_of(bucket, own))
        for bucket, count, rate, nusd in buckets
        if count
    ]
    if web_search:
        lines.append(Line("fees", web_search, fee or 0, 1, cost.parts[-1], "fees"))
    return tuple(lines)


def _rate_of(bucket: str, own: dict[str, bool]) -> str:
    while not own[bucket]:
        bucket = _PARENTS[bucket]
    return bucket


def exact_nusd(derivation: Derivation) -> Fraction:
    """The sum of the lines before it was rounded, to hold the total against."""
    factor = Fraction(1)
    for multiplier in derivation.multipliers:
        if not multiplier.in_rates:
            factor *= Fraction(multiplier.numerator, multiplier.denominator)
    return sum(
        (
            Fraction(line.count * line.rate, line.per) * (1 if line.part == "fees" else factor)
            for line in derivation.lines
        ),
        Fraction(0),
    )
