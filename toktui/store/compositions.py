"""Table of the contexts that somebody looked at: `composition`, the last prompt of a session taken
apart, so that it can be seen again when its log is gone.

    session      one each, so that a session that goes on does not crowd out others
    call         whose prompt it is; goes, and takes it along
    computed_ms  when its log was read
    body         what was counted, and from what: `ingest.count_prompt`; kinds of parts, names of
                 tools and numbers, no text

At most MOST of at most LARGEST bytes: those that were computed longest ago make room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

COMPOSITIONS_VERSION: Final = 9
"""The schema that has them."""
MOST: Final = 1_000
LARGEST: Final = 16 << 10
"""Bytes of a body."""

_STATEMENTS: Final = (
    """create table composition (
  session integer primary key,
  call integer not null unique,
  computed_ms integer not null,
  body blob not null
)""",
    """create trigger composition_gone after delete on call begin
  delete from composition where call = old.id;
end""",
)
_CALL: Final = (
    "select c.id, c.session from call c join name a on a.id = c.agent"
    " where c.key = ? and a.text = ?"
)
_KEPT: Final = (
    "select k.call, k.computed_ms, k.body from composition k"
    " join call c on c.id = k.call and c.session = k.session where k.session = ?"
)


class Kept(NamedTuple):
    """A row of a session."""

    call: int
    computed_ms: int
    body: bytes


def m009_compositions(db: Database) -> None:
    """Contexts that were taken apart; none yet."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)


def kept_composition(db: sqlite3.Connection, session: int) -> Kept | None:
    """Of a session, by its number; None also in an older store that can only be read."""
    if db.execute("pragma user_version").fetchone()[0] < COMPOSITIONS_VERSION:
        return None
    row = db.execute(_KEPT, (session,)).fetchone()
    return None if row is None else Kept(*row)


def keep_composition(
    db: sqlite3.Connection, agent: str, key: str, computed_ms: int, body: bytes
) -> bool:
    """Keeps what a prompt was made of; False where its call is gone or the body is too large."""
    call = db.execute(_CALL, (key, agent)).fetchone()
    if call is None or len(body) > LARGEST:
        return False
    db.execute(
        "insert or replace into composition (call, session, computed_ms, body)"
        " values (?, ?, ?, ?)",
        (*call, computed_ms, body),
    )
    db.execute(
        "delete from composition where session in (select session from composition"
        " order by computed_ms desc, session desc limit -1 offset ?)",
        (MOST,),
    )
    return True
