"""One model in one tier: its rates over time, who used it, and what else the calls could cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.metrics.alternative import WhatIf
from toktui.metrics.cut import One
from toktui.metrics.one_state import one_state
from toktui.metrics.parts import Whole, load_whole
from toktui.metrics.rates_used import UsedRate, all_rates
from toktui.metrics.what_if import otherwise

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.clock import Range
    from toktui.metrics.filters import Filters
    from toktui.model import Tier
    from toktui.pricing.rates import RateBook


class ModelDetail(msgspec.Struct, frozen=True):
    """`name` is the rate book's, or the log's own where no call has a price."""

    name: str
    tier: Tier
    provider: str
    window: int | None
    whole: Whole
    rates: tuple[UsedRate, ...]
    """Of the tier, oldest first: those that priced calls of this store, and those of the book."""
    otherwise: tuple[WhatIf, ...]
    now_ms: int


def load_model(
    db: sqlite3.Connection,
    book: RateBook,
    name: str,
    tier: Tier,
    *,
    filters: Filters,
    within: Range,
    now_ms: int,
    zone: ZoneInfo,
) -> ModelDetail:
    """The calls of a model and tier that are meant, from one state of the store."""
    with one_state(db):
        one = One(model=name, tier=tier)
        whole = load_whole(
            db, ("project", "agent"), filters=filters, within=within, zone=zone, one=one
        )
        entry = book.entry(name)
        return ModelDetail(
            name=name,
            tier=tier,
            provider=entry.line.provider if entry else "",
            window=book.window(name),
            whole=whole,
            rates=all_rates(db, book, name, tier),
            otherwise=otherwise(
                db, book, name=name, tier=tier, sums=whole.sums, filters=filters,
                slices=whole.slices, now_ms=now_ms,
            ),
            now_ms=now_ms,
        )  # fmt: skip
