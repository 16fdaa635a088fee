"""Sums over pieces of time, from whichever rollup has the fewest rows that can tell them.

A zone's day rarely begins where a UTC day does. The sum up to an edge is that of all UTC days up to
the nearest midnight, and of the quarters of an hour between the two, added or taken away; a piece
is the sum up to its end without that up to its beginning. Sums of whole numbers lose nothing by it.
"""

from __future__ import annotations

from itertools import pairwise
from operator import add, sub
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.metrics.names import has_table
from toktui.store.absurd import is_marked
from toktui.store.rollups import KEYS, QUARTERS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    How = Callable[[int, int], int]

_PLACES: Final = ("project", "branch")
"""What `day_model` does not know."""


class Row(NamedTuple):
    """Calls of one piece with the same keys, which are numbers of names."""

    piece: int
    keys: tuple[int, ...]
    sums: Sequence[int]
    """In the order of the measures that were asked for."""


def rows_of(
    db: sqlite3.Connection,
    edges: Sequence[int],
    keys: Sequence[str],
    measures: Sequence[str],
    where: Sequence[str] = (),
) -> list[Row]:
    """The sums of each piece and each value of the keys, where there is a call; in no order.

    `edges` are quarters of an hour in order: piece 0 lies between the first two. `keys` are columns
    of `quarter`, `where` conditions on its rows `t`; the first of the `measures` is `calls`.
    """
    if len(edges) < 2:
        return []
    alone = not db.in_transaction
    if alone:
        db.execute("begin")
    try:
        asked = _Asked(db, keys, measures, where)
        long = edges[-1] - edges[0] >= (len(edges) - 1) * QUARTERS // 2
        return asked.by_days(edges) if long and _has_days(db) else asked.by_quarters(edges)
    finally:
        if alone:
            db.execute("rollback")


def span_of_quarters(db: sqlite3.Connection) -> tuple[int, int] | tuple[None, None]:
    """The first and the last quarter of an hour with a call; None without one."""
    # Apart: SQLite finds one end of an index at once, and both ends by reading all of it.
    return db.execute(
        "select (select min(quarter) from quarter), (select max(quarter) from quarter)"
    ).fetchone()


def last_quarter_before(db: sqlite3.Connection, quarter: int) -> int | None:
    """The last quarter of an hour with a call before a quarter; None without one."""
    statement = "select max(quarter) from quarter where quarter < ?"
    return db.execute(statement, (quarter,)).fetchone()[0]


def sums_match(db: sqlite3.Connection) -> bool:
    """Whether every rollup has as many calls as there are; reads all of them."""
    (calls,) = db.execute("select count(*) from call").fetchone()
    sums = (
        db.execute(f"select coalesce(sum(calls), 0) from {table}").fetchone()[0]
        for table in KEYS
        if has_table(db, table)
    )
    return all(calls == summed for summed in sums)


def values_of(
    db: sqlite3.Connection, edges: Sequence[int], keys: Sequence[str], where: Sequence[str] = ()
) -> set[tuple[int, ...]]:
    """The values of the keys that a call between the first and the last edge has; arguments as of
    `rows_of`, within the caller's transaction."""
    first, end = edges[0], edges[-1]
    if first >= end:
        return set()
    days = (-(-first // QUARTERS), end // QUARTERS)
    parts = [("quarter", first, end)]
    if days[0] < days[1] and _has_days(db):
        midnights = [day * QUARTERS for day in days]
        parts = [
            ("quarter", first, midnights[0]),
            (_of_days(keys, where), *days),
            ("quarter", midnights[1], end),
        ]
    named = ", ".join(f"t.{key}" for key in keys)
    meant = "".join(f" and {fits}" for fits in where)
    found: set[tuple[int, ...]] = set()
    for table, start, after in parts:
        at = KEYS[table][0]
        found.update(
            db.execute(
                f"select distinct {named} from {table} t where t.{at} >= ? and t.{at} < ?{meant}",
                (start, after),
            )
        )
    return found


def last_of(
    db: sqlite3.Connection, edges: Sequence[int], keys: Sequence[str], where: Sequence[str] = ()
) -> dict[tuple[int, ...], int]:
    """The last quarter of an hour of each value of the keys between the first and the last edge;
    arguments as of `rows_of`, within the caller's transaction."""
    first, end = edges[0], edges[-1]
    if not _has_days(db):
        return dict(_lasts(db, "quarter", keys, where, first, end))
    found: dict[tuple[int, ...], int] = {}
    # Of the day that the end cuts it is not known on which side of it the calls are: only if none
    # is before it, an earlier day has the last one.
    for until in (-(-end // QUARTERS), end // QUARTERS):
        days = [
            (key, day)
            for key, day in _lasts(
                db, _of_days(keys, where), keys, where, first // QUARTERS, until
            )
            if key not in found
        ]
        for day in {day for _, day in days}:
            start = day * QUARTERS
            within = max(first, start), min(end, start + QUARTERS)
            lasts = dict(_lasts(db, "quarter", keys, where, *within))
            found |= {key: lasts[key] for key, on in days if on == day and key in lasts}
        if all(key in found for key, _ in days):
            break
    return found


def _lasts(
    db: sqlite3.Connection,
    table: str,
    keys: Sequence[str],
    where: Sequence[str],
    first: int,
    end: int,
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Each value of the keys, and the last row of a rollup that has it."""
    named = "".join(f"t.{key}, " for key in keys)
    meant = "".join(f" and {fits}" for fits in where)
    at = KEYS[table][0]
    rows = db.execute(
        f"select {named}max(t.{at}) from {table} t where t.{at} >= ? and t.{at} < ?{meant}"
        f" group by {', '.join(str(n + 1) for n in range(len(keys)))}",
        (first, end),
    )
    return ((row[:-1], row[-1]) for row in rows)


def _has_days(db: sqlite3.Connection) -> bool:
    """Whether days can be added up: an older store that can only be read has none, and a sum that
    stops at the largest number cannot be taken away."""
    return has_table(db, "day_model") and not is_marked(db)


def _of_days(keys: Sequence[str], where: Sequence[str]) -> str:
    """The rollup of days that can tell it."""
    asked = (*(f"t.{key}" for key in keys), *where)
    placed = any(f"t.{place}" in text for place in _PLACES for text in asked)
    return "day" if placed else "day_model"


class _Asked:
    """One question, put to rollups."""

    def __init__(
        self,
        db: sqlite3.Connection,
        keys: Sequence[str],
        measures: Sequence[str],
        where: Sequence[str],
    ) -> None:
        self._db = db
        self._width = len(keys)
        named = [f"t.{key}" for key in keys]
        columns = ", ".join((*named, *(f"sum(t.{name})" for name in measures)))
        meant = "".join(f" and {fits}" for fits in where)
        grouped = f" group by {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
        ask = f"select {columns} from {{}} t where t.{{}} >= ? and t.{{}} < ?{meant}{grouped}"
        self._quarters = ask.format("quarter", "quarter", "quarter")
        self._days = ask.format(_of_days(keys, where), "day", "day")

    def _between(
        self, statement: str, first: int, end: int
    ) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Keys and sums."""
        if first >= end:
            return []
        width = self._width
        rows = self._db.execute(statement, (first, end))
        return [(row[:width], row[width:]) for row in rows if row[width]]

    def by_quarters(self, edges: Sequence[int]) -> list[Row]:
        """Piece by piece."""
        return [
            Row(piece, keys, sums)
            for piece, (start, end) in enumerate(pairwise(edges))
            for keys, sums in self._between(self._quarters, start, end)
        ]

    def by_days(self, edges: Sequence[int]) -> list[Row]:
        """Days between the midnights that are nearest to the edges, and what is between these and
        the edges."""
        found: dict[tuple[int, tuple[int, ...]], list[int]] = {}

        def put(piece: int, keys: tuple[int, ...], sums: Sequence[int], how: How) -> None:
            if 0 <= piece < len(edges) - 1:
                known = found.get((piece, keys))
                found[piece, keys] = list(map(how, known or [0] * len(sums), sums))

        nearest = [(edge + QUARTERS // 2) // QUARTERS for edge in edges]
        for piece, (start, end) in enumerate(pairwise(nearest)):
            for keys, sums in self._between(self._days, start, end):
                found[piece, keys] = list(sums)
        for at, (edge, day) in enumerate(zip(edges, nearest, strict=True)):
            midnight = day * QUARTERS
            late = edge > midnight
            between = (midnight, edge) if late else (edge, midnight)
            for keys, sums in self._between(self._quarters, *between):
                put(at - 1, keys, sums, add if late else sub)
                put(at, keys, sums, sub if late else add)
        return [Row(*place, sums) for place, sums in found.items() if sums[0]]
