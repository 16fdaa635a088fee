"""The dearest sessions of a range: what they cost inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toktui.metrics.range_sums import SHORT, sums_of_all
from toktui.metrics.report import Question
from toktui.metrics.select import Filters, source_for
from toktui.metrics.session_list import SessionRow, load_row

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
    if filters != Filters():
        return _filtered(db, within, filters, most)
    best: list[tuple[tuple[int, int], int, Sums | None]] = []
    for candidate in _candidates(db, within):
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


def _candidates(db: sqlite3.Connection, within: Range) -> Iterator[_Candidate]:
    rows = db.execute(
        "select id, first_ms >= ?1 and last_ms < ?2, coalesce(cost_nusd, 0), tokens from session"
        " indexed by session_last where last_ms >= ?1 and first_ms < ?2"
        " order by cost_nusd is null, cost_nusd desc, tokens desc",
        within,
    )
    return map(_Candidate._make, rows)


def _sums(db: sqlite3.Connection, number: int, within: Range) -> Sums:
    names = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
    counted = ", ".join(f"coalesce(sum({name}), 0)" for name in names)
    row = db.execute(
        f"select count(*), coalesce(sum(exactness = 2), 0), count(*) - count(cost_nusd), {counted},"
        " coalesce(sum(cost_nusd), 0) from call where session = ? and at_ms >= ? and at_ms < ?",
        (number, *within),
    ).fetchone()
    return sums_of_all([row], SHORT)


def _top(db: sqlite3.Connection, number: int, part: Sums | None) -> TopSession:
    row = load_row(db, number)
    return TopSession(row, row.sums if part is None else part)


def _filtered(
    db: sqlite3.Connection, within: Range, filters: Filters, most: int
) -> tuple[TopSession, ...]:
    """Only calls that are meant count, so each is looked at."""
    question = Question(by=("agent", "session"), within=within, filters=filters)
    source = source_for(question)
    groups = list(source.rows(db, question, lambda _quarter: 0))
    cost, calls = source.names.index("cost_nusd"), source.names.index("calls")
    groups.sort(key=lambda group: (-group.sums[cost], -group.sums[calls], group.words))
    found: list[TopSession] = []
    for group in groups[:most]:
        number = db.execute(
            "select s.id from session s join name a on a.id = s.agent"
            " where s.key = ?2 and a.text = ?1",
            group.words,
        ).fetchone()
        row = load_row(db, int(number[0]))
        found.append(TopSession(row, sums_of_all([group.sums], source.names)))
    return tuple(found)
