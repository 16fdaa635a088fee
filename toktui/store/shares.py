"""What each landed change has of the cost of the sessions that made it, kept as these cost more.

A session is shared out among its changes by their sizes, in whole nano-dollars that add up to its
cost. `link` has each share; `change` has their sum, and `session` whether it made a change at all,
so that a screen adds up nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from toktui.store.absurd import guard_marked

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

SHARES_VERSION: Final = 7
"""The schema that has them."""
EXACT: Final = ("committed", "merged", "same_patch", "squashed")
"""Reasons of links that are certain: the session ran the commit, and it, or what became of it,
landed."""
WEIGHTS: Final = (1, 2, 4, 8, 16)
"""What a change of each size takes of the cost of a session that made several."""
UNKNOWN_WEIGHT: Final = 2

_STATEMENTS: Final = (
    "alter table session add column unpriced integer not null default 0",
    "alter table session add column linked integer not null default 0",
    "alter table link add column nusd integer",
    "alter table change add column nusd integer",
    "alter table change add column lacks integer not null default 0",
    "alter table change add column sessions integer not null default 0",
    "alter table change add column exact integer not null default 0",
    "alter table repository add column looked blob not null default x''",
    "create table patch (repository integer not null, hash text not null, patch text not null,"
    " primary key (repository, hash)) without rowid",
    "create index session_place on session (project, linked, last_ms, cost_nusd, unpriced)",
    "create index session_ended on session (last_ms, cost_nusd, unpriced)",
    "create index session_unlanded on session (cost_nusd, last_ms) where linked = 0",
    "drop index change_at",
    "create index change_landed on change (at_ms, sessions)",
    "create index change_size on change (size, nusd, at_ms, sessions, lacks, reverted_ms)",
    "update session set unpriced = coalesce((select sum(unpriced) from session_total"
    " where session = session.id), 0)",
)
_EXACT: Final = ", ".join(f"'{reason}'" for reason in EXACT)
_LINKED: Final = (
    "update session set linked = exists (select 1 from link where session = session.id)"
    " where id in (select value from json_each(?))"
)
_SUM: Final = (
    "update change set (nusd, lacks, sessions, exact) = (select sum(l.nusd),"
    " coalesce(max(l.nusd is null or s.unpriced > 0), 0), count(s.id),"
    f" coalesce(max(l.reason in ({_EXACT})), 0)"
    " from link l join session s on s.id = l.session"
    " where l.change = change.id and s.last_ms is not null) where id = ?"
)


def m007_shares(db: Database) -> None:
    """Costs of changes in their rows; what was known of repositories, so that a look is short."""
    guard_marked(db.conn)
    for statement in _STATEMENTS:
        db.conn.execute(statement)
    linked = db.conn.execute("select distinct session from link").fetchall()
    mark_linked(db.conn, [session for (session,) in linked])
    share_again(db.conn, [session for (session,) in linked])


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount in whole parts that add up to it, by weight; what is left over after rounding down
    goes to the largest remainders, the first of equal ones. It may not be negative."""
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    left = amount - sum(parts)
    by_rest = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for i in by_rest[:left]:
        parts[i] += 1
    return parts


def weight_of(size: int | None) -> int:
    """What a change of this size weighs."""
    return UNKNOWN_WEIGHT if size is None else WEIGHTS[size]


def mark_linked(db: sqlite3.Connection, sessions: Iterable[int]) -> None:
    """Notes which of these sessions made a landed change."""
    db.execute(_LINKED, (json.dumps(list(sessions)),))


def share_again(db: sqlite3.Connection, sessions: Iterable[int]) -> None:
    """Shares out anew what these sessions cost, and adds up the changes that they made."""
    rows = db.execute(
        "select l.session, l.change, c.size, s.cost_nusd from json_each(?) j"
        " cross join link l on l.session = j.value"
        " left join change c on c.id = l.change left join session s on s.id = l.session"
        " order by l.session, c.at_ms, c.hash, l.change",
        (json.dumps(list(sessions)),),
    ).fetchall()
    if not rows:
        return
    by_session: dict[int, list[tuple[int, int | None, int | None]]] = {}
    for session, change, size, nusd in rows:
        by_session.setdefault(session, []).append((change, size, nusd))
    for session, made in by_session.items():
        nusd = made[0][2]
        parts: Sequence[int | None] = [None] * len(made)
        if nusd is not None:
            parts = split(nusd, [weight_of(size) for _, size, _ in made])
        db.executemany(
            "update link set nusd = ? where session = ? and change = ?",
            [(part, session, change) for part, (change, _, _) in zip(parts, made, strict=True)],
        )
    add_up(db, {change for _, change, _, _ in rows})


def add_up(db: sqlite3.Connection, changes: Iterable[int]) -> None:
    """Brings what changes cost to what their links say."""
    db.executemany(_SUM, [(change,) for change in changes])
