"""A look into the store that never waits: for those who would rather go without."""

from __future__ import annotations

import os
import sqlite3

from toktui.store.absurd import guard_marked


def peek(path: str) -> sqlite3.Connection | None:
    """A connection that cannot write and fails at once where it would have to wait.

    None where there is no store. What it is asked may raise sqlite3.Error: a store may be busy,
    newer, damaged or another program's.
    """
    if not os.path.exists(path):
        return None
    name = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        db = sqlite3.connect(f"file:{name}?mode=ro", uri=True, isolation_level=None, timeout=0)
    except sqlite3.Error:
        return None
    db.execute("pragma query_only = on")
    db.execute("pragma trusted_schema = off")
    guard_marked(db)
    return db
