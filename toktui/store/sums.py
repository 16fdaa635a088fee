"""The rollups `quarter` and `session_total`: what a transaction changes in them.

What calls add is kept in piles, one for each quarter hour and session, and written at the end: many
calls fall on few piles.
"""

from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from toktui.model import EXACTNESS
from toktui.store.absurd import any_absurd, guard_marked, is_marked, mark, unmark
from toktui.store.schema import MEASURES, QUARTER_KEYS, QUARTER_MS, SESSION_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from toktui.store.writer import CallRow

_TOTAL: Final = "(input + cache_read + cache_write_5m + cache_write_1h + output)"


def _upsert(table: str, keys: Sequence[str]) -> str:
    columns = (*keys, *MEASURES)
    sums = ", ".join(f"{m} = {m} + excluded.{m}" for m in MEASURES)
    return (
        f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))}) "
        f"on conflict ({', '.join(keys)}) do update set {sums}"
    )


_SUMMED: Final = ", ".join((
    "count(*)",
    *(f"sum(exactness = {i})" for i in range(len(EXACTNESS))),
    "sum(cost_nusd is null)",
    *(f"sum({m})" for m in MEASURES[6:13]),
    f"sum(iif(exactness = {EXACTNESS.index('estimated')}, {_TOTAL}, 0))",
    f"sum(iif(cost_nusd is null, {_TOTAL}, 0))",
    *(f"coalesce(sum({m}), 0)" for m in MEASURES[15:]),
))  # fmt: skip
"""`measures` in SQL, over a group of rows of `call`."""

_ADD_QUARTER: Final = _upsert("quarter", QUARTER_KEYS)
_ADD_SESSION: Final = _upsert("session_total", SESSION_KEYS)
_REDO_QUARTER: Final = (
    f"insert into quarter ({', '.join((*QUARTER_KEYS, *MEASURES))})"
    f" select at_ms / {QUARTER_MS}, {', '.join(QUARTER_KEYS[1:])}, {_SUMMED} from call"
    " where session in (select id from session where last_ms >= ?1 and first_ms < ?2)"
    " and at_ms >= ?1 and at_ms < ?2"
    f" group by {', '.join(str(i + 1) for i in range(len(QUARTER_KEYS)))}"
)
_REDO_SESSION: Final = (
    f"insert into session_total ({', '.join((*SESSION_KEYS, *MEASURES))})"
    f" select {', '.join(SESSION_KEYS)}, {_SUMMED} from call where session = ?"
    f" group by {', '.join(SESSION_KEYS)}"
)
_ESTIMATED: Final = EXACTNESS.index("estimated")
_GRADES: Final = range(len(EXACTNESS))
_ONE_OF: Final = tuple(
    (1, *(int(grade == exactness) for grade in _GRADES)) for exactness in _GRADES
)
"""`calls` and the counts of each exactness, of one call."""
_HIGHEST_PILE: Final = 256

_shared = itemgetter(1, 9, 10, 11, 6, 7, 3)
"""Of a call row: agent, model, priced, tier, project, branch, session."""


def measures(row: CallRow) -> tuple[int, ...]:
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
        self._piles: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
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
        self._piles.setdefault(key, []).append(tuple(-n for n in measures(row)))

    def flush(self, sessions: set[int], *, shrunk: bool) -> None:
        """Brings everything into the rollups. `sessions` are all whose calls have changed; `shrunk`
        tells whether calls went."""
        quarters: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        totals: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for key, pile in self._piles.items():
            quarter, agent, model, priced, tier, project, branch, session = key
            change = _added(pile)
            place = (quarter, agent, model, priced, tier, project, branch)
            quarters.setdefault(place, []).append(change)
            totals.setdefault((session, model, priced, tier), []).append(change)
        self._piles.clear()
        if not self._guarded and self._write(quarters, totals, sessions):
            mark(self._db)
            self._guarded = True
        if self._guarded:
            self._sum_again({place[0] for place in quarters}, sessions)
            if shrunk:
                unmark(self._db)
                self._guarded = is_marked(self._db)

    def _write(
        self,
        quarters: Mapping[tuple[int, ...], Sequence[tuple[int, ...]]],
        totals: Mapping[tuple[int, ...], Sequence[tuple[int, ...]]],
        sessions: set[int],
    ) -> bool:
        """Adds what has changed to the rollups.

        True if a session is absurd: then the sums of all that was touched are to be made again.
        """
        try:
            self._add("quarter", QUARTER_KEYS, _ADD_QUARTER, quarters)
            self._add("session_total", SESSION_KEYS, _ADD_SESSION, totals)
        except OverflowError:
            return True
        except sqlite3.OperationalError as error:
            if "integer overflow" not in str(error):
                raise
            return True
        return any_absurd(self._db, sessions)

    def _add(
        self,
        table: str,
        keys: Sequence[str],
        statement: str,
        changes: Mapping[tuple[int, ...], Sequence[tuple[int, ...]]],
    ) -> None:
        summed = ((place, _added(parts)) for place, parts in changes.items())
        changed = [(place, change) for place, change in summed if any(change)]
        self._db.executemany(statement, [(*place, *change) for place, change in changed])
        fell = [place for place, change in changed if change[0] < 0]
        if fell:
            where = " and ".join(f"{k} = ?" for k in keys)
            self._db.executemany(f"delete from {table} where calls = 0 and {where}", fell)

    def _sum_again(self, quarters: set[int], sessions: set[int]) -> None:
        """Makes the sums of everything touched from its calls: what stops at a number cannot be
        added to. The sessions' spans hold already."""
        spans = [(q * QUARTER_MS, (q + 1) * QUARTER_MS) for q in quarters]
        self._db.executemany("delete from quarter where quarter = ?", [(q,) for q in quarters])
        self._db.executemany(_REDO_QUARTER, spans)
        touched = [(session,) for session in sessions]
        self._db.executemany("delete from session_total where session = ?", touched)
        self._db.executemany(_REDO_SESSION, touched)


def _added(pile: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """All measures of a pile, column by column."""
    return pile[0] if len(pile) == 1 else tuple(map(sum, zip(*pile, strict=True)))
