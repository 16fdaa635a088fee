"""Insert or replace, in both databases' words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    db: Connection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Puts rows in the place of those with the same keys."""
    db.execute(_upserting(db.dialect.name, table, tuple(keys)), list(rows))


@lru_cache(maxsize=64)
def _upserting(dialect: str, table: Table, keys: tuple[str, ...]) -> Executable:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = make(table)
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values)


def insert_new(db: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Puts a row where none has its key; whether it did."""
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    key = next(iter(table.primary_key))
    statement = make(table).values(dict(row)).on_conflict_do_nothing().returning(key)
    return db.execute(statement).first() is not None
