"""How commands reach the store: as its writer if nobody is, else through the one who is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from toktui.errors import StoreError, ToktuiError, WriteError
from toktui.ingest.looked_at import hand_in, take_in
from toktui.ingest.reprice import price_unpriced
from toktui.ingest.seen import Outcome
from toktui.ingest.settle import Settler
from toktui.ingest.sync import SyncResult, store_totals, sync_store
from toktui.paths import prepare_data
from toktui.store.backup import back_up, backups, is_due
from toktui.store.connect import connect_reader, connect_writer, version_of
from toktui.store.lock import CATCH_UP_MS, StoreLock
from toktui.store.migrate import migrate
from toktui.store.recovery import SUSPECT, end_recovery, keep_recovery, recover, suspect
from toktui.store.writer import Writer
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from toktui.ingest.context import Context
    from toktui.ingest.looked_at import LookedAt
    from toktui.store.recovery import Recovery

_SYNC_WAIT_MS: Final = 600_000


def open_settler(context: Context, *, notice: Callable[[str], None] | None = None) -> Settler:
    """The writing connection, migrated and mended; the caller holds the lock.

    `notice` hears a sentence about a store that was damaged or a backup that could not be made.
    StoreError where the store cannot be opened.
    """
    path = context.paths.store
    tell = notice or _say_nothing
    recovery: Recovery | None = None
    if path.exists() and _is_damaged(context):
        recovery = recover(context.paths, context.now_ms())
        tell(recovery.begun())
    try:
        with _damage_told(context):
            db = connect_writer(path)
            migrate(db, before=lambda: _back_up(db, context, tell))
            if recovery is not None:
                keep_recovery(db, recovery)
            path.chmod(0o600)
            settler = Settler(Writer(db), context.book())
            price_unpriced(settler, context.now_ms())
            settler.cold_turns.find_all()
            take_in(settler, context.paths.looked_at)
    except sqlite3.OperationalError as error:
        raise WriteError(
            f"{clean(str(path))} cannot be opened: {clean(str(error))}",
            "Make the folder writable, free some space, or set TOKTUI_DATA_DIR to another folder.",
        ) from error
    return settler


def _say_nothing(text: str) -> None:
    del text


def _is_damaged(context: Context) -> bool:
    """Whether the store cannot be used; a whole check only where there is a reason for one."""
    mark = context.paths.data / SUSPECT
    try:
        db = connect_reader(context.paths.store)
        try:
            version_of(db)
            empty = not db.execute("select count(*) from sqlite_master").fetchone()[0]
            if empty and backups(context.paths.backups):
                return True
            if mark.exists():
                (answer,) = db.execute("pragma integrity_check(1)").fetchone()
                return answer != "ok"
        finally:
            db.close()
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True
    finally:
        mark.unlink(missing_ok=True)
    return False


def back_up_weekly(context: Context, *, notice: Callable[[str], None]) -> None:
    """Makes a backup if the last one is a week old, by a connection of its own.

    Nothing waits for it: the writer goes on meanwhile.
    """
    if not context.config.store.backups or not is_due(context.paths.backups, context.now_ms()):
        return
    db = connect_reader(context.paths.store)
    try:
        db.execute("pragma query_only = off")  # the copy is a write to SQLite, the store's is not
        _back_up(db, context, notice)
    finally:
        db.close()


def _back_up(db: sqlite3.Connection, context: Context, tell: Callable[[str], None]) -> None:
    keep = context.config.store.backups
    made = back_up(db, context.paths, now_ms=context.now_ms(), keep=keep)
    if isinstance(made, str) and keep:
        tell(made)


@contextmanager
def writing(context: Context, who: str) -> Generator[Settler]:
    """The settler under the lock; another writer is asked to yield, for up to ten seconds."""
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    lock.insist(who)
    try:
        with _closing(open_settler(context)) as settler, explained(context):
            yield settler
    finally:
        lock.release()


@contextmanager
def _closing(settler: Settler) -> Generator[Settler]:
    try:
        yield settler
    finally:
        settler.db.close()


def sync(
    context: Context,
    *,
    advance: Callable[[int, int, int, int], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> SyncResult:
    """Brings the store up to date; where another process writes, waits until it has done so.

    With a `notice` the weekly backup is made too, and what the user should know is said there.
    """
    started = time.monotonic()
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    if lock.acquire("toktui sync"):
        return _sync_as_writer(context, lock, advance, notice, backs_up=True)
    ticket = lock.request("catch-up")
    end = time.monotonic() + _SYNC_WAIT_MS / 1000
    while not lock.wait_for_answer(ticket, 1000):
        if lock.acquire("toktui sync"):
            lock.release()
            return sync(context, advance=advance, notice=notice)
        if time.monotonic() > end:
            raise StoreError(f"{lock.holder()} does not answer.", "Quit it and try again.")
    db = connect_reader(context.paths.store)
    try:
        (seen,) = db.execute("select count(*) from log where gone_ms is null").fetchone()
        totals = store_totals(db)
    finally:
        db.close()
    return SyncResult("other", seen, Outcome(), time.monotonic() - started, totals)


def _sync_as_writer(
    context: Context,
    lock: StoreLock,
    advance: Callable[[int, int, int, int], None] | None,
    notice: Callable[[str], None] | None,
    *,
    backs_up: bool,
) -> SyncResult:
    """Reads everything that is new; the lock is held and is released at the end."""
    try:
        with _closing(open_settler(context, notice=notice)) as settler:
            with explained(context):
                result = sync_store(settler, context, advance=advance)
            if ended := end_recovery(settler.db, context.paths.data):
                (notice or _say_nothing)(ended)
            if backs_up and notice is not None:
                back_up_weekly(context, notice=notice)
            return result
    finally:
        lock.release()


@contextmanager
def explained(context: Context) -> Generator[None]:
    """Makes a message of what goes wrong with the open store; the transaction at hand is undone."""
    try:
        with _damage_told(context):
            yield
    except sqlite3.OperationalError as error:
        raise WriteError(
            f"The store cannot be written: {clean(str(error))}",
            "Free some space or make the folder writable; nothing that was read is lost.",
        ) from error


@contextmanager
def _damage_told(context: Context) -> Generator[None]:
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        suspect(context.paths)
        raise StoreError(
            f"The store is damaged: {clean(str(error))}", "Run the command again to mend it."
        ) from error


def catch_up(
    context: Context,
    *,
    wait_ms: int = CATCH_UP_MS,
    advance: Callable[[int, int, int, int], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> SyncResult | None:
    """Brings the store up to date before a report; None where another writer was asked to.

    `notice` hears of a store that was damaged.
    """
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    if lock.acquire("toktui"):
        return _sync_as_writer(context, lock, advance, notice, backs_up=False)
    lock.wait_for_answer(lock.request("catch-up"), wait_ms)
    return None


def keep_looked_at(context: Context, one: LookedAt) -> None:
    """Has a context kept, by this process or by who writes; where that cannot be, it is not."""
    if not hand_in(context.paths, one):
        return
    lock = StoreLock(context.paths.lock)
    with suppress(ToktuiError, sqlite3.Error):
        if lock.acquire("toktui why"):
            try:
                open_settler(context).db.close()
            finally:
                lock.release()
