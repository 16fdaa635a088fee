"""Sums over any range of time: whole quarters of an hour from the rollups, and what is left of the
last quarter from its calls."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, Range
from toktui.metrics.filters import NO_FILTERS, columns_of, conditions
from toktui.metrics.names import names_of
from toktui.metrics.rollup import rows_of
from toktui.metrics.select import Group, calls_by_session
from toktui.metrics.sums import Sums, named_sums
from toktui.model import TIERS
from toktui.store.absurd import MOST
from toktui.store.rollups import MEASURES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from toktui.metrics.filters import Filters
    from toktui.metrics.question import Key

SHORT: Final = (
    "calls", "estimated", "unpriced", "input", "cache_read", "cache_write_5m", "cache_write_1h",
    "output", "cost_nusd",
)  # fmt: skip
"""What a line of a list needs of MEASURES; reading fewer columns is faster."""


def groups_in(
    db: sqlite3.Connection,
    edges: Sequence[int],
    by: tuple[Key, ...],
    *,
    filters: Filters = NO_FILTERS,
    measures: Sequence[str] = MEASURES,
) -> list[Group]:
    """The sums of each value of the keys in each piece between two edges, in no order; those of the
    last quarter of an hour may come apart. `period` is the number of the piece.

    Edges are milliseconds, in order; all but the last are whole quarters, as the days of any zone
    are. `sums` follow `measures`.
    """
    end = edges[-1]
    whole = end - end % QUARTER_MS
    found = of_quarters(
        db, [min(edge, whole) // QUARTER_MS for edge in edges], by, filters, measures
    )
    if whole < end and edges[0] < end:
        rest = Range(max(whole, edges[0]), end)
        last = len(edges) - 2
        rows = calls_by_session(db, rest, by, filters, measures)
        found += [msgspec.structs.replace(group, period=last) for group in rows]
    return found


def of_quarters(
    db: sqlite3.Connection,
    edges: Sequence[int],
    by: tuple[Key, ...],
    filters: Filters,
    measures: Sequence[str],
) -> list[Group]:
    """The same for edges that are quarters of an hour, all of them."""
    columns = (*by, "priced") if "model" in by else by
    rows = rows_of(db, edges, columns, measures, conditions(db, filters, columns_of("t")))
    named = {
        number
        for row in rows
        for column, number in zip(columns, row.keys, strict=True)
        if column != "tier"
    }
    names = names_of(db, named)

    def word(column: str, number: int) -> str:
        return TIERS[number] if column == "tier" else names[number]

    found: list[Group] = []
    for row in rows:
        words = tuple(map(word, columns, row.keys))
        priced_as = words[-1] if "model" in by else ""
        found.append(Group(row.piece, words[: len(by)], priced_as, list(row.sums)))
    return found


def sums_in(
    db: sqlite3.Connection,
    within: Range,
    *,
    filters: Filters = NO_FILTERS,
    measures: Sequence[str] = MEASURES,
) -> Sums:
    """The sums of everything in a range."""
    groups = groups_in(db, within, (), filters=filters, measures=measures)
    return sums_of_all((group.sums for group in groups), measures)


def sums_of_pieces(
    db: sqlite3.Connection, edges: Sequence[int], *, filters: Filters = NO_FILTERS
) -> list[Sums]:
    """The same of each piece between two edges, by SHORT."""
    pieces: list[list[Sequence[int]]] = [[] for _ in pairwise(edges)]
    for group in groups_in(db, edges, (), filters=filters, measures=SHORT):
        pieces[group.period].append(group.sums)
    return [sums_of_all(rows, SHORT) for rows in pieces]


def sums_of_all(rows: Iterable[Sequence[int]], measures: Sequence[str] = MEASURES) -> Sums:
    """Many rows of sums as one; no number leaves 64 bits."""
    several = list(rows)
    if not several:
        return Sums()
    if len(several) == 1:
        return named_sums(measures, [number if number < MOST else MOST for number in several[0]])
    total = [min(sum(column), MOST) for column in zip(*several, strict=True)]
    return named_sums(measures, total)


class Place(msgspec.Struct, frozen=True):
    """A value of one key, and what was used there."""

    name: str
    """Empty: no call says it."""
    about: str
    """What the name belongs to: the project of a branch; else empty."""
    sums: Sums
