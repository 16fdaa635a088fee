"""One consistent look at a SQLite database that an agent is writing, without a trace of it.

    found = snapshot(path, lambda db: db.rows("select id, body from message where id > ?", (7,)))

No file of the agent is created, written or locked, and none is copied: SQLite (apsw) reads through
a file system of our own that can do nothing but `pread`. What is given was one state of the
database at one moment, or it is not given at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from toktui.agents._sqlite_files import Files
from toktui.agents.base import UnreadableError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from toktui.agents._sqlite_vfs import Ask, Value

T = TypeVar("T")

_PAUSES_S: Final = (0.002, 0.01, 0.03, 0.06, 0.1)
"""Waits before the next try where the writer was at work."""


def snapshot(path: str, take: Callable[[Snapshot], T]) -> T:
    """What `take` makes of one state of the database at `path`.

    `take` can be called more than once and must do nothing but ask and answer: what it read while
    the writer was at work is thrown away with all that follows from it, errors too. Raises
    UnreadableError with the reason, in words for the user, for whatever is not such a database, and
    FileNotFoundError where there is nothing.
    """
    found = _try(path, take)
    for pause in _PAUSES_S:
        if not isinstance(found, _Changed):
            return found
        time.sleep(pause)
        found = _try(path, take)
    if isinstance(found, _Changed):
        raise UnreadableError(found.why)
    return found


class Snapshot:
    """Questions to one state of a database."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._tables: Mapping[str, frozenset[str]] | None = None

    def rows(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """The answer to a `select` on tables, whole. What may be long has a limit in the question;
        what may not be UTF-8 is asked for with `cast(... as blob)`."""
        return self._ask(sql, args)

    def tables(self) -> Mapping[str, frozenset[str]]:
        """The columns of every real table: no views, nothing virtual."""
        if self._tables is None:
            names = [
                name
                for (name,) in self.rows(
                    "select name from sqlite_schema where type = 'table' and rootpage > 0"
                    " and sql not like 'create virtual%'"
                )
                if isinstance(name, str)
            ]
            self._tables = {name: self._columns(name) for name in names}
        return self._tables

    def need(self, table: str, *columns: str) -> None:
        """Raises UnreadableError unless the table is there with these columns."""
        there = self.tables().get(table)
        if there is None:
            raise UnreadableError(f"another schema: no table {table}")
        missing = [column for column in columns if column not in there]
        if missing:
            raise UnreadableError(f"another schema: {table} has no {', '.join(missing)}")

    def _columns(self, table: str) -> frozenset[str]:
        found = self.rows("select name from pragma_table_info(?)", (table,))
        return frozenset(name for (name,) in found if isinstance(name, str))


@dataclass(frozen=True, slots=True)
class _Changed:
    """The database moved on while it was read."""

    why: str = "is being written, or a write was interrupted"


def _try(path: str, take: Callable[[Snapshot], T]) -> T | _Changed:
    from toktui.agents._sqlite_vfs import open_database, reason  # noqa: PLC0415  loads SQLite

    try:
        files = Files(path)
    except (UnreadableError, FileNotFoundError):
        raise
    except OSError as error:
        raise UnreadableError(clean(error.strerror or "cannot be read", 80)) from error
    try:
        if files.unrest:
            return _Changed(files.unrest)
        try:
            with open_database(files) as ask:
                found = take(Snapshot(ask))
        except Exception as error:
            if not files.unchanged():
                return _Changed()
            why = reason(error)
            if why:
                raise UnreadableError(why) from error
            raise
        return found if files.unchanged() else _Changed()
    finally:
        files.close()
