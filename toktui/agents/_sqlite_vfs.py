"""SQLite's view of `Files`: it can read them, and nothing else. The one module that loads apsw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final, Never, cast

import apsw

from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Generator

    from toktui.agents._sqlite_files import Files

Value = None | int | float | str | bytes
Ask = Callable[[str, Sequence[Value]], list[tuple[Value, ...]]]
Cursor = Iterator[tuple[Value, ...]]

LONGEST_VALUE: Final = 64 << 20
"""Bytes of a value or a row above which it is not read."""
_STEPS: Final = 1_000_000
_MOST_STEPS: Final = 1_000
"""A billion steps of SQLite's machine take some twenty seconds: no real question comes near."""
_MAIN: Final = "main"
_NUMBERS: Final = count()
_SETTINGS: Final = (
    (apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1),
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
)
_LIMITS: Final = (
    (apsw.SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
    (apsw.SQLITE_LIMIT_ATTACHED, 0),
    (apsw.SQLITE_LIMIT_WORKER_THREADS, 0),
)
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (apsw.NotADBError, "not a database, or encrypted"),
    (apsw.InterruptError, "takes too long to read"),
    (apsw.TooBigError, "has a value over 64 MiB"),
    (apsw.SQLError, "another schema"),
    (apsw.AuthError, "another schema: a virtual table"),
    (UnicodeDecodeError, "has text that is not UTF-8"),
    (apsw.Error, "damaged or half copied"),
)


def reason(error: Exception) -> str:
    """Why SQLite refused, in words for the user; empty for errors that are not SQLite's."""
    why = next((why for kind, why in _REASONS if isinstance(error, kind)), "")
    return f"{why}: {clean(str(error), 60)}" if isinstance(error, apsw.SQLError) else why


@contextmanager
def open_database(files: Files) -> Generator[Ask]:
    """Answers to questions, by a connection that trusts nothing in the database."""
    vfs = ReadOnlyVfs(files)
    db = apsw.Connection(_MAIN, flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs.name)
    try:
        for setting, value in _SETTINGS:
            db.config(setting, value)
        for limit, value in _LIMITS:
            db.limit(limit, value)
        steps = count(1)
        db.set_progress_handler(lambda: next(steps) > _MOST_STEPS, _STEPS)
        ask = _ask(db)
        # The index of the write-ahead log is made in memory: nothing of the agent's is shared.
        ask("pragma locking_mode = exclusive", ())
        ask("pragma temp_store = memory", ())
        ask("pragma cell_size_check = on", ())
        _forbid_virtual_tables(db, ask)
        yield ask
    finally:
        db.close(True)
        vfs.unregister()


def _ask(db: apsw.Connection) -> Ask:
    def ask(sql: str, args: Sequence[Value]) -> list[tuple[Value, ...]]:
        rows = cast("Cursor", db.execute(sql, tuple(args)))  # pyright: ignore[reportUnknownMemberType]  # fmt: skip
        return list(rows)

    return ask


def _forbid_virtual_tables(db: apsw.Connection, ask: Ask) -> None:
    """What a virtual table answers is made by code that its database chooses."""
    listed = "select name from sqlite_schema where sql like 'create virtual%' or rootpage is 0"
    virtual = {name for (name,) in ask(listed, ())}

    def judge(
        action: int, table: str | None, _column: str | None, _database: str | None, _by: str | None
    ) -> int:
        forbidden = action == apsw.SQLITE_READ and table in virtual
        return apsw.SQLITE_DENY if forbidden else apsw.SQLITE_OK

    if virtual:
        db.authorizer = judge


class ReadOnlyVfs(apsw.VFS):
    """A file system that has one database in it and its write-ahead log, both only to read."""

    def __init__(self, files: Files) -> None:
        self.name = f"toktui-{next(_NUMBERS)}"
        self._files = files
        super().__init__(self.name, base="")

    def xFullPathname(self, name: str) -> str:
        return name

    def xAccess(self, pathname: str, flags: int) -> bool:
        del flags
        return pathname == f"{_MAIN}-wal" and self._files.log_size > 0

    def xDelete(self, filename: str, syncdir: bool) -> None:
        del filename, syncdir
        _refuse()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _Readable:  # pyright: ignore[reportIncompatibleMethodOverride]
        del name
        kind = flags[0]
        flags[1] = apsw.SQLITE_OPEN_READONLY
        if kind & apsw.SQLITE_OPEN_MAIN_DB:
            return _Readable(self._files, log=False)
        if kind & apsw.SQLITE_OPEN_WAL:
            return _Readable(self._files, log=True)
        raise apsw.CantOpenError


class _Readable:
    """What SQLite asks of an open file. Locks are granted and mean nothing."""

    def __init__(self, files: Files, *, log: bool) -> None:
        self._read = files.read_log if log else files.read_main
        self._size = files.log_size if log else files.size

    def xRead(self, amount: int, offset: int) -> bytes:
        return self._read(amount, offset)

    def xFileSize(self) -> int:
        return self._size

    def xClose(self) -> None:
        pass

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:
        del op, ptr
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return 0

    def xSync(self, flags: int) -> None:
        pass

    def xWrite(self, data: object, offset: int) -> None:
        del data, offset
        _refuse()

    def xTruncate(self, newsize: int) -> None:
        del newsize
        _refuse()


def _refuse() -> Never:
    raise apsw.ReadOnlyError("databases of agents are never written")
