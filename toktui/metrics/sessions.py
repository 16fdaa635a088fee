"""All sessions with their totals, the latest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.clock import Range
from toktui.metrics.estimated import Estimated, estimated_in
from toktui.metrics.filters import NO_FILTERS, Filters, matches, matches_folder
from toktui.metrics.one_state import one_state
from toktui.metrics.probable import Probable, probable_in
from toktui.metrics.question import ALWAYS, is_limited
from toktui.metrics.sums import SUM_SELECT, Sums, sums_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


class SessionTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A session and all its calls, sub-agents inside it included."""

    number: int
    agent: str
    id: str
    parent: str | None
    project: str
    first_ms: int
    last_ms: int
    models: tuple[str, ...]
    """As logged, by calls."""
    sums: Sums
    probable: Probable | None
    """Beyond the sums."""
    estimated: Estimated | None
    """The range of what is estimated in the sums."""


class Sessions(msgspec.Struct, frozen=True):
    """The first of the sessions that match, and how many match."""

    sessions: tuple[SessionTotals, ...]
    found: int


def load_sessions(
    db: sqlite3.Connection,
    *,
    within: Range = ALWAYS,
    filters: Filters = NO_FILTERS,
    most: int | None = None,
) -> Sessions:
    """Sessions that lived in the range and have a call that fits the filters.

    Totals are those of the whole session, whatever the range.
    """
    with one_state(db):
        listed = _listed(db, within, filters)
        kept = listed if most is None else listed[:most]
        return Sessions(tuple(_session(db, row) for row in kept), len(listed))


def _listed(
    db: sqlite3.Connection, within: Range, filters: Filters
) -> list[tuple[int, str, str, str, int, int]]:
    """Number, agent, id, parent, first and last time of those that match."""
    where = ["s.first_ms is not null"]
    values: list[int] = []
    if is_limited(within):
        where.append("s.last_ms >= ? and s.first_ms < ?")
        values += [within.start_ms, within.end_ms]
    fits = _numbers_that_fit(db, filters)
    rows = db.execute(
        "select s.id, a.text, s.key, s.parent, s.first_ms, s.last_ms from session s"
        f" join name a on a.id = s.agent where {' and '.join(where)}"
        " order by s.last_ms desc, s.key",
        values,
    ).fetchall()
    return [
        row for row in rows
        if (not filters.agents or row[1] in filters.agents) and (fits is None or row[0] in fits)
    ]


def _numbers_that_fit(db: sqlite3.Connection, filters: Filters) -> set[int] | None:
    """Sessions with a call on the models and in the projects; None: not asked for."""
    fits: set[int] | None = None
    names: list[tuple[int, str]] = []
    if filters.models or filters.projects:
        names = db.execute("select id, text from name").fetchall()
    if filters.models:
        ids = _listed_ids(number for number, text in names if matches(text, filters.models))
        fits = _numbers(
            db,
            "select distinct session from session_total"
            f" where model in ({ids}) or priced in ({ids})",
        )
    if filters.projects:
        wanted = filters.projects
        ids = _listed_ids(number for number, text in names if matches_folder(text, wanted))
        inside = _numbers(db, f"select distinct session from call where project in ({ids})")
        fits = inside if fits is None else fits & inside
    return fits


def _listed_ids(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _numbers(db: sqlite3.Connection, statement: str) -> set[int]:
    return {row[0] for row in db.execute(statement)}


def _session(
    db: sqlite3.Connection, row: tuple[int, str, str, str, int, int]
) -> SessionTotals:
    number, agent, key, parent, first_ms, last_ms = row
    models = db.execute(
        "select m.text from session_total t join name m on m.id = t.model where t.session = ?"
        " group by m.text order by sum(t.calls) desc, m.text",
        (number,),
    )
    sums = sums_of(
        db.execute(
            f"select {SUM_SELECT} from session_total where session = ?", (number,)
        ).fetchone()
    )
    project = db.execute(
        "select p.text from call c join name p on p.id = c.project where c.session = ?"
        " order by c.at_ms, c.key limit 1",
        (number,),
    ).fetchone()
    return SessionTotals(
        number=number,
        agent=agent,
        id=key,
        parent=parent or None,
        project="" if project is None else project[0],
        first_ms=first_ms,
        last_ms=last_ms,
        models=tuple(name for (name,) in models),
        sums=sums,
        probable=probable_in(db, number),
        estimated=estimated_in(db, number) if sums.estimated else None,
    )
