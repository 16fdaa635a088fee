"""How commands reach the store: as its writer if nobody is, else through the one who is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from toktui.errors import StoreError
from toktui.ingest.seen import Outcome
from toktui.ingest.settle import Settler
from toktui.ingest.sync import SyncResult, store_totals, sync_store
from toktui.paths import prepare_data
from toktui.store.connect import connect_reader, connect_writer
from toktui.store.lock import CATCH_UP_MS, StoreLock
from toktui.store.migrate import migrate
from toktui.store.writer import Writer
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toktui.ingest.context import Context

_SYNC_WAIT_MS: Final = 600_000


def open_settler(context: Context) -> Settler:
    """The writing connection, migrated; the caller holds the lock. StoreError if it cannot be."""
    path = context.paths.store
    try:
        db = connect_writer(path)
        migrate(db)
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"{clean(str(path))} cannot be opened: {clean(str(error))}",
            "Make the folder writable, or set TOKTUI_DATA_DIR to another one.",
        ) from error
    path.chmod(0o600)
    return Settler(Writer(db), context.book())


@contextmanager
def writing(context: Context, who: str) -> Iterator[Settler]:
    """The settler under the lock; another writer is asked to yield, for up to ten seconds."""
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    lock.insist(who)
    try:
        with _closing(open_settler(context)) as settler:
            yield settler
    finally:
        lock.release()


@contextmanager
def _closing(settler: Settler) -> Iterator[Settler]:
    try:
        yield settler
    finally:
        settler.db.close()


def sync(
    context: Context, *, advance: Callable[[int, int, int, int], None] | None = None
) -> SyncResult:
    """Brings the store up to date; where another process writes, waits until it has done so."""
    started = time.monotonic()
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    if lock.acquire("toktui sync"):
        try:
            with _closing(open_settler(context)) as settler:
                return sync_store(settler, context, advance=advance)
        finally:
            lock.release()
    ticket = lock.request("catch-up")
    end = time.monotonic() + _SYNC_WAIT_MS / 1000
    while not lock.wait_for_answer(ticket, 1000):
        if lock.acquire("toktui sync"):
            lock.release()
            return sync(context, advance=advance)
        if time.monotonic() > end:
            raise StoreError(f"{lock.holder()} does not answer.", "Quit it and try again.")
    db = connect_reader(context.paths.store)
    try:
        (seen,) = db.execute("select count(*) from log where gone_ms is null").fetchone()
        totals = store_totals(db)
    finally:
        db.close()
    return SyncResult("other", seen, Outcome(), time.monotonic() - started, totals)


def catch_up(context: Context, *, wait_ms: int = CATCH_UP_MS) -> SyncResult | None:
    """Brings the store up to date before a report; None where another writer was asked to."""
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    if lock.acquire("toktui"):
        lock.release()
        return sync(context)
    lock.wait_for_answer(lock.request("catch-up"), wait_ms)
    return None
