"""What a row costs by the public rates: the server believes no client, also not that a model which
is in the public book has no price.

A row sums a day, so a price that depends on the size of a prompt, the hour or the place is known
only between two bounds. Within them the client's sum, which saw each call, is taken; outside them
the nearest bound is, and the day is flagged. Most models have one price, and the bounds are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from toktui.clock import QUARTER_MS
from toktui.model import Tokens
from toktui.pricing.price import price_at
from toktui.pricing.rates import RateBook, load_book
from toktui.team.wire.document import OTHER

if TYPE_CHECKING:
    from toktui.clock import Range
    from toktui.model import Tier
    from toktui.pricing.periods import BandRates, Rate
    from toktui.team.wire.document import Row

TOLERANCE: Final = 0.01
"""Share by which a client may be off for other rounding before anybody is told."""


@dataclass(frozen=True)
class Priced:
    """`cost_nusd` of the priced part; None if the book prices nothing of it."""

    cost_nusd: int | None
    is_off: bool
    """The client's sum lies outside of what the rates allow."""


@lru_cache(maxsize=1)
def public_book() -> RateBook:
    """The book that comes with the program."""
    return load_book()


def reprice(row: Row, day: Range) -> Priced:
    """The cost of a row by the public book."""
    bounds = None if row.model == OTHER else _bounds(row, day)
    if bounds is None:
        return Priced(None, is_off=False)
    least, most = bounds
    claimed = row.cost_nusd or 0
    cost = min(max(claimed, least), most)
    # Who has no price for some of the calls has another book, and cannot have our sum.
    if row.unpriced_calls:
        return Priced(cost, is_off=False)
    return Priced(cost, is_off=abs(claimed - cost) > max(TOLERANCE * cost, 1_000_000))


def _bounds(row: Row, day: Range) -> tuple[int, int] | None:
    tokens = Tokens(
        row.input, row.cache_read, row.cache_write_5m, row.cache_write_1h, row.output, row.reasoning
    )
    found: list[int] = []
    for rate, bands in _rates(row.model, row.tier, day.start_ms, day.end_ms):
        for band in bands:
            cost = price_at(rate, (band,), tokens, row.web_search)
            if cost is not None:
                found.append(cost.total_nusd)
    # A call rounds once, half a nano-dollar at most.
    return (max(0, min(found) - row.calls), max(found) + row.calls) if found else None


@lru_cache(maxsize=4096)
def _rates(
    model: str, tier: Tier, start_ms: int, end_ms: int
) -> tuple[tuple[Rate, tuple[BandRates, ...]], ...]:
    """The rates of a day, each with its bands as they are anywhere."""
    book = public_book()
    rates: dict[str, Rate] = {}
    for at_ms in range(start_ms, end_ms, QUARTER_MS):
        rate = book.rate_for(model, at_ms, tier)
        if rate is not None:
            rates[rate.rate_id] = rate
    places = [rule.geo for rule in book.geo]
    return tuple(
        (rate, tuple({*rate.bands, *(b for geo in places for b in book.bands(rate, geo) or ())}))
        for rate in rates.values()
    )
