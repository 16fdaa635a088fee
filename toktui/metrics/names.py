"""The words behind the numbers of the store, the numbers behind words, and which tables it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence


def names_of(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, str]:
    """The texts of names; many at once."""
    listed = ", ".join(str(int(number)) for number in sorted(set(numbers)))
    return dict(db.execute(f"select id, text from name where id in ({listed})").fetchall())


def numbered(db: sqlite3.Connection, texts: Sequence[str]) -> str:
    """The numbers of names, for a list in a statement."""
    return ", ".join(str(number_of(db, text)) for text in texts)


def number_of(db: sqlite3.Connection, text: str) -> int:
    """The number of a name; of one that the store does not have, one that no row has."""
    row = db.execute("select id from name where text = ?", (text,)).fetchone()
    return -1 if row is None else int(row[0])


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Whether the store has a table: an older one that can only be read lacks some."""
    found = db.execute("select 1 from sqlite_master where name = ?", (name,)).fetchone()
    return found is not None


def has_rows(db: sqlite3.Connection, name: str) -> bool:
    """Whether a table is there and holds anything."""
    return (
        has_table(db, name)
        and db.execute(f"select 1 from {name} limit 1").fetchone() is not None
    )
