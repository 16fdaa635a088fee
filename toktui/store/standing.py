"""What each session amounts to as a whole, so that a list of all of them is read in any order.

`session_total` has a row for each model and tier of a session; the columns here are their sums,
kept in the same transaction, each with an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sqlite_utils import Database

_PROMPT: Final = "(input + cache_read + cache_write_5m + cache_write_1h)"
_STAND: Final = (
    "update session set (calls, tokens, cost_nusd, hit) = (select coalesce(sum(calls), 0),"
    f" coalesce(sum({_PROMPT} + output), 0),"
    " iif(sum(calls) = sum(unpriced), null, sum(cost_nusd)),"
    f" sum(cache_read) * 1.0 / nullif(sum({_PROMPT}), 0)"
    " from session_total where session = session.id)"
)
_STATEMENTS: Final = (
    "alter table session add column calls integer not null default 0",
    "alter table session add column tokens integer not null default 0",
    "alter table session add column cost_nusd integer",
    "alter table session add column hit real",
    *(
        f"create index session_{column} on session ({column}, last_ms)"
        for column in ("calls", "tokens", "cost_nusd", "hit", "project", "agent")
    ),
    "create index session_total_model on session_total (model)",
    "create index session_total_priced on session_total (priced)",
)


def m003_standing(db: Database) -> None:
    """Totals of each session in its row; who used a model is found by an index."""
    from toktui.store.absurd import guard_marked  # noqa: PLC0415  it knows the rollups' names

    for statement in _STATEMENTS:
        db.conn.execute(statement)
    guard_marked(db.conn)
    db.conn.execute(_STAND)


_STAND_AGAIN: Final = _STAND.replace("hit) =", "hit, unpriced) =").replace(
    " from session_total", ", coalesce(sum(unpriced), 0) from session_total"
)
"""With the calls that lack a price, which the migration of then did not know."""


def stand_again(db: sqlite3.Connection, sessions: Iterable[int]) -> None:
    """Brings the totals of these sessions to what `session_total` says."""
    db.executemany(f"{_STAND_AGAIN} where id = ?", [(session,) for session in sessions])
