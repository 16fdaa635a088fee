"""All sessions, a window of them at a time: sorted, filtered, with their totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from toktui.metrics.filters import Filters
from toktui.metrics.one_state import one_state
from toktui.metrics.probable import Probable, probable_in
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.metrics.sums import SUM_SELECT, Sums, sums_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence, Set

Sort = Literal["last", "cost", "tokens", "calls", "hit", "project", "agent"]
SORTS: Final[tuple[Sort, ...]] = ("last", "cost", "tokens", "calls", "hit", "project", "agent")
WINDOW: Final = 200
"""Sessions in one window."""
_AT_ONCE: Final = 2_000
"""Sessions that are read at once where many do not fit."""

_COLUMNS: Final[dict[Sort, str]] = {
    "last": "last_ms", "cost": "cost_nusd", "tokens": "tokens", "calls": "calls", "hit": "hit",
}  # fmt: skip
_NAMES: Final[dict[Sort, str]] = {"project": "project", "agent": "agent"}


class ListQuestion(msgspec.Struct, frozen=True):
    """Which window of which list."""

    sort: Sort = "last"
    descending: bool = True
    within: Scope = EVERYTHING
    """What led here, beside the filter of all screens: sessions with a call in both."""
    first: int = 0
    count: int = WINDOW


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session with the totals of its whole life, sub-agents inside it included."""

    number: int
    id: str
    agent: str
    parent: str | None
    project: str
    model: str
    """The one with most calls, as priced or else as logged."""
    models: int
    first_ms: int
    last_ms: int
    sums: Sums
    probable: Probable | None
    """Beyond the sums."""


class SessionPage(msgspec.Struct, frozen=True):
    """A window: `rows` are those from `first` on, of `found` in all."""

    question: ListQuestion
    found: int
    first: int
    rows: tuple[SessionRow, ...]
    now_ms: int


def load_page(
    db: sqlite3.Connection, question: ListQuestion, now_ms: int, scope: Scope = EVERYTHING
) -> SessionPage:
    """The window that was asked for, of sessions with a call in the scope; the last one if the list
    is shorter. A word of the scope is also found in a session's id.
    """
    with one_state(db):
        fitting = _fitting(db, (scope, question.within))
        parts = _parts(db, question)
        found = sum(part.sessions for part in parts) if fitting is None else len(fitting)
        first = max(0, min(question.first, found - 1))
        numbers = _numbers(db, parts, fitting, first, question.count)
        rows = tuple(load_row(db, number) for number in numbers)
        return SessionPage(question, found, first, rows, now_ms)


class _Part(NamedTuple):
    """Some of the sessions: a statement that walks an index and sorts nothing, and how many."""

    statement: str
    sessions: int


def _parts(db: sqlite3.Connection, question: ListQuestion) -> list[_Part]:
    """All sessions in the order that was asked for, part after part."""
    direction = "desc" if question.descending else "asc"
    named = _NAMES.get(question.sort)
    if named is not None:
        groups = db.execute(
            f"select g.{named}, g.count from (select {named}, count(*) as count from session"
            f" where last_ms is not null group by {named}) g join name n on n.id = g.{named}"
            f" order by n.text collate nocase {direction}, n.text"
        ).fetchall()
        # The latest first, in either direction: the sessions of one project have no other order.
        return [
            _Part(
                f"select id from session where {named} = {name} and last_ms is not null"
                " order by last_ms desc, id desc",
                count,
            )
            for name, count in groups
        ]
    column = _COLUMNS[question.sort]
    walk = (
        f"select id from session where last_ms is not null and {column} is {{}}null"
        f" order by {column} {direction}, last_ms {direction}, id {direction}"
    )
    known = _Part(walk.format("not "), _count(db, f"last_ms is not null and {column} is not null"))
    missing = _count(db, "last_ms is not null") - known.sessions
    # What is unknown comes last, in either direction.
    return [known, _Part(walk.format(""), missing)] if missing else [known]


def _count(db: sqlite3.Connection, where: str) -> int:
    return int(db.execute(f"select count(*) from session where {where}").fetchone()[0])


def _numbers(
    db: sqlite3.Connection,
    parts: Sequence[_Part],
    fitting: Set[int] | None,
    first: int,
    count: int,
) -> list[int]:
    """The sessions from the first one on, of those that fit."""
    numbers: list[int] = []
    if fitting is not None:
        enough = min(first + count, len(fitting))
        for part in parts:
            rows = db.execute(part.statement)
            while len(numbers) < enough and (some := rows.fetchmany(_AT_ONCE)):
                numbers += [number for (number,) in some if number in fitting]
        return numbers[first:enough]
    for part in parts:
        if len(numbers) == count:
            break
        if first >= part.sessions:
            first -= part.sessions
            continue
        values = (count - len(numbers), first)
        rows = db.execute(f"{part.statement} limit ? offset ?", values)
        numbers += [number for (number,) in rows]
        first = 0
    return numbers


def _fitting(db: sqlite3.Connection, scopes: Sequence[Scope]) -> set[int] | None:
    """Sessions with a call in each of the scopes; None: all."""
    fitting: set[int] | None = None
    for scope in scopes:
        if scope.is_limited:
            meant = sessions_in(db, scope) | _named(db, scope)
            fitting = meant if fitting is None else fitting & meant
    return fitting


def _named(db: sqlite3.Connection, scope: Scope) -> set[int]:
    """Sessions in whose id the only word of the scope is."""
    word = scope.filters.words
    if len(word) != 1 or scope != Scope(Filters(words=word, any_case=True), text=scope.text):
        return set()
    rows = db.execute(
        "select id from session where instr(lower(key), ?) and last_ms is not null",
        (word[0].lower(),),
    )
    return {number for (number,) in rows}


def load_row(db: sqlite3.Connection, number: int) -> SessionRow:
    """One session; KeyError if there is none with that number."""
    found = db.execute(
        "select s.key, a.text, s.parent, p.text, s.first_ms, s.last_ms from session s"
        " join name a on a.id = s.agent join name p on p.id = s.project where s.id = ?",
        (number,),
    ).fetchone()
    if found is None:
        raise KeyError(number)
    key, agent, parent, project, first_ms, last_ms = found
    models = db.execute(
        "select coalesce(nullif(r.text, ''), m.text) from session_total t"
        " join name m on m.id = t.model join name r on r.id = t.priced"
        " where t.session = ? group by 1 order by sum(t.calls) desc, 1",
        (number,),
    ).fetchall()
    sums = db.execute(
        f"select {SUM_SELECT} from session_total where session = ?", (number,)
    ).fetchone()
    return SessionRow(
        number=number,
        id=key,
        agent=agent,
        parent=parent or None,
        project=project,
        model=models[0][0] if models else "",
        models=len(models),
        first_ms=first_ms or 0,
        last_ms=last_ms or 0,
        sums=sums_of(sums),
        probable=probable_in(db, number),
    )
