"""Rows of a table that are new since the last look, and those that were unfinished then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from toktui.agents._sqlite_values import AMONG, json_of

if TYPE_CHECKING:
    from toktui.agents.database import Snapshot

_PAGE: Final = 2_000
_ANCHORS: Final = 16
"""Rows at the end of what was read that are looked at again: some may have been taken away."""
_MOST_PENDING: Final = 200


class Mark(Struct, array_like=True):
    """How far a table is read: its last rows, the oldest first, and rows that were unfinished."""

    anchors: list[tuple[int, str]] = []
    pending: list[str] = []


class NewRows(Struct):
    """Rows that begin with `id`; `full`: there may be more."""

    rows: list[Any]
    anchors: list[tuple[int, str]]
    full: bool

    def mark(self, pending: list[str]) -> Mark:
        """Where to go on; `pending` are the ids of rows that will change."""
        return Mark(self.anchors[-_ANCHORS:], pending[-_MOST_PENDING:])


def new_rows(db: Snapshot, table: str, wanted: str, mark: Mark, only: str = "1") -> NewRows:
    """`id` and what is wanted of the rows of a table whose ids are texts of its own.

    Row ids are no names (a VACUUM gives new ones), so the last rows must still be who they were;
    else the table is read from its beginning.
    """
    start: list[tuple[int, str]] = []
    for rowid, name in mark.anchors:
        if db.rows(f"select 1 from {table} where rowid = ? and id = ?", (rowid, name)):
            start = [(rowid, name)]
            break
    select = f"select rowid, id, {wanted} from {table} where typeof(id) = 'text' and {only}"
    new = db.rows(
        f"{select} and rowid > ? order by rowid limit {_PAGE}", (start[0][0] if start else -1,)
    )
    read = {row[1] for row in new}
    again = [name for name in mark.pending if name not in read]
    old = db.rows(f"{select} and id {AMONG}", (json_of(again),))
    anchors = [(row[0], row[1]) for row in new if isinstance(row[0], int)]
    return NewRows(
        [row[1:] for row in (*new, *old)],
        [*start, *((rowid, str(name)) for rowid, name in anchors)],
        len(new) == _PAGE,
    )
