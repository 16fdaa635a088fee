"""What was found where, and the health of store and logs."""

from __future__ import annotations

import platform
import sqlite3
from typing import TYPE_CHECKING

import msgspec

from toktui import VERSION
from toktui.agents import agent_names
from toktui.ingest.context import UPDATE_NAME
from toktui.ingest.discover import find_logs, log_roots
from toktui.ingest.reprice import stored_book
from toktui.ingest.reread import load_rereads
from toktui.metrics.agents_seen import AgentSeen, Place, agent_seen
from toktui.metrics.coverage import Unpriced, unpriced_models
from toktui.metrics.store_health import LOW_SPACE, StoreHealth, has_wal_race, open_store
from toktui.metrics.understood import Alarm, Misread, alarms, misread_by_shape
from toktui.store.backup import Backup, backups
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery, Root

class Unreadable(msgspec.Struct, frozen=True):
    """A folder or log that cannot be read; both strings are clean."""

    place: str
    why: str


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
    alarms: tuple[Alarm, ...] = ()


def diagnose(context: Context) -> Diagnosis:
    """Looks at folders, logs' sizes and the whole store; changes nothing that it looks at."""
    found_roots = log_roots(context)
    discovery = find_logs(found_roots)
    store, db = open_store(context)
    try:
        unpriced = unpriced_models(db) if db else ()
        agents = tuple(agent_seen(context, name, discovery, db) for name in agent_names())
        unreadable = tuple(_unreadable(discovery, db))
        misread = misread_by_shape(db) if db else ()
        book = _book(context, db)
        rereads = tuple(_rereads(db)) if db else ()
        heard = tuple(alarms(db)) if db else ()
    finally:
        if db:
            db.close()
    return Diagnosis(
        at_ms=context.now_ms(),
        warnings=(
            *_warnings(store, unpriced, agents, unreadable, found_roots),
            *(alarm.sentence() for alarm in heard),
        ),
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
        alarms=heard,
    )


def _rereads(db: sqlite3.Connection) -> Iterator[RereadSeen]:
    for one in load_rereads(db):
        for m in one.changes():
            yield RereadSeen(one.agent, one.parser, m.month, m.calls, m.tokens, m.cost_nusd)


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
    if store.obstacle:
        yield store.obstacle
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
        have = "1 call has" if calls == 1 else f"{calls:,} calls have"
        yield f"{have} no price; `toktui prices set` adds one."
    if not found_roots:
        yield "No agent has a folder here; `toktui --demo` shows what it would look like."
    if unreadable:
        count = len(unreadable)
        what = "1 folder or log" if count == 1 else f"{count:,} folders or logs"
        yield f"{what} cannot be read."
    misread = sum(one.not_understood for one in agents)
    if misread:
        lines = "1 line was" if misread == 1 else f"{misread:,} lines were"
        yield f"{lines} not understood and not counted."
    if has_wal_race(sqlite3.sqlite_version_info):
        yield (
            f"SQLite {sqlite3.sqlite_version} can lose commits when two programs write a store at"
            " once. toktui lets only one process write; do not write it with anything else."
        )
    if store.free is not None and store.free < LOW_SPACE:
        yield f"Only {store.free >> 20} MB are free beside the store."
