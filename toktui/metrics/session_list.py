"""All sessions, a window of them at a time: sorted, filtered, with their totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.metrics.probable import Probable, probable_in
from toktui.metrics.sums import SUM_SELECT, Sums, sums_of

if TYPE_CHECKING:
    import sqlite3

Sort = Literal["last", "cost", "tokens", "calls", "hit", "project", "agent"]
SORTS: Final[tuple[Sort, ...]] = ("last", "cost", "tokens", "calls", "hit", "project", "agent")
WINDOW: Final = 200
"""Sessions in one window."""

_PROJECT: Final = (
    "coalesce(nullif(s.project, 0),"
    " (select c.project from call c where c.session = s.id order by c.at_ms limit 1), 0)"
)
_PROMPT: Final = "sum(input + cache_read + cache_write_5m + cache_write_1h)"
_SUMS: Final[dict[Sort, str]] = {
    "cost": "iif(sum(calls) = sum(unpriced), null, sum(cost_nusd))",
    "tokens": "sum(input + cache_read + cache_write_5m + cache_write_1h + output)",
    "calls": "sum(calls)",
    "hit": f"sum(cache_read) * 1.0 / nullif({_PROMPT}, 0)",
}
"""What a session is sorted by, as a sum over its rows of the rollup."""
_NAMES: Final[dict[Sort, str]] = {"project": _PROJECT, "agent": "s.agent"}


class ListQuestion(msgspec.Struct, frozen=True):
    """Which window of which list."""

    sort: Sort = "last"
    descending: bool = True
    text: str = ""
    """Part of an agent, a project, a model or the id, in any case."""
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


def load_page(db: sqlite3.Connection, question: ListQuestion, now_ms: int) -> SessionPage:
    """The window that was asked for; the last one if the list is shorter."""
    db.execute("begin")
    try:
        where, values = _where(db, question.text)
        found = int(
            db.execute(f"select count(*) from session s where {where}", values).fetchone()[0]
        )
        first = max(0, min(question.first, found - 1))
        numbers = _numbers(db, question, where, values, first)
        rows = tuple(load_row(db, number) for number in numbers)
        return SessionPage(question, found, first, rows, now_ms)
    finally:
        db.execute("rollback")


def _numbers(
    db: sqlite3.Connection, question: ListQuestion, where: str, values: list[str], first: int
) -> list[int]:
    direction = "desc" if question.descending else "asc"
    ties = "s.last_ms desc, s.id"
    if (total := _SUMS.get(question.sort)) is not None:
        statement = (
            f"select s.id from (select session, {total} as value from session_total"
            f" group by session) t join session s on s.id = t.session where {where}"
            f" order by t.value {direction} nulls last, {ties}"
        )
    elif (name := _NAMES.get(question.sort)) is not None:
        statement = (
            f"select s.id from session s join name n on n.id = {name} where {where}"
            f" order by n.text collate nocase {direction}, {ties}"
        )
    else:
        statement = (
            f"select s.id from session s indexed by session_last where {where}"
            f" order by s.last_ms {direction}"
        )
    rows = db.execute(f"{statement} limit ? offset ?", [*values, question.count, first])
    return [number for (number,) in rows]


def _where(db: sqlite3.Connection, text: str) -> tuple[str, list[str]]:
    """A condition on `session s`, and its values."""
    alive = "s.last_ms is not null"
    if not text:
        return alive, []
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    found = db.execute("select id from name where text like ? escape '\\'", (pattern,))
    ids = ", ".join(str(number) for (number,) in found)
    return (
        f"{alive} and (s.key like ? escape '\\' or s.agent in ({ids}) or {_PROJECT} in ({ids})"
        f" or s.id in (select session from session_total where model in ({ids})"
        f" or priced in ({ids})))",
        [pattern],
    )


def load_row(db: sqlite3.Connection, number: int) -> SessionRow:
    """One session; KeyError if there is none with that number."""
    found = db.execute(
        f"select s.key, a.text, s.parent, p.text, s.first_ms, s.last_ms from session s"
        f" join name a on a.id = s.agent join name p on p.id = {_PROJECT} where s.id = ?",
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
