"""The rollup of quarters, cut by time and by whatever keys: how one screen reads it in one pass.

A range is cut into slices of whole days, weeks or months of the user's zone. Sums of a range are
sums of its slices, so that what is shown over time adds up to what is shown beside it.
"""

from __future__ import annotations

from datetime import date, timedelta
from operator import add
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from toktui.clock import QUARTER_MS, Range, day_start_ms, local_date
from toktui.metrics.filters import columns_of, conditions
from toktui.metrics.sums import Sums, sums_of
from toktui.model import TIERS
from toktui.store.absurd import MOST
from toktui.store.rollups import MEASURES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.filters import Filters
    from toktui.model import Tier

Grain = Literal["day", "week", "month"]
MOST_SLICES: Final = 60
_WEEK: Final = 7
EVERY: Final = frozenset(MEASURES)
SHOWN: Final = EVERY - {
    "exact", "placeholder", "residual", "estimated_tokens", "unpriced_tokens", "reported_nusd",
}  # fmt: skip
"""What a list of models shows."""
IN_SHORT: Final = SHOWN - {name for name in MEASURES if name.startswith("cost_")} | {"cost_nusd"}
"""What a list of projects shows. Each column that is not added up saves a 40th of the time."""


_COST: Final = MEASURES.index("cost_nusd")
_FIRST_BUCKET: Final = MEASURES.index("input")
_LAST_BUCKET: Final = MEASURES.index("output") + 1


class Slices(msgspec.Struct, frozen=True):
    """The range of what is there, cut; `starts` are the first quarters of the slices."""

    grain: Grain = "day"
    each: int = 1
    """How many days, weeks or months are one slice."""
    starts: tuple[int, ...] = ()
    end: int = 0
    """The quarter after the last."""

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
            number = _number(db, self.model)
            where.append(f"(t.priced = {number} or (t.priced = 0 and t.model = {number}))")
        if self.tier is not None:
            where.append(f"t.tier = {TIERS.index(self.tier)}")
        return where


ALL: Final = One()


def numbered(db: sqlite3.Connection, texts: Sequence[str]) -> str:
    """The numbers of names, for a list in a statement."""
    return ", ".join(str(_number(db, text)) for text in texts)


def _number(db: sqlite3.Connection, text: str) -> int:
    row = db.execute("select id from name where text = ?", (text,)).fetchone()
    return -1 if row is None else int(row[0])


class Piece(NamedTuple):
    """Calls of one slice with the same keys, which are numbers of names; sums as of `Sums`."""

    slice: int
    keys: tuple[int, ...]
    last: int
    """The last quarter that has one of them."""
    sums: Sequence[int]


def slices_of(
    db: sqlite3.Connection, within: Range, zone: ZoneInfo, most: int = MOST_SLICES
) -> Slices:
    """At most so many days, else weeks, else months, or several of these."""
    first, last = db.execute("select min(quarter), max(quarter) from quarter").fetchone()
    if first is None:
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


def pieces(
    db: sqlite3.Connection,
    keys: Sequence[str],
    slices: Slices,
    filters: Filters,
    one: One = ALL,
    *,
    measures: frozenset[str] = EVERY,
) -> Iterator[Piece]:
    """The rollup, slice by slice, grouped by these of its columns; other measures are left at 0."""
    sums = ", ".join(f"sum(t.{name})" if name in measures else "0" for name in MEASURES)
    where = "".join(f" and {fits}" for fits in meant(db, filters, one))
    named = "".join(f"t.{key}, " for key in keys)
    grouped = f" group by {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
    statement = (
        f"select {named}max(t.quarter), {sums} from quarter t"
        f" where t.quarter >= ? and t.quarter < ?{where}{grouped}"
    )
    width = len(keys)
    for index, start in enumerate(slices.starts):
        end = slices.starts[index + 1] if index + 1 < slices.count else slices.end
        for row in db.execute(statement, (start, end)):
            if row[width] is not None:
                yield Piece(index, row[:width], row[width], row[width + 1 :])


class Tally:
    """Adds up pieces: the sums, what they were over time, and when the last call was."""

    def __init__(self, count: int) -> None:
        self._sums = [0] * len(MEASURES)
        self.costs = [0] * count
        self.tokens = [0] * count
        self.last = 0

    def add(self, piece: Piece) -> None:
        """One more piece."""
        sums = piece.sums
        self._sums = list(map(add, self._sums, sums))
        self.costs[piece.slice] += sums[_COST]
        self.tokens[piece.slice] += sum(sums[_FIRST_BUCKET:_LAST_BUCKET])
        self.last = max(self.last, piece.last)

    def join(self, other: Tally) -> None:
        """All that another one has."""
        self._sums = list(map(add, self._sums, other._sums))
        self.costs = list(map(add, self.costs, other.costs))
        self.tokens = list(map(add, self.tokens, other.tokens))
        self.last = max(self.last, other.last)

    @property
    def sums(self) -> Sums:
        """Of all pieces so far, as far as numbers go."""
        return sums_of([max(-MOST, min(MOST, number)) for number in self._sums])

    @property
    def last_ms(self) -> int:
        """The quarter of an hour of the last call."""
        return self.last * QUARTER_MS


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`; None of nothing."""
    return part / whole if whole else None


def names_of(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, str]:
    """The texts of names; many at once."""
    listed = ", ".join(str(int(number)) for number in sorted(set(numbers)))
    return dict(db.execute(f"select id, text from name where id in ({listed})").fetchall())
