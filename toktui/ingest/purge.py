"""Deleting everything that toktui ever stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.ingest import access
from toktui.ingest.context import UPDATE_NAME
from toktui.paths import prepare_data
from toktui.store.lock import StoreLock

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.ingest.context import Context
    from toktui.paths import Paths


def own_files(paths: Paths) -> list[Path]:
    """Every file of ours in the data folder but the lock; nobody else's."""
    places = {
        paths.data: (
            f"{paths.store.name}*", f"{paths.log.name}*", "toktui.restoring",
            UPDATE_NAME, f".{UPDATE_NAME}.*",
        ),
        paths.backups: ("toktui-*.db", "toktui-*.part"),
        paths.spool: ("*/*.jsonl",),
        paths.looked_at: ("*.counted", "*.part"),
        paths.statusline: ("*.txt*", "settings*", "lock"),
    }  # fmt: skip
    found = ((folder, name) for folder, names in places.items() for name in names)
    files = {path for folder, name in found for path in folder.glob(name)}
    return sorted(path for path in files if path.is_file() or path.is_symlink())


def purge(context: Context, *, remember: bool) -> int:
    """Deletes the store, its backups, the log and saved prices; gives how many files went.

    With `remember` a new store keeps one thing: that calls from before now are not wanted, so that
    the next sync does not bring them back.
    """
    paths = context.paths
    prepare_data(paths)
    lock = StoreLock(paths.lock)
    lock.insist("toktui data purge")
    try:
        files = own_files(paths)
        for path in files:
            path.unlink(missing_ok=True)
        for folder in (
            paths.backups, *paths.spool.glob("*"), paths.spool, paths.looked_at, paths.statusline,
        ):  # fmt: skip
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    finally:
        lock.release()
    if remember:
        now_ms = context.now_ms()
        with access.writing(context, "toktui data purge") as settler, settler.writer.transaction():
            settler.db.execute(
                "insert into forgotten_rule (before_ms, project, made_ms) values (?, null, ?)",
                (now_ms, now_ms),
            )
    return len(files)
