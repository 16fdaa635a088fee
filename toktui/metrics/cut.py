"""The rollup of quarters, cut by time and by whatever keys: how one screen reads it in one pass.

A range is cut into slices of whole days, weeks or months of the user's zone. Sums of a range are
sums of its slices, so that what is shown over time adds up to what is shown beside it.
"""

from __future__ import annotations

from datetime import date, timedelta
from operator import add
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import QUARTER_MS, Range, day_start_ms, local_date
from toktui.metrics.filters import columns_of, conditions
from toktui.metrics.names import number_of, numbered
from toktui.metrics.rollup import Row, last_of, rows_of, span_of_quarters
from toktui.metrics.sums import Sums, named_sums
from toktui.model import TIERS
from toktui.store.absurd import MOST
from toktui.store.rollups import MEASURES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.filters import Filters
    from toktui.model import Tier

Grain = Literal["day", "week", "month"]
MOST_SLICES: Final = 60
_WEEK: Final = 7
SHOWN: Final = tuple(
    name for name in MEASURES
    if name not in (
        "exact", "placeholder", "residual", "estimated_tokens", "unpriced_tokens", "reported_nusd",
    )
)  # fmt: skip
"""What a list of models shows."""
IN_SHORT: Final = tuple(
    name for name in SHOWN if name == "cost_nusd" or not name.startswith("cost_")
)
"""What a list of projects shows. Each column that is not added up saves a 40th of the time."""


class Slices(msgspec.Struct, frozen=True):
    """The range of what is there, cut; `starts` are the first quarters of the slices."""

    grain: Grain = "day"
    each: int = 1
    """How many days, weeks or months are one slice."""
    starts: tuple[int, ...] = ()
    end: int = 0
    """The quarter after the last."""

    @property
    def edges(self) -> tuple[int, ...]:
        """The quarters of an hour at which slices begin, and the end."""
        return (*self.starts, self.end)

    @property
    def count(self) -> int:
        """How many there are; 0 without a call in the range."""
        return len(self.starts)

    @property
    def within(self) -> Range:
        """The whole of it in milliseconds."""
        first = self.starts[0] if self.starts else 0
        return Range(first * QUARTER_MS, self.end * QUARTER_MS)


class One(msgspec.Struct, frozen=True):
    """One project, or one model as its row is named; with a tier: only that."""

    folders: tuple[str, ...] | None = None
    """Those of the project; an empty name is that of calls that name none."""
    model: str | None = None
    tier: Tier | None = None

    def conditions(self, db: sqlite3.Connection) -> list[str]:
        """What a row `t` of a call or of a rollup of calls has to be."""
        where: list[str] = []
        if self.folders is not None:
            where.append(f"t.project in ({numbered(db, self.folders)})")
        if self.model is not None:
            number = number_of(db, self.model)
            where.append(f"(t.priced = {number} or (t.priced = 0 and t.model = {number}))")
        if self.tier is not None:
            where.append(f"t.tier = {TIERS.index(self.tier)}")
        return where


ALL: Final = One()


def slices_of(
    db: sqlite3.Connection, within: Range, zone: ZoneInfo, most: int = MOST_SLICES
) -> Slices:
    """At most so many days, else weeks, else months, or several of these."""
    first, last = span_of_quarters(db)
    if first is None or last is None:
        return Slices()
    first = max(first, within.start_ms // QUARTER_MS)
    end = min(last + 1, -(-within.end_ms // QUARTER_MS))
    if first >= end:
        return Slices()
    begin, until = (local_date(q * QUARTER_MS, zone) for q in (first, end - 1))
    grain, each, days = _cut(begin, until, most)
    starts = [max(first, day_start_ms(day, zone) // QUARTER_MS) for day in days]
    return Slices(grain, each, tuple(dict.fromkeys(q for q in starts if q < end)), end)


def _cut(begin: date, until: date, most: int) -> tuple[Grain, int, list[date]]:
    days = (until - begin).days + 1
    if days <= most:
        return "day", 1, [begin + timedelta(days=n) for n in range(days)]
    monday = begin - timedelta(days=begin.weekday())
    weeks = ((until - monday).days // _WEEK) + 1
    if weeks <= most:
        return "week", 1, [monday + timedelta(weeks=n) for n in range(weeks)]
    month = begin.year * 12 + begin.month - 1
    months = until.year * 12 + until.month - month
    each = -(-months // most)
    named = (divmod(month + n, 12) for n in range(0, months, each))
    return "month", each, [date(year, index + 1, 1) for year, index in named]


def meant(db: sqlite3.Connection, filters: Filters, one: One = ALL) -> list[str]:
    """What a row `t` of `quarter` or `call` has to be, as SQL without values."""
    return [*one.conditions(db), *conditions(db, filters, columns_of("t"))]


def rows_in(
    db: sqlite3.Connection,
    keys: Sequence[str],
    slices: Slices,
    filters: Filters,
    one: One = ALL,
    *,
    measures: Sequence[str] = MEASURES,
) -> list[Row]:
    """The sums of each slice by these columns of the rollup; `measures` begin with `calls`."""
    return rows_of(db, slices.edges, keys, measures, meant(db, filters, one))


def last_quarters(
    db: sqlite3.Connection,
    keys: Sequence[str],
    slices: Slices,
    filters: Filters,
    one: One = ALL,
) -> dict[tuple[int, ...], int]:
    """The quarter of an hour of the last call of each value of the keys in the range."""
    return last_of(db, slices.edges, keys, meant(db, filters, one))


class Tally:
    """Adds up rows: the sums, and what they were over time."""

    def __init__(self, count: int, measures: Sequence[str] = MEASURES) -> None:
        self._measures = measures
        self._cost = measures.index("cost_nusd")
        self._buckets = measures.index("input"), measures.index("output") + 1
        self._sums = [0] * len(measures)
        self.costs = [0] * count
        self.tokens = [0] * count
        self.last = 0
        """The last quarter of an hour with a call, where it is told."""

    def add(self, row: Row) -> None:
        """One more row."""
        sums = row.sums
        self._sums = list(map(add, self._sums, sums))
        self.costs[row.piece] += sums[self._cost]
        self.tokens[row.piece] += sum(sums[slice(*self._buckets)])

    def join(self, other: Tally) -> None:
        """All that another one has."""
        self._sums = list(map(add, self._sums, other._sums))
        self.costs = list(map(add, self.costs, other.costs))
        self.tokens = list(map(add, self.tokens, other.tokens))
        self.last = max(self.last, other.last)

    @property
    def sums(self) -> Sums:
        """Of all rows so far, as far as numbers go."""
        held = [max(-MOST, min(MOST, number)) for number in self._sums]
        return named_sums(self._measures, held)

    @property
    def last_ms(self) -> int:
        """The quarter of an hour of the last call."""
        return self.last * QUARTER_MS


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`; None of nothing."""
    return part / whole if whole else None
