"""The health of the store's file."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.errors import ReadOnlyError
from toktui.metrics.rollup import sums_match
from toktui.paths import is_remote, mount_type
from toktui.store.absurd import count_absurd
from toktui.store.connect import connect_reader, version_of
from toktui.store.lock import StoreLock
from toktui.store.recovery import last_recovery, suspect
from toktui.store.schema import VERSION as SCHEMA_VERSION
from toktui.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.ingest.context import Context

_SAFE_FROM: Final = (3, 51, 3)
_BACKPORTS: Final = {(3, 44): 6, (3, 50): 7}
"""Releases beside the newest that have the fix, by minor version."""
LOW_SPACE: Final = 200 << 20
"""Free bytes beside the store below which a warning is due."""


class StoreHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The store's file. Sizes are bytes."""

    path: str
    exists: bool
    size: int = 0
    wal: int = 0
    free: int | None = None
    schema_version: int | None = None
    schema_known: int = SCHEMA_VERSION
    integrity: str = ""
    """`ok`, or what is wrong; empty without a store."""
    calls: int = 0
    sessions: int = 0
    sums_match: bool = True
    absurd: int = 0
    """Sessions with counts or costs that none can have; sums over them stop at 64 bits."""
    writer: str = ""
    """Who writes now."""
    recovered: str = ""
    """What became of a damaged store that still lies beside this one."""
    obstacle: str = ""
    """Why no store can be written there."""


def open_store(context: Context) -> tuple[StoreHealth, sqlite3.Connection | None]:
    """What there is to say of the store, and a connection for reading it if it can be read.

    A damaged store is noted as such, so that the next sync mends it.
    """
    health, db = _look(context)
    if health.integrity not in ("", "ok"):
        suspect(context.paths)
    return msgspec.structs.replace(health, obstacle=_obstacle(context.paths.data)), db


def _look(context: Context) -> tuple[StoreHealth, sqlite3.Connection | None]:
    path = context.paths.store
    writer = _writer(context.paths.lock)
    if not path.exists():
        return StoreHealth(path=str(path), exists=False, writer=writer, free=_free(path)), None
    size, wal = _size(path), _size(path.with_name(f"{path.name}-wal"))
    try:
        db = connect_reader(path)
    except sqlite3.Error as error:
        return _broken(path, size, wal, error, writer), None
    try:
        (answer,) = db.execute("pragma integrity_check(1)").fetchone()
        (calls,) = db.execute("select count(*) from call").fetchone()
        (sessions,) = db.execute(
            "select count(*) from session where first_ms is not null"
        ).fetchone()
        health = StoreHealth(
            path=str(path), exists=True, size=size, wal=wal, free=_free(path),
            schema_version=version_of(db), integrity=clean(str(answer), 200), calls=calls,
            sessions=sessions, sums_match=sums_match(db), absurd=count_absurd(db),
            writer=writer, recovered=_recovered(db, path.parent),
        )
    except sqlite3.Error as error:
        db.close()
        return _broken(path, size, wal, error, writer), None
    return health, db


def _obstacle(data: Path) -> str:
    """What is in the way of a store in this folder, and what to do; empty: nothing."""
    place = next(place for place in (data, *data.parents) if place.exists())
    if not place.is_dir():
        return (
            f"{clean(str(place), 400)} is not a folder. Move it away, or set TOKTUI_DATA_DIR to"
            " another folder."
        )
    if not os.access(place, os.W_OK):
        return (
            f"{clean(str(place), 400)} cannot be written. Make it writable, or set TOKTUI_DATA_DIR"
            " to another folder."
        )
    kind = mount_type(data)
    if kind is not None and is_remote(kind):
        return (
            f"{clean(str(data), 400)} is on a {clean(kind)} mount, where SQLite can lose data. Set"
            " TOKTUI_DATA_DIR to a folder on a local disk."
        )
    return ""


def _recovered(db: sqlite3.Connection, folder: Path) -> str:
    last = last_recovery(db)
    if last is None or not (folder / last.aside).exists():
        return ""
    ended = last.ended() or "The logs are not all read again yet: `toktui sync`."
    return f"A damaged store is kept as {clean(last.aside)}. {ended}"


def _broken(
    path: Path, size: int, wal: int, error: sqlite3.Error, writer: str
) -> StoreHealth:
    return StoreHealth(
        path=str(path), exists=True, size=size, wal=wal, free=_free(path),
        integrity=clean(str(error), 200) or "damaged", sums_match=False, writer=writer,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _free(path: Path) -> int | None:
    for folder in path.parents:
        try:
            status = os.statvfs(folder)
        except OSError:
            continue
        return status.f_bavail * status.f_frsize
    return None


def _writer(path: Path) -> str:
    """Who holds the lock now; nobody: empty. A store that does not exist gets no lock file."""
    if not path.exists():
        return ""
    lock = StoreLock(path)
    try:
        free = lock.acquire("toktui doctor")
    except ReadOnlyError:
        return ""
    if not free:
        return clean(lock.holder())
    lock.release()
    return ""


def has_wal_race(version: tuple[int, ...]) -> bool:
    """Whether this SQLite can lose commits when two connections checkpoint at once."""
    if version >= _SAFE_FROM or version < (3, 7):
        return False
    fixed = _BACKPORTS.get((version[0], version[1]))
    return fixed is None or version[2] < fixed
