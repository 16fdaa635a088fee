"""Opening the store: who may write it, and what every connection is told."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from toktui.errors import StoreError
from toktui.store.absurd import guard_marked
from toktui.store.schema import APPLICATION_ID, VERSION

BUSY_MS: Final = 5_000


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one writing connection, in autocommit mode; the caller holds the lock and migrates."""
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
    )
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = normal")
    db.execute("pragma foreign_keys = off")
    db.execute("pragma cell_size_check = on")
    db.execute("pragma trusted_schema = off")
    db.execute("pragma temp_store = memory")
    db.execute("pragma cache_size = -32768")
    db.execute("pragma wal_autocheckpoint = 2000")
    return db


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; StoreError if there is no store, or a newer one's."""
    if not path.exists():
        raise StoreError(f"There is no store at {path}.", hint="Run `toktui sync` first.")
    # Only these three mean something in a URI for SQLite; urllib would cost 10 ms.
    name = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    # Where no file can be made beside it, SQLite cannot share the store; then nobody writes it.
    alone = "" if os.access(path.parent, os.W_OK) or _has_wal(path) else "&immutable=1"
    uri = f"file:{name}?mode=ro{alone}"
    db = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
    )
    db.execute("pragma query_only = on")
    db.execute("pragma trusted_schema = off")
    db.execute("pragma cache_size = -16384")
    guard_marked(db)
    return db


def _has_wal(path: Path) -> bool:
    """Whether commits wait beside the store, which an immutable connection would not see."""
    wal = path.with_name(f"{path.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def version_of(db: sqlite3.Connection) -> int:
    """How many migrations the open store has; 0 is an empty file. StoreError if it is not ours."""
    version = int(db.execute("pragma user_version").fetchone()[0])
    application = int(db.execute("pragma application_id").fetchone()[0])
    if application not in (0, APPLICATION_ID) or (version and application != APPLICATION_ID):
        raise StoreError("The file is a database of another program.", hint="Move it away.")
    return version


def is_newer(db: sqlite3.Connection) -> bool:
    """Whether a newer toktui made the store: it can be read as far as its views go, not written."""
    return version_of(db) > VERSION
