"""What a call costs at list prices: integers in, nano-dollars out, rounded once."""

from __future__ import annotations

from math import gcd
from typing import Final, Literal, NamedTuple, cast

import msgspec

from toktui.model import NanoUSD, Tier, Tokens
from toktui.pricing.rates import BandRates, RateBook
from toktui.pricing.rows import TOKENS_PER_UNIT

MOST_NUSD: Final = (1 << 53) - 1
"""Nine million dollars. No call costs more: such a count is damage, and would overflow sums."""


class Cost(msgspec.Struct, frozen=True, gc=False):
    """List cost of one call in nano-dollars; `parts` follow `model.PARTS` and add up to it."""

    total_nusd: NanoUSD
    parts: tuple[NanoUSD, NanoUSD, NanoUSD, NanoUSD, NanoUSD, NanoUSD]
    saved_nusd: NanoUSD
    """The prompt at the input rate, minus what it cost; negative if writing cost more."""
    rate_id: str
    priced_as: str


class PerToken(NamedTuple):
    """Nano-dollars per token of each bucket, over a common denominator."""

    rates: tuple[int, int, int, int, int]
    denominator: int


class NextTurn(NamedTuple):
    """What reading a context again costs: from the cache, and writing it to the cache anew."""

    warm_nusd: NanoUSD
    cold_nusd: NanoUSD


_per_token: Final[dict[tuple[BandRates, tuple[int, int]], PerToken]] = {}
_MOST_CACHED: Final = 4096


def price(
    book: RateBook,
    *,
    model: str,
    at_ms: int,
    tier: Tier = "standard",
    geo: str | None = None,
    tokens: Tokens,
    web_search: int = 0,
) -> Cost | None:
    """What the call costs at the rates of its time; None if a rate, place or fee is not known."""
    rate = book.rate_for(model, at_ms, tier)
    if rate is None or (web_search and rate.web_search is None):
        return None
    multiple = book.geo_multiple(rate.provider, geo)
    if multiple is None:
        return None
    fresh, read, short, long = (
        tokens.input, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h,
    )
    prompt = fresh + read + short + long
    band = rate.bands[0] if len(rate.bands) == 1 else rate.band(prompt)
    (r_fresh, r_read, r_short, r_long, r_output), denominator = per_token(band, multiple)
    fees = web_search * (rate.web_search or 0)
    numerators = (
        fresh * r_fresh, read * r_read, short * r_short, long * r_long, tokens.output * r_output,
    )
    paid = numerators[0] + numerators[1] + numerators[2] + numerators[3]
    saved = prompt * r_fresh - paid
    if denominator == 1:
        total = paid + numerators[4] + fees
        parts = (*numerators, fees)
    else:
        total = half_even(paid + numerators[4], denominator) + fees
        parts = split(numerators, denominator, total - fees, fees)
        saved = half_even(saved, denominator)
    if total > MOST_NUSD:
        return None
    return Cost(
        NanoUSD(total),
        cast("tuple[NanoUSD, NanoUSD, NanoUSD, NanoUSD, NanoUSD, NanoUSD]", parts),
        NanoUSD(saved),
        rate.rate_id,
        rate.priced_as,
    )


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


def per_token(band: BandRates, multiple: tuple[int, int]) -> PerToken:
    """Nano-dollars per token with the place's multiple in them."""
    key = (band, multiple)
    known = _per_token.get(key)
    if known is None:
        scaled = [rate * multiple[0] for rate in band.rates]
        denominator = TOKENS_PER_UNIT * multiple[1]
        common = gcd(denominator, *scaled)
        fresh, read, short, long, output = (rate // common for rate in scaled)
        known = PerToken((fresh, read, short, long, output), denominator // common)
        if len(_per_token) >= _MOST_CACHED:
            _per_token.clear()
        _per_token[key] = known
    return known


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number; of two equally near ones the even."""
    quotient, rest = divmod(numerator, denominator)
    doubled = 2 * rest
    if doubled > denominator or (doubled == denominator and quotient & 1):
        return quotient + 1
    return quotient


def split(
    numerators: tuple[int, ...], denominator: int, total: int, fees: int
) -> tuple[int, ...]:
    """Parts that add up to `total` and the fees: floors, and the rest to the largest remainders.

    Of equal remainders the first in the order of the buckets gets it.
    """
    floors = [numerator // denominator for numerator in numerators]
    rest = total - sum(floors)
    if rest:
        order = sorted(range(len(floors)), key=lambda i: -(numerators[i] % denominator))
        for index in order[:rest]:
            floors[index] += 1
    return (*floors, fees)
