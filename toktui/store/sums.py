"""What a transaction changes in the rollups.

What calls add is kept in piles, one for each quarter hour and part of a session, and written at the
end: many calls fall on few piles.
"""

from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from toktui.clock import DAY_MS, QUARTER_MS
from toktui.model import EXACTNESS
from toktui.store.absurd import any_absurd, guard_marked, is_marked, mark, unmark
from toktui.store.rollups import KEYS, MEASURES, QUARTERS, SUM_OF_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from toktui.store.writer import CallRow

Place = tuple[int, ...]
"""The keys of a row of a rollup."""
Change = tuple[int, ...]
"""What is added to each of its measures."""


def _upsert(table: str) -> str:
    keys = KEYS[table]
    columns = (*keys, *MEASURES)
    sums = ", ".join(f"{m} = {m} + excluded.{m}" for m in MEASURES)
    return (
        f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))}) "
        f"on conflict ({', '.join(keys)}) do update set {sums}"
    )


def _again(table: str, first: str, where: str) -> str:
    """Sums the calls that are meant; `first` is the first key of a call."""
    keys = KEYS[table]
    return (
        f"insert into {table} ({', '.join((*keys, *MEASURES))})"
        f" select {', '.join((first, *keys[1:]))}, {SUM_OF_CALLS} from call where {where}"
        f" group by {', '.join(str(i + 1) for i in range(len(keys)))}"
    )


_IN_SPAN: Final = (
    "session in (select id from session where last_ms >= ?1 and first_ms < ?2)"
    " and at_ms >= ?1 and at_ms < ?2"
)
_ADD: Final = {table: _upsert(table) for table in KEYS}
_BY_TIME: Final = {"quarter": QUARTER_MS, "day": DAY_MS, "day_model": DAY_MS}
"""Rollups whose first key is a number of such stretches since 1970."""
_AGAIN: Final = {
    table: _again(table, f"at_ms / {_BY_TIME[table]}", _IN_SPAN)
    if table in _BY_TIME
    else _again(table, "session", "session = ?")
    for table in KEYS
}
_ESTIMATED: Final = EXACTNESS.index("estimated")
_GRADES: Final = range(len(EXACTNESS))
_ONE_OF: Final = tuple(
    (1, *(int(grade == exactness) for grade in _GRADES)) for exactness in _GRADES
)
"""`calls` and the counts of each exactness, of one call."""
_HIGHEST_PILE: Final = 256

_shared = itemgetter(1, 9, 10, 11, 6, 7, 3, 4)
"""Of a call row: agent, model, priced, tier, project, branch, session, agent inside it."""
_quarter = itemgetter(0, 1, 2, 3, 4, 5, 6)
_part = itemgetter(7, 8, 2, 3, 4, 5, 6)
"""Of the place of a pile: a quarter of an hour, and what calls share."""
_day_model = itemgetter(0, 1, 2, 3, 4)
_session = itemgetter(0, 2, 3, 4)
"""Of the place of a part of a session."""


def _day(quarter: Place) -> Place:
    return (quarter[0] // QUARTERS, *quarter[1:])


def measures(row: CallRow) -> Change:
    """What a call adds to every sum that it is in, in the order of MEASURES."""
    # By place: a first index does this for every call.
    exactness, tokens, cost = row[13], row[15:22], row[24]
    if cost is not None and exactness != _ESTIMATED:
        return (*_ONE_OF[exactness], 0, *tokens, 0, 0, cost, *row[25:32], row[32] or 0)
    total = sum(tokens[:5])
    estimated = total if exactness == _ESTIMATED else 0
    unpriced = cost is None
    return (
        *_ONE_OF[exactness],
        int(unpriced),
        *tokens,
        estimated,
        total if unpriced else 0,
        cost or 0,
        *row[25:32],
        row[32] or 0,
    )


class Sums:
    """What one transaction changes in the rollups."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._piles: dict[Place, list[Change]] = {}
        self._guarded = guard_marked(db)

    def forget(self) -> None:
        """After a rollback, or when another connection wrote."""
        self._piles.clear()
        self._guarded = guard_marked(self._db)

    def add(self, rows: Iterable[CallRow]) -> None:
        """Adds calls."""
        piles = self._piles
        for row in rows:
            key = (row[5] // QUARTER_MS, *_shared(row))
            pile = piles.get(key)
            if pile is None:
                piles[key] = [measures(row)]
            else:
                pile.append(measures(row))
                if len(pile) > _HIGHEST_PILE:
                    pile[:] = (_added(pile),)

    def take_out(self, row: CallRow) -> None:
        """Takes a call out."""
        key = (row.at_ms // QUARTER_MS, *_shared(row))
        pile = self._piles.setdefault(key, [])
        pile.append(tuple(-n for n in measures(row)))
        if len(pile) > _HIGHEST_PILE:
            pile[:] = (_added(pile),)

    def flush(self, sessions: set[int], *, shrunk: bool) -> None:
        """Brings everything into the rollups. `sessions` are all whose calls have changed; `shrunk`
        tells whether calls went."""
        piles = {place: _added(pile) for place, pile in self._piles.items()}
        self._piles.clear()
        if not self._guarded and self._write(piles, sessions):
            mark(self._db)
            self._guarded = True
        if self._guarded:
            self._sum_again({place[0] for place in piles}, sessions)
            if shrunk:
                unmark(self._db)
                self._guarded = is_marked(self._db)

    def _write(self, piles: Mapping[Place, Change], sessions: set[int]) -> bool:
        """Adds what has changed to the rollups.

        True if a session is absurd: then the sums of all that was touched are to be made again.
        """
        quarters = _coarser(piles, _quarter)
        days = _coarser(quarters, _day)
        parts = _coarser(piles, _part)
        try:
            self._add("quarter", quarters)
            self._add("day", days)
            self._add("day_model", _coarser(days, _day_model))
            self._add("session_part", parts)
            self._add("session_total", _coarser(parts, _session))
        except OverflowError:
            return True
        except sqlite3.OperationalError as error:
            if "integer overflow" not in str(error):
                raise
            return True
        return any_absurd(self._db, sessions)

    def _add(self, table: str, changes: Mapping[Place, Change]) -> None:
        changed = [(place, change) for place, change in changes.items() if any(change)]
        self._db.executemany(_ADD[table], [(*place, *change) for place, change in changed])
        fell = [place for place, change in changed if change[0] < 0]
        if fell:
            where = " and ".join(f"{key} = ?" for key in KEYS[table])
            self._db.executemany(f"delete from {table} where calls = 0 and {where}", fell)

    def _sum_again(self, quarters: set[int], sessions: set[int]) -> None:
        """Makes the sums of everything touched from its calls: what stops at a number cannot be
        added to. The sessions' spans hold already."""
        days = {quarter // QUARTERS for quarter in quarters}
        for table in KEYS:
            length = _BY_TIME.get(table)
            first = sessions if length is None else quarters if table == "quarter" else days
            self._db.executemany(
                f"delete from {table} where {KEYS[table][0]} = ?", [(key,) for key in first]
            )
            spans = (
                [(key,) for key in first]
                if length is None
                else [(key * length, (key + 1) * length) for key in first]
            )
            self._db.executemany(_AGAIN[table], spans)


def _coarser(changes: Mapping[Place, Change], place_of: Callable[[Place], Place]) -> dict[
    Place, Change
]:  # fmt: skip
    """The same changes in a rollup of fewer rows."""
    found: dict[Place, list[Change]] = {}
    for place, change in changes.items():
        found.setdefault(place_of(place), []).append(change)
    return {place: _added(pile) for place, pile in found.items()}


def _added(pile: Sequence[Change]) -> Change:
    """All measures of a pile, column by column."""
    return pile[0] if len(pile) == 1 else tuple(map(sum, zip(*pile, strict=True)))
