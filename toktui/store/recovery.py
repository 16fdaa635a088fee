"""A damaged store: what takes its place, and what has become of its calls.

The store is moved aside and the newest good backup takes its place. What the damaged one still
says of its calls is kept, until all logs are read again and the difference can be told.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.errors import StoreError
from toktui.store.backup import Backup, backups, move_aside, put_in_place, verify
from toktui.store.connect import connect_reader
from toktui.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.paths import Paths

SUSPECT: Final = "toktui.suspect"
"""Name of the file in the data folder that asks for a check of the whole store."""
_SETTING: Final = "recovery"
_COUNTS: Final = tuple(
    f"select coalesce(sum({calls}), 0), coalesce(sum(cost_nusd), 0) from {table}"
    for calls, table in (("1", "call"), ("calls", "session_total"), ("calls", "quarter"))
)
"""What says the same as long as nothing is damaged, the best first."""
_MISSING: Final = (
    "select count(*), coalesce(sum(c.cost_nusd), 0) from call c join name a on a.id = c.agent"
    " where not exists (select 1 from present.name b join present.call d"
    " on d.key = c.key and d.agent = b.id where b.text = a.text)"
)


class Held(msgspec.Struct, frozen=True):
    """What a store holds: calls, and nano-dollars of those that have a price."""

    calls: int
    nusd: int

    def __str__(self) -> str:
        digits = 4 if 0 < self.nusd < 1_000_000_000 else 2
        return f"{self.in_words} (${self.nusd / 1e9:,.{digits}f})"

    @property
    def in_words(self) -> str:
        """`1 call`, `12,345 calls`."""
        return f"{self.calls:,} call{'' if self.calls == 1 else 's'}"


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about a damaged store. Times are UTC milliseconds."""

    aside: str
    """Name of the damaged file, in the store's folder."""
    at_ms: int
    damaged: Held | None
    """None: the damaged store does not say any more."""
    backup: Held | None = None
    """What the backup held that took its place; None: no backup was good."""
    backup_day: str = ""
    result: Held | None = None
    """The store once all logs were read again; None: they are not yet."""
    missing: Held | None = None
    """Calls of the damaged store that are not in the present one; None: not to be compared."""

    def begun(self) -> str:
        """For the user, before the logs are read again."""
        aside = f"The store was damaged. It is kept as {clean(self.aside)}"
        if self.backup is None:
            return f"{aside}; the logs are read again."
        return (
            f"{aside}; the backup of {self.backup_day} with {self.backup} took its place, and the"
            " logs are read again."
        )

    def ended(self) -> str:
        """For the user, once they are read: how the store differs from the damaged one."""
        if self.result is None:
            return ""
        source = f"the backup of {self.backup_day} and the logs" if self.backup else "the logs"
        now = f"with {source} there are {self.result} now"
        if self.damaged is None:
            had = f" The backup had {self.backup}." if self.backup else ""
            return (
                f"The damaged store could not be counted; {now}.{had} What only the damaged store"
                " held is lost."
            )
        return f"The damaged store held {self.damaged}; {now}. {self._difference(self.damaged)}"

    def _difference(self, damaged: Held) -> str:
        if self.missing is None:
            calls = (self.result.calls if self.result else 0) - damaged.calls
            if not calls:
                return "That is as many."
            return f"That is {Held(abs(calls), 0).in_words} {'fewer' if calls < 0 else 'more'}."
        if self.missing.calls:
            return f"Missing, since no log that can be read has them: {self.missing}."
        return "None is missing."


def suspect(paths: Paths) -> None:
    """Notes that the store failed in a way that only damage explains: it is checked when opened."""
    with suppress(OSError):
        (paths.data / SUSPECT).touch(mode=0o600)


def recover(paths: Paths, now_ms: int) -> Recovery:
    """Moves a damaged store aside and puts the newest good backup in its place."""
    aside = move_aside(paths, "corrupt", now_ms)
    done = Recovery(aside=aside.name, at_ms=now_ms, damaged=_held_in(aside))
    for backup in backups(paths.backups):
        try:
            verify(backup.path)
        except StoreError:
            continue
        put_in_place(paths, backup.path, now_ms)
        return msgspec.structs.replace(
            done, backup=_held_in(backup.path), backup_day=_day(backup)
        )
    return done


def keep_recovery(db: sqlite3.Connection, recovery: Recovery) -> None:
    """Notes it in the store that took the damaged one's place."""
    db.execute(
        "insert or replace into setting (name, value) values (?, ?)",
        (_SETTING, msgspec.json.encode(recovery).decode()),
    )


def end_recovery(db: sqlite3.Connection, folder: Path) -> str:
    """After all logs were read: what to tell the user of a recovery; empty if there was none.

    `folder` is the store's.
    """
    recovery = last_recovery(db)
    if recovery is None or recovery.result is not None:
        return ""
    missing = _missing(db, folder / recovery.aside)
    done = msgspec.structs.replace(recovery, result=count_held(db), missing=missing)
    keep_recovery(db, done)
    return done.ended()


def last_recovery(db: sqlite3.Connection) -> Recovery | None:
    """The last recovery of this store, ended or not."""
    row = db.execute("select value from setting where name = ?", (_SETTING,)).fetchone()
    try:
        return None if row is None else msgspec.json.decode(row[0], type=Recovery)
    except msgspec.DecodeError:
        return None


def count_held(db: sqlite3.Connection) -> Held | None:
    """What a store holds, by the first table that still can be read; None: none can."""
    for question in _COUNTS:
        try:
            calls, nusd = db.execute(question).fetchone()
        except (sqlite3.Error, MemoryError):
            continue
        if isinstance(calls, int) and isinstance(nusd, int):
            return Held(calls, nusd)
    return None


def _held_in(path: Path) -> Held | None:
    try:
        db = connect_reader(path)
    except (sqlite3.Error, StoreError):
        return None
    try:
        return count_held(db)
    finally:
        db.close()


def _missing(db: sqlite3.Connection, aside: Path) -> Held | None:
    """Calls of the damaged store that the present one has not; None: they cannot be compared."""
    (path,) = (row[2] for row in db.execute("pragma database_list") if row[1] == "main")
    try:
        damaged = connect_reader(aside)
    except (sqlite3.Error, StoreError):
        return None
    try:
        damaged.execute("attach database ? as present", (path,))
        calls, nusd = damaged.execute(_MISSING).fetchone()
    except (sqlite3.Error, MemoryError):
        return None
    finally:
        damaged.close()
    return Held(calls, nusd)


def _day(backup: Backup) -> str:
    """The UTC day that its name begins with."""
    day = backup.path.stem.removeprefix("toktui-")[:8]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"
