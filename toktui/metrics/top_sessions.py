"""The dearest sessions of a range: what they cost inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toktui.metrics.filters import Columns, Filters, conditions
from toktui.metrics.names import has_table
from toktui.metrics.range_sums import SHORT, sums_of_all
from toktui.metrics.session_list import SessionRow, load_row
from toktui.model import BUCKETS
from toktui.store.rollups import of_a_call

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from toktui.clock import Range
    from toktui.metrics.sums import Sums


class TopSession(msgspec.Struct, frozen=True):
    """A session of the range; `row` is its whole life, `sums` what of it lies inside."""

    row: SessionRow
    sums: Sums


class _Candidate(NamedTuple):
    number: int
    inside: bool
    """All its calls are in the range."""
    cost: int
    tokens: int


def top_sessions(
    db: sqlite3.Connection, within: Range, filters: Filters, sums: Sums, *, most: int
) -> tuple[TopSession, ...]:
    """The dearest first; what has no price follows, by tokens. `sums` are those of the range."""
    if not sums.calls:
        return ()
    # A session is of one agent, so that such a filter leaves it whole.
    if filters != Filters(agents=filters.agents, any_case=filters.any_case):
        return _filtered(db, within, filters, most)
    best: list[tuple[tuple[int, int], int, Sums | None]] = []
    for candidate in _candidates(db, within, filters):
        size = (candidate.cost, candidate.tokens)
        # No part of a session is dearer than the whole, and the dearest come first.
        if len(best) >= most and size <= best[most - 1][0]:
            break
        part = None if candidate.inside else _sums(db, candidate.number, within)
        if part is not None:
            size = (part.priced_nusd, part.tokens)
            if not part.calls:
                continue
        best.append((size, candidate.number, part))
        best.sort(key=lambda entry: (entry[0], entry[1]), reverse=True)
        del best[most:]
    return tuple(_top(db, number, part) for _, number, part in best)


def _candidates(db: sqlite3.Connection, within: Range, agents: Filters) -> Iterator[_Candidate]:
    columns = Columns("agent", "", "", None, None)
    wanted = "".join(f" and {fits}" for fits in conditions(db, agents, columns))
    rows = db.execute(
        "select id, first_ms >= ?1 and last_ms < ?2, coalesce(cost_nusd, 0), tokens from session"
        f" indexed by session_last where last_ms >= ?1 and first_ms < ?2{wanted}"
        " order by cost_nusd is null, cost_nusd desc, tokens desc",
        within,
    )
    return map(_Candidate._make, rows)


def _sums(db: sqlite3.Connection, number: int, within: Range) -> Sums:
    sums = ", ".join(f"coalesce(sum({of_a_call(name)}), 0)" for name in SHORT)
    row = db.execute(
        f"select {sums} from call where session = ? and at_ms >= ? and at_ms < ?",
        (number, *within),
    ).fetchone()
    return sums_of_all([row], SHORT)


def _top(db: sqlite3.Connection, number: int, part: Sums | None) -> TopSession:
    row = load_row(db, number)
    return TopSession(row, row.sums if part is None else part)


def _filtered(
    db: sqlite3.Connection, within: Range, filters: Filters, most: int
) -> tuple[TopSession, ...]:
    """Only calls that are meant count: told by the parts of sessions that lie inside of the range,
    and by the calls of those that reach beyond it."""
    inside = "s.first_ms >= ?1 and s.last_ms < ?2"
    if has_table(db, "session_part"):
        parts = _best(db, within, filters, most, f"session_part t on t.session = s.id and {inside}")
        beyond = f"call t on t.session = s.id and t.at_ms >= ?1 and t.at_ms < ?2 and not ({inside})"
    else:
        parts = []
        beyond = "call t on t.session = s.id and t.at_ms >= ?1 and t.at_ms < ?2"
    best = [*parts, *_best(db, within, filters, most, beyond, of_calls=True)]
    best.sort(key=lambda found: (found[1].priced_nusd, found[1].tokens, found[0]), reverse=True)
    return tuple(TopSession(load_row(db, number), sums) for number, sums in best[:most])


def _best(
    db: sqlite3.Connection,
    within: Range,
    filters: Filters,
    most: int,
    joined: str,
    *,
    of_calls: bool = False,
) -> list[tuple[int, Sums]]:
    columns = Columns("s.agent", "t.model", "t.priced", "t.project", "t.branch")
    wanted = "".join(f" and {fits}" for fits in conditions(db, filters, columns))
    each = [of_a_call(name, "t") if of_calls else f"t.{name}" for name in SHORT]
    sums = ", ".join(f"sum({one}) as all_{name}" for one, name in zip(each, SHORT, strict=True))
    rows = db.execute(
        f"select s.id, {sums} from session s indexed by session_last cross join {joined}"
        f" where s.last_ms >= ?1 and s.first_ms < ?2{wanted} group by s.id"
        " order by all_calls = all_unpriced, all_cost_nusd desc,"
        f" {' + '.join(f'all_{bucket}' for bucket in BUCKETS)} desc limit {most}",
        within,
    )
    return [(row[0], sums_of_all([row[1:]], SHORT)) for row in rows]
