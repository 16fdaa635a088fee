"""The ranges of estimated calls: `spread` holds what their output is between, for 8 of 10 calls.

Their numbers are in the calls and every sum, marked as estimated; a call that is counted after all
loses its range in the same transaction (`Writer` and a trigger see to that).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.model import EXACTNESS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sqlite_utils import Database

ESTIMATED: Final = EXACTNESS.index("estimated")

_STATEMENTS: Final = (
    """create table spread (
  call integer primary key,
  low integer not null,
  high integer not null
)""",
    f"""create trigger spread_gone after delete on call when old.exactness = {ESTIMATED} begin
  delete from spread where call = old.id;
end""",
)


def m005_spreads(db: Database) -> None:
    """Ranges of estimated calls; those of before get theirs when their database is read again."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)


def put_spreads(db: sqlite3.Connection, spreads: Iterable[tuple[int, int, int]]) -> None:
    """Call, least and greatest output of each."""
    db.executemany("insert or replace into spread (call, low, high) values (?, ?, ?)", spreads)


def drop_spreads(db: sqlite3.Connection, calls: Iterable[int]) -> None:
    """Of calls that are estimated no longer, or otherwise."""
    db.executemany("delete from spread where call = ?", [(call,) for call in calls])
