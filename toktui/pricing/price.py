"""What a call costs at list prices: integers in, nano-dollars out, rounded once."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from toktui.model import NanoUSD, Tier, Tokens
from toktui.pricing.periods import BandRates, Rate, band_for
from toktui.pricing.rates import RateBook

MOST_NUSD: Final = (1 << 53) - 1
"""Nine million dollars. No call costs or saves more: such a count is damage."""


class Cost(msgspec.Struct, frozen=True, gc=False):
    """List cost of one call in nano-dollars; `parts` follow `model.PARTS` and add up to it."""

    total_nusd: NanoUSD
    parts: tuple[int, ...]
    saved_nusd: NanoUSD
    """The prompt at the input rate, minus what it cost; negative if writing cost more."""
    rate_id: str
    priced_as: str


class NextTurn(NamedTuple):
    """What reading a context again costs: from the cache, and writing it to the cache anew."""

    warm_nusd: NanoUSD
    cold_nusd: NanoUSD


def price(
    book: RateBook,
    *,
    model: str,
    at_ms: int,
    tier: Tier = "standard",
    geo: str | None = None,
    tokens: Tokens,
    web_search: int = 0,
    summed: bool = False,
) -> Cost | None:
    """What the call costs at the rates of its time; None if a rate, place or fee is not known.

    `summed`: the tokens are those of many calls, of which none is known to be in a long band.
    """
    rate = book.rate_for(model, at_ms, tier)
    if rate is None:
        return None
    bands = rate.bands if geo is None else book.bands(rate, geo)
    if bands is None:
        return None
    return price_at(rate, bands[:1] if summed else bands, tokens, web_search)


def price_at(
    rate: Rate, bands: tuple[BandRates, ...], tokens: Tokens, web_search: int
) -> Cost | None:
    """What the call costs at one rate, with its bands as they are where the call was served."""
    if web_search and rate.web_search is None:
        return None
    fresh, read, short, long = (
        tokens.input, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h,
    )
    prompt = fresh + read + short + long
    band = bands[0] if len(bands) == 1 else band_for(bands, prompt)
    r_fresh, r_read, r_short, r_long, r_output = band.per_token
    fresh, read, short, long = fresh * r_fresh, read * r_read, short * r_short, long * r_long
    output = tokens.output * r_output
    paid = fresh + read + short + long
    saved = prompt * r_fresh - paid
    fees = web_search * (rate.web_search or 0)
    denominator = band.denominator
    if denominator == 1:
        total = paid + output + fees
        parts = (fresh, read, short, long, output, fees)
    else:
        tokens_nusd = half_even(paid + output, denominator)
        total = tokens_nusd + fees
        parts = (*split((fresh, read, short, long, output), denominator, tokens_nusd), fees)
        saved = half_even(saved, denominator)
    if max(total, abs(saved)) > MOST_NUSD:
        return None
    return Cost(NanoUSD(total), parts, NanoUSD(saved), rate.rate_id, rate.priced_as)


def next_turn(
    book: RateBook,
    *,
    model: str,
    at_ms: int,
    context: int,
    lifetime: Literal["short", "long"] | None,
    tier: Tier = "standard",
    geo: str | None = None,
) -> NextTurn | None:
    """What a context of so many tokens costs next, warm and cold, without output.

    Cold is the write rate of the lifetime that the session used; None: it writes no cache, and
    reads the context as plain input.
    """
    cold = {
        "short": Tokens(cache_write_5m=context),
        "long": Tokens(cache_write_1h=context),
        None: Tokens(input=context),
    }[lifetime]
    costs = [
        price(book, model=model, at_ms=at_ms, tier=tier, geo=geo, tokens=tokens)
        for tokens in (Tokens(cache_read=context), cold)
    ]
    if costs[0] is None or costs[1] is None:
        return None
    return NextTurn(costs[0].total_nusd, costs[1].total_nusd)


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number; of two equally near ones the even."""
    quotient, rest = divmod(numerator, denominator)
    doubled = 2 * rest
    if doubled > denominator or (doubled == denominator and quotient & 1):
        return quotient + 1
    return quotient


def split(numerators: tuple[int, ...], denominator: int, total: int) -> tuple[int, ...]:
    """Whole parts that add up to `total`, the rounded sum of the fractions.

    Floors, and the rest to the largest remainders; of equal ones the first in order gets it.
    """
    floors = [numerator // denominator for numerator in numerators]
    rest = total - sum(floors)
    if rest:
        order = sorted(range(len(floors)), key=lambda i: -(numerators[i] % denominator))
        for index in order[:rest]:
            floors[index] += 1
    return tuple(floors)
