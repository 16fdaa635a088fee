"""Sums over any range of time: whole quarters of an hour from the rollup, and what is left of the
last quarter from its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, Range
from toktui.metrics.report import Question
from toktui.metrics.select import NO_FILTERS, Filters, Source
from toktui.metrics.sums import Sums
from toktui.model import EXACTNESS
from toktui.store.absurd import MOST
from toktui.store.rollups import MEASURES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from toktui.metrics.report import Key
    from toktui.metrics.select import Group

SHORT: Final = (
    "calls", "estimated", "unpriced", "input", "cache_read", "cache_write_5m", "cache_write_1h",
    "output", "cost_nusd",
)  # fmt: skip
"""What a line of a list needs of MEASURES; reading fewer columns is faster."""
_TOKENS: Final = "(t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h + t.output)"
_OF_A_CALL: Final = {
    "calls": "1",
    **{word: f"(t.exactness = {index})" for index, word in enumerate(EXACTNESS)},
    "unpriced": "(t.cost_nusd is null)",
    "estimated_tokens": f"iif(t.exactness = {EXACTNESS.index('estimated')}, {_TOKENS}, 0)",
    "unpriced_tokens": f"iif(t.cost_nusd is null, {_TOKENS}, 0)",
    "cost_nusd": "coalesce(t.cost_nusd, 0)",
    "reported_nusd": "coalesce(t.reported_nusd, 0)",
}


def groups_in(
    db: sqlite3.Connection,
    within: Range,
    by: tuple[Key, ...],
    *,
    filters: Filters = NO_FILTERS,
    measures: Sequence[str] = MEASURES,
    period_of: Callable[[int], int] | None = None,
) -> Iterator[Group]:
    """The sums of each value of the keys, and of each number that `period_of` gives for a quarter
    of an hour, in no order; those of the last quarter may come apart.

    The range begins with a quarter, as every day does. `sums` follow `measures`.
    """
    edge = within.end_ms - within.end_ms % QUARTER_MS
    period = "day" if period_of else "all"
    for source, part in (
        (_rollup(measures), Range(within.start_ms, edge)),
        (_calls(measures), Range(max(edge, within.start_ms), within.end_ms)),
    ):
        if part.start_ms < part.end_ms:
            question = Question(period=period, by=by, within=part, filters=filters)
            yield from source.rows(db, question, period_of or _one)


def sums_in(
    db: sqlite3.Connection,
    within: Range,
    *,
    filters: Filters = NO_FILTERS,
    measures: Sequence[str] = MEASURES,
) -> Sums:
    """The sums of everything in a range."""
    if filters == NO_FILTERS and not within.end_ms % QUARTER_MS:
        return _whole_quarters(db, within, measures)
    edge = within.end_ms - within.end_ms % QUARTER_MS
    parts = [Range(within.start_ms, edge), Range(max(edge, within.start_ms), within.end_ms)]
    if filters == NO_FILTERS and parts[0].start_ms < edge < within.end_ms:
        whole = _whole_quarters(db, parts[0], measures)
        rest = groups_in(db, parts[1], (), measures=measures)
        return sums_of_all([_row(whole, measures), *(group.sums for group in rest)], measures)
    found = (group.sums for group in groups_in(db, within, (), filters=filters, measures=measures))
    return sums_of_all(found, measures)


def _row(sums: Sums, measures: Sequence[str]) -> list[int]:
    names = ("priced_nusd" if name == "cost_nusd" else name for name in measures)
    return [getattr(sums, name) for name in names]


def _whole_quarters(db: sqlite3.Connection, within: Range, measures: Sequence[str]) -> Sums:
    """Without grouping, which takes several times as long."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in measures)
    row = db.execute(
        f"select {sums} from quarter where quarter >= ? and quarter < ?",
        (within.start_ms // QUARTER_MS, within.end_ms // QUARTER_MS),
    ).fetchone()
    return sums_of_all([row], measures)


def sums_of_all(rows: Iterable[Sequence[int]], measures: Sequence[str] = MEASURES) -> Sums:
    """Many rows of sums as one; no number leaves 64 bits."""
    total = [min(sum(column), MOST) for column in zip(*rows, strict=True)]
    if not total:
        return Sums()
    names = ("priced_nusd" if name == "cost_nusd" else name for name in measures)
    return Sums(**dict(zip(names, total, strict=True)))


def _one(_quarter: int) -> int:
    return 0


def _rollup(measures: Sequence[str]) -> Source:
    return Source(
        "quarter", tuple(f"t.{name}" for name in measures), "t.quarter", names=tuple(measures)
    )


def _calls(measures: Sequence[str]) -> Source:
    expressions = tuple(_OF_A_CALL.get(name, f"t.{name}") for name in measures)
    quarter = f"t.at_ms / {QUARTER_MS}"
    return Source("call", expressions, quarter, by_session=True, names=tuple(measures))


class Place(msgspec.Struct, frozen=True):
    """A value of one key, and what was used there."""

    name: str
    """Empty: no call says it."""
    about: str
    """What the name belongs to: the project of a branch; else empty."""
    sums: Sums
