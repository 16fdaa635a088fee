"""Several questions to one state of the store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator


@contextmanager
def one_state(db: sqlite3.Connection) -> Generator[None]:
    """What is read inside is of one moment, whatever is written meanwhile."""
    db.execute("begin")
    try:
        yield
    finally:
        db.execute("rollback")
