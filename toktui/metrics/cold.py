"""Turns that wrote to the cache again what could have been read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.model import TIERS, Tokens
from toktui.pricing.price import price

if TYPE_CHECKING:
    from toktui.metrics.burn import HotCall
    from toktui.pricing.rates import RateBook

SMALLEST: Final = 4_096
"""Tokens below which nobody minds."""
_HALF: Final = 2
_SAME_CONTEXT: Final = 0.8
"""A prompt that is smaller than this share of the one before was compacted or cleared."""


class ColdTurn(msgspec.Struct, frozen=True, gc=False):
    """A turn that paid for its context again."""

    tokens: int
    """Tokens of the context before that were sent anew instead of read."""
    extra_nusd: int | None
    """What that cost more than reading them; None if not priced."""
    why: Literal["expired", "model", "lost"]
    expired_ms: int | None = None
    """For how long the cache had been gone, if that is why."""


def cold_turn(book: RateBook, call: HotCall, before: HotCall | None) -> ColdTurn | None:
    """Whether `call` was cold although `before`, in its conversation, had cached the context."""
    if before is None or call.is_sum or before.is_sum:
        return None
    if call.prompt < before.prompt * _SAME_CONTEXT:
        return None
    cached = before.cache_read + before.cache_write_5m + before.cache_write_1h
    again = min(cached, call.prompt) - call.cache_read
    if again < SMALLEST or again * _HALF < cached:
        return None
    extra = _extra(book, call, again)
    if call.model != before.model:
        return ColdTurn(again, extra, "model")
    lifetimes = book.lifetimes(before.model)
    life = lifetimes.long_ms if before.cache_write_1h else lifetimes.short_ms
    gone = None if life is None else call.at_ms - before.at_ms - life
    if gone is not None and gone > 0:
        return ColdTurn(again, extra, "expired", gone)
    return ColdTurn(again, extra, "lost")


def _extra(book: RateBook, call: HotCall, again: int) -> int | None:
    """The prompt as it was, minus the prompt with `again` tokens read instead."""
    if call.cost_nusd is None:
        return None
    left = again
    kept: list[int] = []
    for count in (call.cache_write_1h, call.cache_write_5m, call.input):
        moved = min(left, count)
        left -= moved
        kept.append(count - moved)
    long, short, fresh = kept
    was = Tokens(call.input, call.cache_read, call.cache_write_5m, call.cache_write_1h)
    warm = Tokens(fresh, call.cache_read + again - left, short, long)
    costs = [
        price(
            book,
            model=call.model,
            at_ms=call.at_ms,
            tier=TIERS[call.tier],
            geo=call.geo or None,
            tokens=tokens,
        )
        for tokens in (was, warm)
    ]
    if costs[0] is None or costs[1] is None:
        return None
    return costs[0].total_nusd - costs[1].total_nusd
