"""Names that the store knows, for whoever types a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_MOST: Final = 200


def known_names(db: sqlite3.Connection) -> Mapping[str, tuple[str, ...]]:
    """Agents, models, last parts of projects, by key of the filter; the latest first."""
    recent = "(select * from session order by last_ms desc limit 2000) s"
    agents = _texts(db, "select distinct agent as id from session where last_ms is not null")
    models = _texts(
        db,
        f"select coalesce(nullif(t.priced, 0), t.model) as id from {recent}"
        " join session_total t on t.session = s.id group by 1 order by max(s.last_ms) desc",
    )
    projects = _texts(
        db,
        f"select s.project as id from {recent} where s.project <> 0"
        " group by 1 order by max(s.last_ms) desc",
    )
    ends = (folder.rstrip("/").rpartition("/")[2] for folder in projects)
    return {
        "agent": agents, "model": models, "project": tuple(dict.fromkeys(ends)),
    }  # fmt: skip


def _texts(db: sqlite3.Connection, statement: str) -> tuple[str, ...]:
    rows = db.execute(
        f"select n.text from ({statement} limit {_MOST}) i join name n on n.id = i.id"
    )
    return tuple(text for (text,) in rows if text)
