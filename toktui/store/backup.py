"""Backups of the store, and putting one back.

History outlives the logs that it came from, so no store is ever thrown away: it is moved aside.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.errors import StoreError
from toktui.store.connect import connect_reader, version_of
from toktui.store.schema import VERSION
from toktui.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.paths import Paths

WEEK_MS: Final = 7 * 86_400_000
_SPARE: Final = 64 << 20
"""Bytes that a backup must leave free."""


class Backup(msgspec.Struct, frozen=True):
    """A backup file, when it was made (UTC milliseconds) and its size in bytes."""

    path: Path
    made_ms: int
    size: int


def backups(folder: Path) -> list[Backup]:
    """All backups, newest first."""
    found: list[Backup] = []
    for path in folder.glob("toktui-*.db"):
        try:
            made = datetime.strptime(path.stem[7:], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
            found.append(Backup(path, round(made.timestamp() * 1000), path.stat().st_size))
        except (ValueError, OSError):
            continue
    return sorted(found, key=lambda backup: -backup.made_ms)


def is_due(folder: Path, now_ms: int) -> bool:
    """Whether a week has passed since the last backup."""
    found = backups(folder)
    return not found or now_ms - found[0].made_ms >= WEEK_MS


def back_up(db: sqlite3.Connection, paths: Paths, *, now_ms: int, keep: int) -> Backup | str:
    """Writes a backup and drops all but the newest `keep`; or says why there is none now."""
    if keep < 1:
        return "Backups are switched off in config.toml."
    folder = paths.backups
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages, size = (db.execute(f"pragma {p}").fetchone()[0] for p in ("page_count", "page_size"))
    free = shutil.disk_usage(folder).free
    needed = pages * size + _SPARE
    if free < needed:
        return f"No backup was made: {free >> 20} MB are free, {-(-needed >> 20)} are needed."
    path = folder / f"toktui-{_stamp(now_ms)}.db"
    part = path.with_suffix(".part")
    for left in folder.glob("*.part"):
        left.unlink(missing_ok=True)
    try:
        db.execute("vacuum into ?", (str(part),))
        part.chmod(0o600)
        _sync(part)
        part.replace(path)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        return f"No backup was made: {clean(str(error))}."
    for old in backups(folder)[keep:]:
        old.path.unlink(missing_ok=True)
    return Backup(path, now_ms, path.stat().st_size)


def verify(path: Path) -> int:
    """How many calls a store or backup holds; StoreError where it is not a whole one of ours."""
    try:
        db = connect_reader(path)
        try:
            version = version_of(db)
            if not 0 < version <= VERSION:
                raise StoreError(
                    f"{clean(str(path))} is no store that this toktui can read.",
                    "Update toktui, or choose another file.",
                )
            (answer,) = db.execute("pragma integrity_check(1)").fetchone()
            if answer != "ok":
                raise StoreError(f"{clean(str(path))} is damaged: {clean(str(answer))}")
            (calls,) = db.execute("select count(*) from call").fetchone()
            (summed,) = db.execute("select coalesce(sum(calls), 0) from session_total").fetchone()
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StoreError(f"{clean(str(path))} is damaged: {clean(str(error))}") from error
    if calls != summed:
        raise StoreError(f"{clean(str(path))} is damaged: its sums do not match its calls.")
    return int(calls)


def put_in_place(paths: Paths, source: Path, now_ms: int) -> Path | None:
    """Makes a copy of `source` the store; gives where the store before it went.

    The caller holds the lock and has verified the source.
    """
    part = paths.store.with_suffix(".restoring")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    _sync(part)
    aside = move_aside(paths, "replaced", now_ms) if paths.store.exists() else None
    part.replace(paths.store)
    return aside


def move_aside(paths: Paths, why: Literal["corrupt", "replaced"], now_ms: int) -> Path:
    """Renames the store with its write-ahead log; nothing is deleted."""
    aside = paths.store.with_name(f"{paths.store.name}.{why}-{_stamp(now_ms)}")
    for suffix in ("", "-wal", "-shm"):
        path = paths.store.with_name(paths.store.name + suffix)
        if path.exists():
            path.rename(aside.with_name(aside.name + suffix))
    return aside


def set_aside(folder: Path) -> list[Path]:
    """Files of the stores that `move_aside` has left in the store's folder."""
    return sorted(path for why in ("corrupt", "replaced") for path in folder.glob(f"*.db.{why}-*"))


def _stamp(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}"


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
