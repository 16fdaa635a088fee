"""What was found where, and the health of store and logs."""

from __future__ import annotations

import os
import platform
import sqlite3
from typing import TYPE_CHECKING, Final

import msgspec

from toktui import VERSION
from toktui.agents import agent_names
from toktui.errors import ReadOnlyError
from toktui.ingest.context import UPDATE_NAME
from toktui.ingest.discover import find_logs, log_roots, places_of
from toktui.ingest.reprice import stored_book
from toktui.ingest.reread import load_rereads
from toktui.metrics.coverage import Unpriced, unpriced_models
from toktui.store.absurd import count_absurd
from toktui.store.backup import Backup, backups
from toktui.store.connect import connect_reader, version_of
from toktui.store.lock import StoreLock
from toktui.store.recovery import last_recovery
from toktui.store.schema import VERSION as SCHEMA_VERSION
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery, Root

_MOST_SHAPES: Final = 200
_SAFE_FROM: Final = (3, 51, 3)
_BACKPORTS: Final = {(3, 44): 6, (3, 50): 7}
"""Releases beside the newest that have the fix, by minor version."""
_LOW_SPACE: Final = 200 << 20


class Place(msgspec.Struct, frozen=True):
    """A folder where an agent's logs can be."""

    path: str
    exists: bool


class AgentSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: where it is looked for, what there is, and what the store has of it."""

    name: str
    enabled: bool
    places: tuple[Place, ...]
    logs: int
    bytes: int
    logs_known: int
    """Logs that the store has read, those that are gone included."""
    logs_gone: int
    lines: int
    calls: int
    not_understood: int


class Misread(msgspec.Struct, frozen=True):
    """Values that were not understood, by who wrote them and what they look like."""

    agent: str
    version: str
    shape: str
    count: int


class Unreadable(msgspec.Struct, frozen=True):
    """A folder or log that cannot be read; both strings are clean."""

    place: str
    why: str


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


class Versions(msgspec.Struct, frozen=True):
    """What runs here."""

    toktui: str
    python: str
    sqlite: str
    system: str


class BookSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The rate book."""

    version: str
    date: str
    models: int
    updated: bool
    own: int
    """Models with rates of the user's."""
    pending: bool
    """The store was priced with another book."""


class RereadSeen(msgspec.Struct, frozen=True):
    """What a newer parser changed in one UTC month of an agent; cost in nano-dollars."""

    agent: str
    parser: int
    month: str
    calls: int
    tokens: int
    cost_nusd: int


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, with sentences about what needs a look."""

    at_ms: int
    warnings: tuple[str, ...]
    unpriced: tuple[Unpriced, ...]
    versions: Versions
    config: Place
    store: StoreHealth
    backups: tuple[Backup, ...]
    book: BookSeen
    agents: tuple[AgentSeen, ...]
    misread: tuple[Misread, ...]
    unreadable: tuple[Unreadable, ...]
    rereads: tuple[RereadSeen, ...]


def diagnose(context: Context) -> Diagnosis:
    """Looks at folders, logs' sizes and the whole store; changes nothing."""
    found_roots = log_roots(context)
    discovery = find_logs(found_roots)
    store, db = _open(context)
    try:
        unpriced = unpriced_models(db) if db else ()
        agents = tuple(_agent(context, name, discovery, db) for name in agent_names())
        unreadable = tuple(_unreadable(discovery, db))
        misread = _misread(db) if db else ()
        book = _book(context, db)
        rereads = tuple(_rereads(db)) if db else ()
    finally:
        if db:
            db.close()
    return Diagnosis(
        at_ms=context.now_ms(),
        warnings=tuple(_warnings(store, unpriced, agents, unreadable, found_roots)),
        unpriced=unpriced,
        versions=Versions(
            VERSION, platform.python_version(), sqlite3.sqlite_version,
            f"{platform.system()} {platform.release()}",
        ),
        config=Place(str(context.paths.config_file), context.paths.config_file.exists()),
        store=store,
        backups=tuple(backups(context.paths.backups)),
        book=book,
        agents=agents,
        misread=misread,
        unreadable=unreadable,
        rereads=rereads,
    )


def _rereads(db: sqlite3.Connection) -> Iterator[RereadSeen]:
    for one in load_rereads(db):
        for m in one.changes():
            yield RereadSeen(one.agent, one.parser, m.month, m.calls, m.tokens, m.cost_nusd)


def has_wal_race(version: tuple[int, ...]) -> bool:
    """Whether this SQLite can lose commits when two connections checkpoint at once."""
    if version >= _SAFE_FROM or version < (3, 7):
        return False
    fixed = _BACKPORTS.get((version[0], version[1]))
    return fixed is None or version[2] < fixed


def _open(context: Context) -> tuple[StoreHealth, sqlite3.Connection | None]:
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
        (summed,) = db.execute("select coalesce(sum(calls), 0) from session_total").fetchone()
        (quarters,) = db.execute("select coalesce(sum(calls), 0) from quarter").fetchone()
        (sessions,) = db.execute(
            "select count(*) from session where first_ms is not null"
        ).fetchone()
        health = StoreHealth(
            path=str(path), exists=True, size=size, wal=wal, free=_free(path),
            schema_version=version_of(db), integrity=clean(str(answer), 200), calls=calls,
            sessions=sessions, sums_match=calls == summed == quarters, absurd=count_absurd(db),
            writer=writer, recovered=_recovered(db, path.parent),
        )
    except sqlite3.Error as error:
        db.close()
        return _broken(path, size, wal, error, writer), None
    return health, db


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


def _agent(
    context: Context, name: str, discovery: Discovery, db: sqlite3.Connection | None
) -> AgentSeen:
    places = list(places_of(name, context.config, context.home, context.env))
    places += [own for own in (context.paths.spool / name,) if own.is_dir()]
    logs = [log for log in discovery.logs if log.agent == name]
    known, gone, lines, calls, misread = _stored(db, name) if db else (0, 0, 0, 0, 0)
    return AgentSeen(
        name=name,
        enabled=context.config.agent(name).enabled,
        places=tuple(Place(str(place), place.is_dir()) for place in places),
        logs=len(logs),
        bytes=sum(log.stat.size for log in logs),
        logs_known=known,
        logs_gone=gone,
        lines=lines,
        calls=calls,
        not_understood=misread,
    )


def _stored(db: sqlite3.Connection, name: str) -> tuple[int, int, int, int, int]:
    row = db.execute("select id from name where text = ?", (name,)).fetchone()
    number = -1 if row is None else int(row[0])
    known, gone, lines = db.execute(
        "select count(*), count(gone_ms), coalesce(sum(lines), 0) from log where agent = ?",
        (number,),
    ).fetchone()
    (calls,) = db.execute(
        "select coalesce(sum(calls), 0) from quarter where agent = ?", (number,)
    ).fetchone()
    (misread,) = db.execute(
        "select count(*) from misread x join log l on l.id = x.log where l.agent = ?", (number,)
    ).fetchone()
    return known, gone, lines, calls, misread


def _misread(db: sqlite3.Connection) -> tuple[Misread, ...]:
    rows = db.execute(
        "select a.text, x.version, x.shape, count(*) from misread x join log l on l.id = x.log"
        " join name a on a.id = l.agent group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit ?",
        (_MOST_SHAPES,),
    )
    return tuple(Misread(*row) for row in rows)


def _unreadable(
    discovery: Discovery, db: sqlite3.Connection | None
) -> Iterable[Unreadable]:
    for place, why in discovery.problems:
        yield Unreadable(clean(place, 400), clean(why, 200))
    if db:
        rows = db.execute("select path, problem from log where problem <> '' order by path")
        for path, why in rows:
            yield Unreadable(clean(path, 400), clean(why, 200))


def _book(context: Context, db: sqlite3.Connection | None) -> BookSeen:
    book = context.book()
    return BookSeen(
        version=book.version,
        date=book.date.isoformat(),
        models=len(book.entries),
        updated=(context.paths.data / UPDATE_NAME).exists(),
        own=len(context.config.prices),
        pending=db is not None and stored_book(db) not in ("", book.version),
    )


def _warnings(
    store: StoreHealth,
    unpriced: tuple[Unpriced, ...],
    agents: tuple[AgentSeen, ...],
    unreadable: tuple[Unreadable, ...],
    found_roots: list[Root],
) -> Iterable[str]:
    if store.integrity not in ("", "ok"):
        yield (
            f"The store is damaged: {store.integrity}. `toktui sync` moves it aside, puts the last"
            " good backup in its place and reads the logs again."
        )
    elif not store.sums_match:
        yield "The store's sums do not match its calls; `toktui data restore latest` helps."
    if store.schema_version is not None and store.schema_version > store.schema_known:
        yield "A newer toktui made the store; it is only read. Update toktui."
    if store.recovered:
        yield store.recovered
    if store.absurd:
        yield (
            f"Sessions with counts that are too large to be true: {store.absurd:,}. They are kept"
            " as the logs say them; sums stop at 9,223,372,036,854,775,807."
        )
    if unpriced:
        calls = sum(model.calls for model in unpriced)
        yield f"{calls:,} calls have no price; `toktui prices set` adds one."
    if not found_roots:
        yield "No agent has a folder here; `toktui --demo` shows what it would look like."
    if unreadable:
        yield f"{len(unreadable)} folders or logs cannot be read."
    misread = sum(one.not_understood for one in agents)
    if misread:
        yield f"{misread:,} lines were not understood and are not counted."
    if has_wal_race(sqlite3.sqlite_version_info):
        yield (
            f"SQLite {sqlite3.sqlite_version} can lose commits when two programs write a store at"
            " once. toktui lets only one process write; do not write it with anything else."
        )
    if store.free is not None and store.free < _LOW_SPACE:
        yield f"Only {store.free >> 20} MB are free beside the store."
