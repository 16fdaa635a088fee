"""What each model costs in each tier, what its rates were, and what has no price yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, Range
from toktui.metrics.cut import SHOWN, Slices, Tally, last_quarters, rows_in, share, slices_of
from toktui.metrics.names import names_of
from toktui.metrics.one_state import one_state
from toktui.metrics.rates_used import UsedRate, rates_within, stored_rates
from toktui.metrics.sums import Sums
from toktui.model import BUCKETS, TIERS
from toktui.pricing.derive import why_unpriced

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.metrics.filters import Filters
    from toktui.metrics.rollup import Row
    from toktui.model import Tier
    from toktui.pricing.rates import RateBook


_UNPRICED: Final = SHOWN.index("unpriced")


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model in a tier; `name` is the rate book's, or the log's own where no call has a price."""

    name: str
    tier: Tier
    provider: str
    """Empty: the book does not have the model."""
    logged: tuple[str, ...]
    """As the logs name it."""
    sums: Sums
    cost_share: float | None
    """Of the cost of all models."""
    token_share: float | None
    costs: tuple[int, ...]
    """Nano-dollars in each slice of the range."""
    tokens: tuple[int, ...]
    rates: tuple[UsedRate, ...]
    """That applied in the range, oldest first."""
    missing: str
    """Why calls have no price, in a sentence; empty: all have one."""
    last_ms: int

    @property
    def effective(self) -> tuple[int | None, ...]:
        """Nano-dollars for a million tokens of each bucket, as paid; None: unknown."""
        return effective(self.sums)

    @property
    def per_output(self) -> int | None:
        """Nano-dollars of everything for a thousand tokens of output."""
        return per_output(self.sums)

    @property
    def reasoning_share(self) -> float | None:
        """Of the output."""
        return share(self.sums.reasoning, self.sums.output)


class Models(msgspec.Struct, frozen=True):
    """What is unpriced first, then the dearest; the sum of all rows is `sums`."""

    rows: tuple[ModelRow, ...]
    sums: Sums
    slices: Slices
    now_ms: int


def effective(sums: Sums) -> tuple[int | None, ...]:
    """What a million tokens of each bucket did cost, on average; None without tokens or price.

    Of a group in which some calls have no price nobody knows which tokens were paid.
    """
    if sums.unpriced:
        return (None,) * len(BUCKETS)
    return tuple(
        round(cost * 1_000_000 / tokens) if tokens else None
        for cost, tokens in zip(sums.parts, sums.buckets, strict=False)
    )


def per_output(sums: Sums) -> int | None:
    """What a thousand tokens of output did cost with all that was sent for them."""
    if sums.unpriced or not sums.output:
        return None
    return round(sums.priced_nusd * 1000 / sums.output)


def load_models(
    db: sqlite3.Connection,
    book: RateBook,
    *,
    filters: Filters,
    within: Range,
    now_ms: int,
    zone: ZoneInfo,
) -> Models:
    """All models of the calls that are meant, from one state of the store."""
    with one_state(db):
        slices = slices_of(db, within, zone)
        keys = ("model", "priced", "tier")
        found = rows_in(db, keys, slices, filters, measures=SHOWN)
        lasts = last_quarters(db, keys, slices, filters)
        names = names_of(db, (number for row in found for number in row.keys[:2]))
        return _models(found, lasts, names, slices, book, stored_rates(db), now_ms)


class _Group:
    """What is known of a row while it is added up."""

    def __init__(self, count: int) -> None:
        self.tally = Tally(count, SHOWN)
        self.logged: dict[str, int] = {}
        self.first = 0
        self.unpriced: tuple[str, int] = ("", 0)
        """A log's name of calls without a price, and when there were some."""


def _models(
    found: list[Row],
    lasts: dict[tuple[int, ...], int],
    names: dict[int, str],
    slices: Slices,
    book: RateBook,
    stored: dict[str, list[UsedRate]],
    now_ms: int,
) -> Models:
    groups: dict[tuple[str, Tier], _Group] = {}
    whole = Tally(slices.count, SHOWN)
    for row in sorted(found, key=lambda row: row.piece):
        model, priced, tier = row.keys
        logged = names[model]
        key = (names[priced] or logged, TIERS[tier])
        group = groups.setdefault(key, _Group(slices.count))
        group.tally.add(row)
        group.tally.last = max(group.tally.last, lasts[row.keys])
        whole.add(row)
        group.logged[logged] = group.logged.get(logged, 0) + row.sums[0]
        group.first = group.first or slices.starts[row.piece]
        if row.sums[_UNPRICED]:
            group.unpriced = (logged, lasts[row.keys] * QUARTER_MS)
    total = whole.sums
    rows = [_row(key, group, total, book, stored) for key, group in groups.items()]
    rows.sort(key=lambda row: (not row.sums.unpriced, -row.sums.priced_nusd, row.name, row.tier))
    return Models(tuple(rows), total, slices, now_ms)


def _row(
    key: tuple[str, Tier],
    group: _Group,
    total: Sums,
    book: RateBook,
    stored: dict[str, list[UsedRate]],
) -> ModelRow:
    (name, tier), tally = key, group.tally
    sums = tally.sums
    entry = book.entry(name)
    within = Range(group.first * QUARTER_MS, tally.last_ms + QUARTER_MS)
    missing = ""
    if sums.unpriced:
        logged, at_ms = group.unpriced
        searches = sums.web_search if sums.unpriced == sums.calls else 0
        missing = why_unpriced(book, model=logged, at_ms=at_ms, tier=tier, web_search=searches)
    return ModelRow(
        name=name,
        tier=tier,
        provider=entry.line.provider if entry else "",
        logged=tuple(sorted(group.logged, key=lambda text: (-group.logged[text], text))),
        sums=sums,
        cost_share=share(sums.priced_nusd, total.priced_nusd),
        token_share=share(sums.tokens, total.tokens),
        costs=tuple(tally.costs),
        tokens=tuple(tally.tokens),
        rates=rates_within(stored.get(name, ()), tier, within),
        missing=missing,
        last_ms=tally.last_ms,
    )
